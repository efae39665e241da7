import type { Denial } from './engine.js';

/** What every function of this package throws: `code` is the contract, `message` is for people. */
export interface CreditsError extends Error {
  name: 'CreditsError';
  /** Which fault it is, such as `request_invalid`, or the code of a denial. */
  code: string;
  /** The field at fault, as `models[1]`; empty where it is the whole value. */
  path: string;
}

/** What `estimate` and `replay` throw where the book has no price: an error and a denial in one. */
export type DenialError = CreditsError & Denial;
