import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import type { Estimate } from '@kumari/credits';
import { ChevronUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { announce } from '../ui/announce';
import { useLater } from '../use-later';
import type { DraftFile } from './draft-files';
import { inWords } from './estimate-words';
import { Figures } from './figures';
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
            <FiguresView pricing={pricing} prices={prices} />
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
