// Token counting beside a page: a worker owns the counts, and nobody who types waits for them.
//
// An edit goes to the worker as what changed. Its count comes back as soon as it is there, and is
// dropped where another edit was made since. The text itself stays with who opened the draft: it is
// asked for again where the worker had to be started anew, or had given the draft back.
import { approximateParts } from './token-approximation.js';
import { TokenBoard } from './token-board.js';
import { type LinkEvents, type TokenLink, startHere, startWorker } from './token-link.js';
import {
  TOKEN_LIMITS,
  type TokenAnswer,
  type TokenCounts,
  type TokenLimits,
  type VocabularyAddresses,
  setCounts,
} from './token-messages.js';
import type { Encoding } from './types/engine.js';

export { approximateParts, approximateTokens } from './token-approximation.js';
export type { TokenCounts, TokenLimits, VocabularyAddresses } from './token-messages.js';

/** The longest draft that is counted, in UTF-16 code units: far above what any model reads. */
export const DRAFT_UNITS_MAX = 1 << 23;
/** A worker that has counted before and now says nothing for so long is taken for dead. */
const SILENCE_MS_MAX = 10_000;
/** A worker that dies this often is not started again: what is counted may be what kills it. */
const DEATHS_MAX = 3;
/** Texts that wait for their count at once. */
const QUESTIONS_MAX = 1_000;
/** As much of a text is looked at where the page itself must not wait. */
const SAMPLE_UNITS = 16_384;

export interface TokenCounterOptions {
  /**
   * Where the vocabularies are, relative to the page: as the server has them, or a `.bin` or
   * `.bin.gz` on any host. Their names hold their fingerprints, so they may be kept for ever.
   */
  vocabularies: VocabularyAddresses;
  /** What is kept at most. */
  limits?: Partial<TokenLimits>;
  /** Where the WebAssembly module is, if not beside this script. */
  wasm?: WebAssembly.Module | string | URL;
  /** `false` counts in the page, in small slices; so does a browser that starts no worker. */
  worker?: boolean;
  /** Told of what went wrong and is tried again: a vocabulary that did not come, a dead worker. */
  onFault?: (message: string) => void;
}

/** The count of a text. */
export interface TokenCount {
  tokens: TokenCounts;
  /** Until the vocabularies are here counts are approximate, and to be shown so. */
  isExact: boolean;
}

