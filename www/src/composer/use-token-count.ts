// Counts texts with the package's worker, in the encodings that the book's models use.
import type { Encoding, Model } from '@kumari/credits';
import type { TokenCount, TokenCounter, TokenDraft } from '@kumari/credits/tokens';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Edit } from './editor';

/** Put in by the build: where the server has each vocabulary. */
declare const VOCABULARY_ADDRESSES: Partial<Record<Encoding, string>>;

/** Longer than a count takes; shorter than a person waits for Send. */
const EXACT_MS_MAX = 2_000;

const NOT_COUNTED: TokenCount = { tokens: {}, isExact: false };

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

/** A draft's count, and what its editor tells. */
export interface DraftCount {
  count: TokenCount;
  /** What changed in the text. */
  edit: (edits: readonly Edit[]) => void;
  /** The exact count of the text as it is; nothing where it does not come in time. */
  exact: () => Promise<TokenCount | null>;
}

/** Counts the text that `read` gives, from now on by what `edit` is told. */
export function useDraftCount(encodings: readonly Encoding[], read: () => string): DraftCount {
  const [count, setCount] = useState(NOT_COUNTED);
  const draft = useRef<TokenDraft | null>(null);
  useEffect(() => {
    if (encodings.length === 0) return;
    let isGone = false;
    tokenCounter().then(
      (counter) => {
        if (isGone) return;
        draft.current = counter.open(encodings, read);
        setCount(draft.current.count());
        draft.current.subscribe(setCount);
      },
      () => undefined,
    );
    return () => {
      isGone = true;
      draft.current?.close();
      draft.current = null;
    };
  }, [encodings, read]);
  const told = useMemo(
    () => ({
      edit(edits: readonly Edit[]) {
        for (const { offset, deleted, inserted } of edits) {
          draft.current?.edit(offset, deleted, inserted);
        }
      },
      exact() {
        const { current } = draft;
        if (!current?.count().isExact) return Promise.resolve(null);
        return Promise.race([current.exact().catch(() => null), nothingAfter(EXACT_MS_MAX)]);
      },
    }),
    [],
  );
  return { count, ...told };
}

/** The count of a text that does not change. */
export function useTextCount(encodings: readonly Encoding[], text: string): TokenCount {
  const read = useMemo(() => () => text, [text]);
  return useDraftCount(encodings, read).count;
}

function nothingAfter(ms: number): Promise<null> {
  return new Promise((resolve) =>
    setTimeout(() => {
      resolve(null);
    }, ms),
  );
}
