// What passes between a page and the worker that counts for it. All of it can be cloned.
import type { Encoding, TokenKind } from './types/engine.js';

/** Token counts of one text: all of an encoding, and how many of them are of Latin words. */
export type TokenCounts = Partial<Record<TokenKind, number>>;

/** Puts what was counted in one encoding to the counts of a text. */
export function setCounts(counts: TokenCounts, encoding: Encoding, [all, latin]: Parts): void {
  counts[encoding] = all;
  counts[`${encoding}_latin`] = latin;
}

/** What `setCounts` put there. */
export function countsOf(counts: TokenCounts, encoding: Encoding): Parts {
  return [counts[encoding] ?? 0, counts[`${encoding}_latin`] ?? 0];
}

/** All tokens of a text, and those of them that are of Latin words. */
export type Parts = readonly [all: number, latin: number];

/** Where each vocabulary is. */
export type VocabularyAddresses = Partial<Record<Encoding, string>>;

/** From the page. */
export type TokenOrder =
  | {
      kind: 'start';
      vocabularies: VocabularyAddresses;
      limits: TokenLimits;
      wasm: WebAssembly.Module | string | null;
      /** Where the last count is put for the page to look at, besides being told of it. */
      board: SharedArrayBuffer | null;
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
