// An estimate in words.
import type { LikelyRange } from '@kumari/credits';

/** From the lower to the upper end of what is likely. */
export function spanOf({ low, high }: LikelyRange, format: (amount: string) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from}–${to}`;
}
