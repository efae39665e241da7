// The package's token counter with a vocabulary of the server; loaded only when it is needed.
import type { Encoding } from '@kumari/credits';
import { TokenDocument, Vocabulary, init } from '@kumari/credits/tokens/direct';

/** Put in by the build: where the server has each vocabulary. */
declare const VOCABULARY_ADDRESSES: Partial<Record<Encoding, string>>;

export interface Counter {
  count(text: string): number;
}

/** Loads the vocabulary of an encoding, and counts with it. */
export async function loadCounter(encoding: Encoding): Promise<Counter> {
  const address = VOCABULARY_ADDRESSES[encoding];
  if (address === undefined) throw new Error(`there is no vocabulary for ${encoding}`);
  const [response] = await Promise.all([fetch(address), init()]);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return new DraftCounter(new Vocabulary(new Uint8Array(await response.arrayBuffer())));
}

/** Keeps one draft in the package's memory and tells it only what changed. */
class DraftCounter implements Counter {
  readonly #vocabulary: Vocabulary;
  readonly #document: TokenDocument;
  #text = '';

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#document = new TokenDocument(vocabulary);
  }

  count(text: string): number {
    if (text !== this.#text) {
      const { from, deleted, inserted } = editBetween(this.#text, text);
      // A text that has nothing to do with the draft does not become it.
      if (from === 0 && deleted === this.#text.length && inserted !== '' && deleted > 0) {
        return this.#vocabulary.countText(text);
      }
      this.#document.edit(from, deleted, inserted);
      this.#text = text;
    }
    return this.#document.count();
  }
}

/** The one edit that makes `after` of `before`, in UTF-16 code units. */
export function editBetween(
  before: string,
  after: string,
): { from: number; deleted: number; inserted: string } {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from += 1;
  let same = 0;
  while (
    same < shorter - from &&
    before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)
  ) {
    same += 1;
  }
  return {
    from,
    deleted: before.length - same - from,
    inserted: after.slice(from, after.length - same),
  };
}
