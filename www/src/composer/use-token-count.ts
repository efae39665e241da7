// Counts texts with the package's worker, in the encodings that the book's models use.
import type { Encoding, Model } from '@kumari/credits';
import type { TokenCount, TokenCounter, TokenDraft } from '@kumari/credits/tokens';
import type { Tokens } from '../credits/tokens';
import { useEffect, useMemo, useState } from 'react';
import type { Edit } from './editor';

/** Put in by the build: where the server has each vocabulary. */
declare const VOCABULARY_ADDRESSES: Partial<Record<Encoding, string>>;

/** Longer than a count takes; shorter than a person waits for Send. */
const EXACT_MS_MAX = 2_000;
/** As long as somebody who attached a document waits for its price. */
const ONCE_MS_MAX = 20_000;

export const NOT_COUNTED: TokenCount = { tokens: {}, isExact: false };

/** One worker for the page; it is never given back. */
let counting: Promise<TokenCounter> | undefined;

function tokenCounter(): Promise<TokenCounter> {
  counting ??= import('@kumari/credits/tokens').then(
    ({ TokenCounter }) => new TokenCounter({ vocabularies: VOCABULARY_ADDRESSES }),
  );
  // A later visit to the page's parts tries again.
  counting.catch(() => (counting = undefined));
  return counting;
}

/** The encodings of some models; the same array as long as they are the same. */
export function useEncodings(models: readonly Model[] | undefined): readonly Encoding[] {
  const used = (models ?? []).flatMap((model) =>
    typeof model.kind === 'object' && 'text' in model.kind ? [model.kind.text.encoding.name] : [],
  );
  const names = [...new Set(used)].sort().join();
  return useMemo(() => (names === '' ? [] : (names.split(',') as Encoding[])), [names]);
}

/** A text that is counted while it changes. */
export interface CountedText {
  /** What changed in it. */
  edit: (edits: readonly Edit[]) => void;
  /** The exact count of `text`, which is the text as it is; nothing where it does not come in time. */
  exact: (text: string) => Promise<TokenCount | null>;
  close: () => void;
}

/** Counts the text that `read` gives, from now on by what `edit` is told; `heard` gets each count. */
export function countText(
  encodings: readonly Encoding[],
  read: () => string,
  heard: (count: TokenCount) => void,
): CountedText {
  let opened: { counter: TokenCounter; draft: TokenDraft } | null = null;
  let isClosed = false;
  tokenCounter().then(
    (counter) => {
      if (isClosed) return;
      const draft = counter.open(encodings, read);
      opened = { counter, draft };
      heard(draft.count());
      draft.subscribe(heard);
    },
    () => undefined,
  );
  return {
    edit(edits) {
      for (const { offset, deleted, inserted } of edits)
        opened?.draft.edit(offset, deleted, inserted);
    },
    exact(text) {
      const count = opened?.draft.count();
      if (!opened || !count?.isExact) return Promise.resolve(null);
      if (opened.draft.isCounted()) return Promise.resolve(count);
      // The draft may be another one before it is counted.
      const exact = opened.counter.count(text, encodings);
      const counted = exact.then((tokens) => ({ tokens, isExact: true }));
      return Promise.race([counted.catch(() => null), nothingAfter(EXACT_MS_MAX)]);
    },
    close() {
      isClosed = true;
      opened?.draft.close();
    },
  };
}

/** The exact count of one text; nothing where it does not come in time. */
export async function countOnce(
  text: string,
  encodings: readonly Encoding[],
): Promise<Tokens | null> {
  try {
    const counter = await tokenCounter();
    return await Promise.race([counter.count(text, encodings), nothingAfter(ONCE_MS_MAX)]);
  } catch {
    return null;
  }
}

/** The count of a text that does not change. */
export function useTextCount(encodings: readonly Encoding[], text: string): TokenCount {
  const [count, setCount] = useState(NOT_COUNTED);
  useEffect(() => {
    if (encodings.length === 0) return;
    const { close } = countText(encodings, () => text, setCount);
    return close;
  }, [encodings, text]);
  return count;
}

function nothingAfter(ms: number): Promise<null> {
  return new Promise((resolve) =>
    setTimeout(() => {
      resolve(null);
    }, ms),
  );
}