/** Counts texts that change. Close it to give back all that it holds. */
export class TokenCounter {
  readonly #options: TokenCounterOptions;
  readonly #drafts = new Map<number, DraftState>();
  readonly #questions = new Map<number, Question>();
  #link: TokenLink | null = null;
  /** Where the worker of this link puts its last count. */
  #board: TokenBoard | null = null;
  /** A frame is due in which the board is looked at. */
  #isWatching = false;
  /** Counts the links; only the last one is heard. */
  #links = 0;
  #hasAnswered = false;
  #deaths = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(options: TokenCounterOptions) {
    this.#options = options;
    this.#start(options.worker !== false);
  }

  /**
   * Begins to count a text that `read` gives, as it is after the edits told so far. The text is
   * asked for now, and again where the worker lost it.
   */
  open(encodings: readonly Encoding[], read: () => string): TokenDraft {
    if (this.#isClosed) throw new Error('this counter was closed');
    const id = this.#nextId++;
    const text = read();
    const state: DraftState = {
      id,
      encodings: [...encodings],
      read,
      length: text.length,
      revision: 0,
      counted: -1,
      isThere: false,
      count: sampled(text, encodings),
      listeners: new Set(),
      waiting: [],
    };
    this.#drafts.set(id, state);
    this.#send(state, text);
    return {
      edit: (offset, deleted, inserted) => {
        this.#edit(state, offset, deleted, inserted);
      },
      count: () => state.count,
      isCounted: () => state.counted === state.revision,
      exact: () => this.#exact(state),
      subscribe: (listener) => {
        state.listeners.add(listener);
        return () => state.listeners.delete(listener);
      },
      close: () => {
        this.#closeDraft(state);
      },
    };
  }

  /** The exact count of one text; waits for the vocabularies. */
  count(text: string, encodings: readonly Encoding[]): Promise<TokenCounts> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#questions.size >= QUESTIONS_MAX) {
      return Promise.reject(new Error(`more than ${QUESTIONS_MAX} texts wait for their count`));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { text, encodings: [...encodings], resolve, reject });
      this.#ask(id);
    });
  }

  /** Ends the worker. Who waits for a count is told. */
  close(): void {
    this.#isClosed = true;
    this.#links += 1;
    this.#endSilence();
    this.#link?.end();
    this.#link = null;
    for (const draft of [...this.#drafts.values()]) this.#closeDraft(draft);
    for (const question of this.#questions.values()) question.reject(closed());
    this.#questions.clear();
  }

  #start(withWorker: boolean): void {
    const link = ++this.#links;
    // What an ended worker still has to say is of no use.
    const events: LinkEvents = {
      answered: (answer) => {
        if (link === this.#links) this.#hear(answer);
      },
      died: (message) => {
        if (link === this.#links) this.#died(message);
      },
    };
    const worker = withWorker ? startWorker(events) : null;
    this.#link = worker ?? startHere(events);
    this.#hasAnswered = false;
    const board = worker && TokenBoard.memory();
    this.#board = board && new TokenBoard(board);
    const { vocabularies, limits, wasm } = this.#options;
    this.#link.send({
      kind: 'start',
      vocabularies: absolute(vocabularies),
      limits: { ...TOKEN_LIMITS, ...limits },
      wasm: wasm instanceof URL ? wasm.href : (wasm ?? null),
      board,
    });
    for (const draft of this.#drafts.values()) this.#send(draft, draft.read());
    for (const id of this.#questions.keys()) this.#ask(id);
  }

  /** A worker that never said a word cannot be had here; one that did is started again. */
  #died(message: string): void {
    this.#links += 1;
    this.#options.onFault?.(message);
    this.#endSilence();
    this.#link?.end();
    this.#link = null;
    if (this.#isClosed) return;
    for (const draft of this.#drafts.values()) draft.isThere = false;
    if (this.#hasAnswered) this.#deaths += 1;
    if (this.#deaths < DEATHS_MAX) {
      this.#start(this.#hasAnswered);
      return;
    }
    const error = new Error(`the worker that counts died ${this.#deaths} times: ${message}`);
    for (const question of this.#questions.values()) question.reject(error);
    this.#questions.clear();
    for (const draft of this.#drafts.values()) this.#guess(draft);
  }

  #send(draft: DraftState, text: string): void {
    draft.length = text.length;
    if (!this.#link || draft.length > DRAFT_UNITS_MAX) {
      this.#guess(draft);
      return;
    }
    const { id, revision, encodings } = draft;
    draft.isThere = true;
    this.#link.send({ kind: 'open', draft: id, revision, encodings, text });
    this.#expectAnswer();
  }

  #edit(draft: DraftState, offset: number, deleted: number, inserted: string): void {
    draft.revision += 1;
    draft.length += inserted.length - deleted;
    if (!draft.isThere || !this.#link || draft.length > DRAFT_UNITS_MAX) {
      this.#lose(draft);
      this.#send(draft, draft.read());
      return;
    }
    const { id, revision } = draft;
    this.#link.send({ kind: 'edit', draft: id, revision, offset, deleted, inserted });
    this.#expectAnswer();
    this.#watch();
  }

  /** Looks at the board while the frame is made that shows an edit. */
  #watch(): void {
    if (!this.#board || this.#isWatching) return;
    this.#isWatching = true;
    requestAnimationFrame(() => {
      this.#isWatching = false;
      this.#look();
    });
  }

  #look(): void {
    for (const draft of this.#drafts.values()) {
      const { id, encodings, isThere, revision, counted } = draft;
      if (!isThere || revision === counted) continue;
      const found = this.#board?.read(encodings.length);
      if (found?.draft !== id || found.revision !== revision) continue;
      const tokens: TokenCounts = {};
      for (const [index, parts] of found.parts.entries()) {
        setCounts(tokens, encodings[index] as Encoding, parts);
      }
      this.#counted(draft, { tokens, isExact: found.isExact });
    }
  }

  #ask(id: number): void {
    const question = this.#questions.get(id);
    if (!question) return;
    const { text, encodings } = question;
    this.#link?.send({ kind: 'count', question: id, encodings, text });
  }

  #hear(answer: TokenAnswer): void {
    this.#hasAnswered = true;
    this.#endSilence();
    switch (answer.kind) {
      case 'counted': {
        const draft = this.#drafts.get(answer.draft);
        if (draft?.revision === answer.revision) {
          this.#counted(draft, { tokens: answer.tokens, isExact: answer.isExact });
        }
        break;
      }
      case 'given back': {
        const draft = this.#drafts.get(answer.draft);
        if (!draft) break;
        draft.isThere = false;
        if (draft.waiting.length > 0) this.#send(draft, draft.read());
        break;
      }
      case 'refused': {
        const draft = this.#drafts.get(answer.draft);
        if (!draft) break;
        // Worker and editor have parted: once more from the whole text, and if that is refused
        // too, not again before the next edit.
        const isRepeat = draft.counted === REFUSED;
        draft.isThere = false;
        draft.counted = REFUSED;
        this.#options.onFault?.(answer.message);
        if (isRepeat) this.#guess(draft);
        else this.#send(draft, draft.read());
        break;
      }
      case 'answer': {
        const question = this.#questions.get(answer.question);
        this.#questions.delete(answer.question);
        question?.resolve(answer.tokens);
        break;
      }
      case 'vocabulary failed':
        this.#options.onFault?.(answer.message);
        break;
    }
    this.#expectAnswer();
  }

  /** What the board said already comes as a message too. */
  #counted(draft: DraftState, count: TokenCount): void {
    if (draft.counted === draft.revision && draft.count.isExact) return;
    draft.counted = draft.revision;
    this.#tell(draft, count);
  }

  #tell(draft: DraftState, count: TokenCount): void {
    draft.count = count;
    if (count.isExact) for (const { resolve } of draft.waiting.splice(0)) resolve(count);
    for (const listener of draft.listeners) listener(count);
  }

  /** Where nobody counts exactly, the page looks at a part of the text. */
  #guess(draft: DraftState): void {
    this.#tell(draft, sampled(draft.read(), draft.encodings));
  }

  #exact(draft: DraftState): Promise<TokenCount> {
    if (!this.#drafts.has(draft.id)) return Promise.reject(closed());
    if (draft.count.isExact && draft.counted === draft.revision)
      return Promise.resolve(draft.count);
    return new Promise((resolve, reject) => {
      draft.waiting.push({ resolve, reject });
      if (!draft.isThere) this.#send(draft, draft.read());
    });
  }

  #lose(draft: DraftState): void {
    if (draft.isThere) this.#link?.send({ kind: 'close', draft: draft.id });
    draft.isThere = false;
  }

  #closeDraft(draft: DraftState): void {
    this.#lose(draft);
    this.#drafts.delete(draft.id);
    draft.listeners.clear();
    for (const { reject } of draft.waiting.splice(0)) reject(closed());
  }

  /** Looks out for a worker that hangs, while an answer is due from it. */
  #expectAnswer(): void {
    if (this.#silence !== undefined || !this.#hasAnswered) return;
    const isDue = [...this.#drafts.values()].some(
      (draft) => draft.isThere && draft.counted !== draft.revision,
    );
    if (!isDue) return;
    this.#silence = setTimeout(() => {
      this.#died(`it said nothing for ${SILENCE_MS_MAX / 1_000} s`);
    }, SILENCE_MS_MAX);
  }

  #endSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }
}

