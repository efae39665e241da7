import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import type { Estimate, LikelyRange } from '@kumari/credits';
import { ChevronUp } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';
import { announce } from '../ui/announce';
import { LevelBadge } from '../ui/level-badge';
import { useLater } from '../use-later';
import type { DraftFile } from './draft-files';
import { type DraftPricing, usePrice } from './pricing';

/** Long enough that a person who types is not read every price between. */
const ANNOUNCE_MS = 1_200;

/** The live estimate beside Send. Its place is kept when there is nothing to show. */
export function EstimateView({
  pricing,
  files,
  isEmpty,
  isNew,
  prices,
}: {
  pricing: DraftPricing;
  files: readonly DraftFile[];
  /** There is nothing to send yet. */
  isEmpty: boolean;
  /** The price changed since the person last looked. */
  isNew: boolean;
  prices: Prices | null;
}) {
  const isThere = usePrice(pricing, ({ estimate }) => estimate !== null);
  const later = useLater();
  useAnnouncement(pricing, isEmpty ? null : prices);
  if (!isThere || isEmpty || !prices) {
    return (
      <div className="estimate" data-empty>
        {isEmpty && <span className="estimate-hint">The price appears as you type</span>}
      </div>
    );
  }
  return (
    <PopoverProvider placement="top-end">
      <PopoverDisclosure className="estimate" data-new={isNew || undefined} data-testid="estimate">
        <span className="estimate-place">
          <span className="estimate-figures">
            <Figures pricing={pricing} prices={prices} />
            <span className="visually-hidden">Show how this price comes about</span>
            <ChevronUp aria-hidden size={14} className="estimate-chevron" />
          </span>
        </span>
      </PopoverDisclosure>
      <Popover className="popover estimate-popover" gutter={8} unmountOnHide>
        <PopoverHeading className="popover-title">What this message may cost</PopoverHeading>
        {later && <later.EstimateDetails pricing={pricing} files={files} prices={prices} />}
      </Popover>
    </PopoverProvider>
  );
}

/** All that changes with a letter. */
function Figures({ pricing, prices }: { pricing: DraftPricing; prices: Prices }) {
  const { estimate, isExact } = usePrice(pricing, (price) => price);
  if (!estimate) return null;
  const { format } = prices;
  const { low, expected, high, likely } = estimate;
  const isRange = low !== high;
  const about = isExact ? '' : '~';
  return (
    <>
      <span className="estimate-price" data-low={low} data-expected={expected} data-high={high}>
        {isRange && (
          <>
            <span className="estimate-range">
              {likely ? `up to ${about}${format(high)}` : `${about}${format(low)}–${format(high)}`}
            </span>
            <span className="estimate-dot"> · </span>
          </>
        )}
        <span className="estimate-likely">
          {isRange && 'likely '}
          <strong>
            {about}
            {format(expected)}
          </strong>{' '}
          {isRange && likely && <span className="estimate-span">({spanOf(likely, format)}) </span>}
          credits
        </span>
      </span>
      <LevelBadge level={estimate.level} />
    </>
  );
}

/** Says the price in words once it stays as it is, and once for the same words. */
function useAnnouncement(pricing: DraftPricing, prices: Prices | null): void {
  const subscribe = useSubscribe();
  const said = useRef('');
  useEffect(() => {
    if (!prices) return;
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
}

/** From the lower to the upper end of what is likely. */
export function spanOf({ low, high }: LikelyRange, format: (amount: string) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from}–${to}`;
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
