// Keeps the drafts and counts them: in a worker, or in the page where there is none.
//
// Each edit is counted at once: that takes microseconds, and who wants only the last count drops the
// others. Until a vocabulary is here the counts of its encoding are approximate.
import { approximateParts } from './token-approximation.js';
import { TokenBoard } from './token-board.js';
import {
  PART,
  type Parts,
  type TokenAnswer,
  type TokenCounts,
  type TokenLimits,
  type TokenOrder,
  countsOf,
  setCounts,
} from './token-messages.js';
import { fetchVocabulary } from './token-vocabulary.js';
import { TokenDocument, Vocabulary, init, warmUp } from './tokens-direct.js';
import type { CreditsError } from './types/errors.js';
import type { Encoding } from './types/engine.js';

/** How long after a failure a vocabulary is asked for again; doubled each time. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

type Order<K extends TokenOrder['kind']> = Extract<TokenOrder, { kind: K }>;

interface Draft {
  encodings: Encoding[];
  revision: number;
  /** Kept as text until every vocabulary is here. */
  text: string | null;
  documents: Map<Encoding, TokenDocument>;
}

export class TokenHost {
  readonly #answer: (answer: TokenAnswer) => void;
  readonly #broke: (error: unknown) => void;
  /** In the order of use, least recent first. */
  readonly #drafts = new Map<number, Draft>();
  readonly #vocabularies = new Map<Encoding, Vocabulary>();
  readonly #loading = new Set<Encoding>();
  readonly #questions: Order<'count'>[] = [];
  readonly #changed = new Set<number>();
  readonly #end = new AbortController();
  #start: Order<'start'> | null = null;
  #board: TokenBoard | null = null;
  #isDue = false;

  /**
   * `broke` is told of a fault after which nothing here can be relied on; without it the fault ends
   * the worker.
   */
  constructor(answer: (answer: TokenAnswer) => void, broke = rethrow) {
    this.#answer = answer;
    this.#broke = broke;
  }

  /** Gives everything back. */
  end(): void {
    this.#end.abort();
    for (const id of [...this.#drafts.keys()]) this.#forget(id);
    for (const vocabulary of this.#vocabularies.values()) vocabulary.free();
    this.#vocabularies.clear();
    this.#questions.length = 0;
    this.#start = null;
  }

  take(order: TokenOrder): void {
    switch (order.kind) {
      case 'start':
        this.#start = order;
        this.#board = order.board && new TokenBoard(order.board);
        break;
      case 'open':
        this.#open(order);
        break;
      case 'edit':
        this.#edit(order);
        break;
      case 'close':
        this.#forget(order.draft);
        break;
      case 'count':
        for (const encoding of order.encodings) this.#load(encoding);
        this.#questions.push(order);
        this.#plan();
        break;
    }
  }

  #open({ draft: id, revision, encodings, text }: Order<'open'>): void {
    this.#forget(id);
    for (const encoding of encodings) this.#load(encoding);
    const draft: Draft = { encodings, revision, text: null, documents: new Map() };
    this.#drafts.set(id, draft);
    this.#refusable(id, draft, () => {
      draft.text = text;
      this.#adopt(draft);
    });
    this.#changed.add(id);
    this.#giveBack();
    this.#plan();
  }

