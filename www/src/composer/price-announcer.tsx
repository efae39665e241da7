// The live estimate, for people who do not see it.
import type { Estimate } from '@kumari/credits';
import { useEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';
import { announce } from '../ui/announce';
import { spanOf } from './estimate-words';
import type { DraftPricing } from './pricing';

/** Long enough that a person who types is not read every price between. */
const ANNOUNCE_MS = 1_200;

/** Says the price in words once it stays as it is, and once for the same words. Shows nothing. */
export function PriceAnnouncer({ pricing, prices }: { pricing: DraftPricing; prices: Prices }) {
  const subscribe = useSubscribe();
  const said = useRef('');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let seen: Estimate | null = null;
    const say = () => {
      const words = seen ? inWords(seen, prices) : '';
      if (words !== '' && words !== said.current) announce(words);
      said.current = words;
    };
    const changed = () => {
      const { estimate } = pricing.price();
      if (estimate === seen) return;
      seen = estimate;
      clearTimeout(timer);
      timer = setTimeout(say, ANNOUNCE_MS);
    };
    changed();
    const end = subscribe(changed);
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [pricing, prices, subscribe]);
  return null;
}

/** The estimate as a sentence. */
function inWords(estimate: Estimate, { format, nameOf, likelyWords }: Prices): string {
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
