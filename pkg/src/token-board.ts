// The last count of a draft, in memory that a page and its worker share.
//
// After a key a browser draws the frame before it hands over what a worker posted, so a count that
// comes as a message is seen a frame after the letter. What is shared can be looked at while that
// frame is made. The message comes all the same: it is what counts where no frame is drawn.
import type { Parts } from './token-messages.js';

/** Encodings of a draft whose counts there is room for; a draft with more has its messages. */
const ENCODINGS_MAX = 8;
/** The places: counts follow, two for each encoding, in the draft's order. */
const VERSION = 0;
const DRAFT = 1;
const REVISION = 2;
const IS_EXACT = 3;
const COUNTS = 4;

/** What a count is of, and what it came to. */
export interface BoardCount {
  draft: number;
  revision: number;
  parts: readonly Parts[];
  isExact: boolean;
}

/** One writes, any number read: its version is odd while it is written. */
export class TokenBoard {
  readonly #places: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#places = new Int32Array(memory);
  }

  /** Memory for one; nothing where a page may share none. */
  static memory(): SharedArrayBuffer | null {
    if (!globalThis.crossOriginIsolated) return null;
    return new SharedArrayBuffer((COUNTS + 2 * ENCODINGS_MAX) * Int32Array.BYTES_PER_ELEMENT);
  }

  write({ draft, revision, parts, isExact }: BoardCount): void {
    if (parts.length > ENCODINGS_MAX) return;
    const places = this.#places;
    Atomics.add(places, VERSION, 1);
    const values = [draft, revision, Number(isExact), ...parts.flat()];
    for (const [index, value] of values.entries()) Atomics.store(places, DRAFT + index, value);
    Atomics.add(places, VERSION, 1);
  }

  /** The last count, of a draft with so many encodings; nothing while it is written. */
  read(encodings: number): BoardCount | null {
    if (encodings > ENCODINGS_MAX) return null;
    const places = this.#places;
    const at = (place: number) => Atomics.load(places, place);
    const version = at(VERSION);
    const count: BoardCount = {
      draft: at(DRAFT),
      revision: at(REVISION),
      isExact: at(IS_EXACT) === 1,
      parts: Array.from({ length: encodings }, (_, index): Parts => {
        const place = COUNTS + 2 * index;
        return [at(place), at(place + 1)];
      }),
    };
    const isWhole = version % 2 === 0 && version === at(VERSION);
    return isWhole ? count : null;
  }
}
