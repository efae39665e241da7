import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import type { CandidateEstimate, Caps, Estimate } from '@kumari/credits';
import { ChevronUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';
import { announce } from '../ui/announce';
import { PriceLines } from '../ui/price-lines';
import { inWords, spanOf } from './estimate-words';
import { Figures } from './figures';
import { type DraftPricing, usePrice } from './pricing';

/** Long enough that a person who types is not read every price between. */
const ANNOUNCE_MS = 1_200;

/** The live estimate beside Send. Its place is kept when there is nothing to show. */
export function EstimateView({
  pricing,
  isEmpty,
  isNew,
  prices,
}: {
  pricing: DraftPricing;
  /** There is no text yet. */
  isEmpty: boolean;
  /** The price changed since the person last looked. */
  isNew: boolean;
  prices: Prices | null;
}) {
  const isThere = usePrice(pricing, ({ estimate }) => estimate !== null);
  useAnnouncement(pricing, isEmpty ? null : prices);
  if (!isThere || isEmpty || !prices) {
    return (
      <div className="estimate" data-empty>
        <span className="estimate-hint">The price appears as you type</span>
      </div>
    );
  }
  return (
    <PopoverProvider placement="top-end">
      <PopoverDisclosure className="estimate" data-new={isNew || undefined} data-testid="estimate">
        <span className="estimate-place">
          <span className="estimate-figures">
            <FiguresView pricing={pricing} prices={prices} />
            <span className="visually-hidden">Show how this price comes about</span>
            <ChevronUp aria-hidden size={14} className="estimate-chevron" />
          </span>
        </span>
      </PopoverDisclosure>
      <Popover className="popover estimate-popover" gutter={8} unmountOnHide>
        <PopoverHeading className="popover-title">What this message may cost</PopoverHeading>
        <EstimateDetails pricing={pricing} prices={prices} />
      </Popover>
    </PopoverProvider>
  );
}

/** All that changes with a letter. */
function FiguresView({ pricing, prices }: { pricing: DraftPricing; prices: Prices }) {
  const place = useRef<HTMLSpanElement>(null);
  const subscribe = useSubscribe();
  useLayoutEffect(() => {
    if (!place.current) return;
    const figures = new Figures(place.current);
    const show = () => {
      figures.show(pricing.price(), prices);
    };
    show();
    return subscribe(show);
  }, [pricing, prices, subscribe]);
  return <span className="estimate-live" ref={place} />;
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

function EstimateDetails({ pricing, prices }: { pricing: DraftPricing; prices: Prices }) {
  const { estimate, sent, isExact } = usePrice(pricing, (price) => price);
  if (!estimate) return null;
  const { format, nameOf } = prices;
  const isRouted = estimate.level.kind === 'range';
  const rows = estimate.legs.flatMap((leg) =>
    leg.candidates.map((candidate) => ({ candidate, isLikely: candidate.model === leg.model })),
  );
  return (
    <>
      {estimate.legs.length > 1 && (
        <p className="multiplier">
          <strong>{levelWords(estimate.level)}</strong> — {sumWords(estimate.legs.length)}
        </p>
      )}
      {isRouted && <p className="muted">One of these models answers; only its price is charged.</p>}
      <ul className="legs">
        {rows.map(({ candidate, isLikely }, index) => (
          <li key={`${candidate.model}-${index}`}>
            <details>
              <summary>
                <span className="leg-name">
                  {nameOf(candidate.model)}
                  {isRouted && isLikely && <span className="tag">likely</span>}
                </span>
                <span className="leg-price">{rangeOf(candidate, format)}</span>
              </summary>
              <PriceLines
                lines={candidate.lines}
                total={candidate.expected}
                totalName="Likely price"
                format={format}
              />
            </details>
          </li>
        ))}
      </ul>
      {sent.conversation > 0 && (
        <p className="muted">
          {isExact ? '' : 'About '}
          {sent.all.toLocaleString()} tokens of text are sent to each model, of which{' '}
          {sent.conversation.toLocaleString()} are the conversation so far. A model’s own count may
          differ.
        </p>
      )}
      {estimate.likely && (
        <p className="muted">
          {estimate.legs.length > 1
            ? 'The likely ranges of the models come to '
            : 'Of earlier answers to messages of about this size, eight of ten would have cost '}
          {spanOf(estimate.likely, format)} credits; the least is {format(estimate.low)}.
        </p>
      )}
      <p className="muted">
        {estimate.high === estimate.low
          ? ''
          : 'The answer’s length decides: a token is about four letters. '}
        Up to <strong>{format(estimate.high)}</strong> credits are reserved while it is written, and
        never more is charged. <CapsNote caps={estimate.caps} nameOf={nameOf} />
      </p>
    </>
  );
}

function CapsNote({ caps, nameOf }: { caps: Caps; nameOf: (model: string) => string }) {
  const words = capsWords(caps, nameOf);
  return words === '' ? null : <>To fit your balance: {words}.</>;
}

function rangeOf(candidate: CandidateEstimate, format: (amount: string) => string) {
  const { low, expected, high, likely } = candidate;
  if (low === high) return format(expected);
  return likely
    ? `up to ${format(high)} · likely ${format(expected)} (${spanOf(likely, format)})`
    : `${format(low)}–${format(high)} · likely ${format(expected)}`;
}
