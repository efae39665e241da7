// Counts the draft's tokens with the package, in the encodings that the book's models use.
import type { Encoding, Model } from '@kumari/credits';
import { useEffect, useMemo, useState } from 'react';
import type { Tokens } from '../chat/turns';
import type { Counter } from './token-counter';

export interface TokenCount {
  tokens: Tokens;
  /** Whether the vocabularies are here; until then each byte counts, which is never too few. */
  isExact: boolean;
}

const counters = new Map<Encoding, Promise<Counter>>();

function counterOf(encoding: Encoding): Promise<Counter> {
  const known = counters.get(encoding);
  if (known) return known;
  const counter = import('./token-counter').then(({ loadCounter }) => loadCounter(encoding));
  // A later visit to the page's parts tries again.
  counter.catch(() => counters.delete(encoding));
  counters.set(encoding, counter);
  return counter;
}

function encodingsOf(models: readonly Model[]): Encoding[] {
  const used = models.flatMap((model) =>
    typeof model.kind === 'object' && 'text' in model.kind ? [model.kind.text.encoding.name] : [],
  );
  return [...new Set(used)].sort();
}

/** A function that counts any text; the vocabularies are loaded beside the page. */
export function useTokenCounter(
  models: readonly Model[] | undefined,
): (text: string) => TokenCount {
  const [ready, setReady] = useState<ReadonlyMap<Encoding, Counter>>(new Map());
  const encodings = useMemo(() => encodingsOf(models ?? []), [models]);
  useEffect(() => {
    let isGone = false;
    for (const encoding of encodings) {
      counterOf(encoding).then(
        (counter) => {
          if (!isGone) setReady((before) => new Map(before).set(encoding, counter));
        },
        () => undefined,
      );
    }
    return () => {
      isGone = true;
    };
  }, [encodings]);
  return useMemo(
    () => (text: string) => {
      const tokens: Tokens = {};
      let isExact = true;
      for (const encoding of encodings) {
        const counter = ready.get(encoding);
        isExact &&= counter !== undefined;
        tokens[encoding] = counter?.count(text) ?? new TextEncoder().encode(text).length;
      }
      return { tokens, isExact };
    },
    [encodings, ready],
  );
}