/** A text that is counted while it changes. */
export interface TokenDraft {
  /** Replaces `deleted` UTF-16 code units at `offset`; returns at once. */
  edit(offset: number, deleted: number, inserted: string): void;
  /** The count that came last; right after an edit, still the one before it. */
  count(): TokenCount;
  /** Whether that is of the text as it is now. */
  isCounted(): boolean;
  /** The exact count of the text as it is now; waits for worker and vocabularies. */
  exact(): Promise<TokenCount>;
  /** Calls `listener` with each new count; what it returns ends that. */
  subscribe(listener: (count: TokenCount) => void): () => void;
  /** Gives its memory back. */
  close(): void;
}

/** In place of a revision: the worker refused the draft. */
const REFUSED = -2;

interface DraftState {
  readonly id: number;
  readonly encodings: Encoding[];
  readonly read: () => string;
  length: number;
  revision: number;
  /** The revision that was counted last. */
  counted: number;
  /** The worker has it. */
  isThere: boolean;
  count: TokenCount;
  readonly listeners: Set<(count: TokenCount) => void>;
  readonly waiting: { resolve: (count: TokenCount) => void; reject: (error: Error) => void }[];
}

interface Question {
  text: string;
  encodings: Encoding[];
  resolve: (tokens: TokenCounts) => void;
  reject: (error: Error) => void;
}

function closed(): Error {
  return new Error('what was to be counted was closed');
}

/** An approximate count that takes no longer for a longer text. */
function sampled(text: string, encodings: readonly Encoding[]): TokenCount {
  const sample = text.slice(0, SAMPLE_UNITS);
  const times = text.length / Math.max(1, sample.length);
  const tokens: TokenCounts = {};
  for (const encoding of encodings) {
    const [all, latin] = approximateParts(sample, encoding);
    setCounts(tokens, encoding, [Math.round(all * times), Math.round(latin * times)]);
  }
  return { tokens, isExact: text === '' };
}

/** A worker resolves addresses by its own script's. */
function absolute(vocabularies: VocabularyAddresses): VocabularyAddresses {
  const base = typeof document === 'undefined' ? undefined : document.baseURI;
  const entries = Object.entries(vocabularies) as [Encoding, string][];
  return Object.fromEntries(
    entries.map(([encoding, address]) => [encoding, new URL(address, base).href]),
  );
}
