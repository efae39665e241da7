// What passes between a page and the worker that counts for it. All of it can be cloned.
import type { Encoding } from './types/engine.js';

/** Token counts of one text, by encoding. */
export type TokenCounts = Partial<Record<Encoding, number>>;

/** Where each vocabulary is. */
export type VocabularyAddresses = Partial<Record<Encoding, string>>;

/** From the page. */
export type TokenOrder =
  | {
      kind: 'start';
      vocabularies: VocabularyAddresses;
      limits: TokenLimits;
      wasm: WebAssembly.Module | string | null;
    }
  | { kind: 'open'; draft: number; revision: number; encodings: Encoding[]; text: string }
  | {
      kind: 'edit';
      draft: number;
      revision: number;
      offset: number;
      deleted: number;
      inserted: string;
    }
  | { kind: 'close'; draft: number }
  | { kind: 'count'; question: number; encodings: Encoding[]; text: string };

/** To the page. */
export type TokenAnswer =
  | { kind: 'counted'; draft: number; revision: number; tokens: TokenCounts; isExact: boolean }
  | { kind: 'given back'; draft: number }
  | { kind: 'refused'; draft: number; revision: number; code: string; message: string }
  | { kind: 'answer'; question: number; tokens: TokenCounts }
  | { kind: 'vocabulary failed'; encoding: Encoding; message: string };

/** What a counter may keep. */
export interface TokenLimits {
  /** Drafts at once; beyond that the one used least recently is given back. */
  drafts: number;
  /** UTF-16 code units of all drafts together; beyond that likewise. */
  units: number;
}

export const TOKEN_LIMITS: TokenLimits = { drafts: 256, units: 1 << 24 };

/** In place of a revision: a part of an edit, which is not counted by itself. */
export const PART = -1;
