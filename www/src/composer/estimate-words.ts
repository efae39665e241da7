// An estimate in words.
import type { Estimate, LikelyRange } from '@kumari/credits';
import type { Prices } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';

/** From the lower to the upper end of what is likely. */
export function spanOf({ low, high }: LikelyRange, format: (amount: string) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from}–${to}`;
}

/** The estimate as a sentence. */
export function inWords(estimate: Estimate, { format, nameOf, likelyWords }: Prices): string {
  const caps = capsWords(estimate.caps, nameOf);
  const fits = caps === '' ? '' : ` To fit your balance: ${caps}.`;
  const [leg] = estimate.legs;
  const likely =
    estimate.level.kind === 'range' && leg ? ` The model is likely ${likelyWords(leg)}.` : '';
  const level = `Level ${levelWords(estimate.level)}.${likely}${fits}`;
  if (estimate.low === estimate.high) return `Costs ${format(estimate.expected)} credits. ${level}`;
  const sum = estimate.legs.length > 1 ? ` This is ${sumWords(estimate.legs.length)}.` : '';
  const range = estimate.likely
    ? `mostly ${spanOf(estimate.likely, format)}, at most ${format(estimate.high)}`
    : `between ${format(estimate.low)} and ${format(estimate.high)}`;
  return `Likely ${format(estimate.expected)} credits, ${range}. ${level}${sum}`;
}
