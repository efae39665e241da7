// Counts of tokens by kind, as a request has them.
import type { TokenKind } from '@kumari/credits';

export type Tokens = Partial<Record<TokenKind, number>>;

/** Both counts together. */
export function plus(some: Tokens, more: Tokens): Tokens {
  const sum: Tokens = { ...some };
  for (const [kind, count] of Object.entries(more) as [TokenKind, number][]) {
    sum[kind] = (sum[kind] ?? 0) + count;
  }
  return sum;
}