  #edit({ draft: id, revision, offset, deleted, inserted }: Order<'edit'>): void {
    const draft = this.#drafts.get(id);
    // The page knows that it was given back: it opens the draft anew.
    if (!draft) return;
    this.#drafts.delete(id);
    this.#drafts.set(id, draft);
    draft.revision = revision;
    this.#refusable(id, draft, () => {
      if (offset + deleted > lengthOf(draft)) throw outOfRange(offset, deleted);
      for (const document of draft.documents.values()) document.edit(offset, deleted, inserted);
      if (draft.text !== null) {
        draft.text = draft.text.slice(0, offset) + inserted + draft.text.slice(offset + deleted);
      }
    });
    this.#changed.add(id);
    this.#giveBack();
    this.#plan();
  }

  /** What cannot be done to a draft is said, and the draft given back. */
  #refusable(id: number, draft: Draft, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#forget(id);
      const { code, message } = error;
      this.#answer({ kind: 'refused', draft: id, revision: draft.revision, code, message });
    }
  }

  /** Makes documents of a text where vocabularies are here, and lets go of it when all are. */
  #adopt(draft: Draft): void {
    const { text } = draft;
    if (text === null) return;
    for (const encoding of draft.encodings) {
      const vocabulary = this.#vocabularies.get(encoding);
      if (!vocabulary || draft.documents.has(encoding)) continue;
      const document = new TokenDocument(vocabulary);
      draft.documents.set(encoding, document);
      document.edit(0, 0, text);
    }
    if (draft.documents.size === draft.encodings.length) draft.text = null;
  }

  #forget(id: number): void {
    const draft = this.#drafts.get(id);
    this.#drafts.delete(id);
    this.#changed.delete(id);
    for (const document of draft?.documents.values() ?? []) document.free();
  }

  /** Gives back what was used least recently, until the rest is within the limits. */
  #giveBack(): void {
    const limits: TokenLimits | undefined = this.#start?.limits;
    if (!limits) return;
    let units = 0;
    for (const draft of this.#drafts.values()) units += lengthOf(draft);
    for (const [id, draft] of this.#drafts) {
      const isWithin = this.#drafts.size <= limits.drafts && units <= limits.units;
      if (isWithin || this.#drafts.size === 1) return;
      units -= lengthOf(draft);
      this.#forget(id);
      this.#answer({ kind: 'given back', draft: id });
    }
  }

  /** Not later than now: a timer would be clamped, and a count takes less than the wait. */
  #plan(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      try {
        this.#countAll();
      } catch (error) {
        this.#broke(error);
      }
    });
  }

  #countAll(): void {
    for (const id of this.#changed) {
      const draft = this.#drafts.get(id);
      if (!draft || draft.revision === PART) continue;
      const counted = this.#countsOf(
        draft.encodings,
        (encoding) => partsOf(draft.documents.get(encoding)),
        () => draft.text ?? '',
      );
      this.#board?.write({
        draft: id,
        revision: draft.revision,
        isExact: counted.isExact,
        parts: draft.encodings.map((encoding) => countsOf(counted.tokens, encoding)),
      });
      this.#answer({ kind: 'counted', draft: id, revision: draft.revision, ...counted });
    }
    this.#changed.clear();
    for (const order of this.#questions.splice(0)) {
      const { question, encodings, text } = order;
      const { tokens, isExact } = this.#countsOf(
        encodings,
        (encoding) => this.#vocabularies.get(encoding)?.countTextParts(text) as Parts | undefined,
        () => '',
      );
      if (isExact) this.#answer({ kind: 'answer', question, tokens });
      else this.#questions.push(order);
    }
  }

  #countsOf(
    encodings: Encoding[],
    exactly: (encoding: Encoding) => Parts | undefined,
    text: () => string,
  ): { tokens: TokenCounts; isExact: boolean } {
    const tokens: TokenCounts = {};
    let isExact = true;
    for (const encoding of encodings) {
      const exact = exactly(encoding);
      isExact &&= exact !== undefined;
      setCounts(tokens, encoding, exact ?? approximateParts(text(), encoding));
    }
    return { tokens, isExact };
  }

  /** Fetches a vocabulary, once; again after a failure, for as long as it takes. */
  #load(encoding: Encoding, wait = RETRY_MS): void {
    const start = this.#start;
    if (!start || this.#vocabularies.has(encoding)) return;
    if (wait === RETRY_MS && this.#loading.has(encoding)) return;
    this.#loading.add(encoding);
    const address = start.vocabularies[encoding];
    if (address === undefined) return;
    Promise.all([fetchVocabulary(address), init(start.wasm ?? undefined)])
      .then(([file]) => {
        const vocabulary = new Vocabulary(file);
        const isFirst = this.#vocabularies.size === 0;
        this.#vocabularies.set(encoding, vocabulary);
        this.#loading.delete(encoding);
        for (const [id, draft] of this.#drafts) {
          this.#refusable(id, draft, () => {
            this.#adopt(draft);
          });
          this.#changed.add(id);
        }
        this.#plan();
        if (isFirst) warmUp(vocabulary, { signal: this.#end.signal }).catch(this.#broke);
      })
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#answer({ kind: 'vocabulary failed', encoding, message });
        setTimeout(() => {
          this.#load(encoding, Math.min(wait * 2, RETRY_MS_MAX));
        }, wait);
      });
  }
}

function partsOf(document: TokenDocument | undefined): Parts | undefined {
  return document && [document.count(), document.countLatin()];
}

/** What the counter says no to; all else is a fault of its own. */
function isRefusal(error: unknown): error is CreditsError {
  return error instanceof Error && error.name === 'CreditsError';
}

function rethrow(error: unknown): void {
  throw error;
}

/** As a document says it; a text that waits for its vocabulary has no document yet. */
function outOfRange(offset: number, deleted: number): Error {
  const message = `an edit deletes ${deleted} code units at ${offset}, behind the end of the draft`;
  return Object.assign(new Error(message), { name: 'CreditsError', code: 'edit_out_of_range' });
}

function lengthOf(draft: Draft): number {
  if (draft.text !== null) return draft.text.length;
  for (const document of draft.documents.values()) return document.length;
  return 0;
}
