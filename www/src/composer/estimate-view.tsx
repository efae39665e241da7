import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import { ChevronUp } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { useLater } from '../use-later';
import type { DraftFile } from './draft-files';
import { Figures } from './figures';
import { type DraftPricing, usePrice } from './pricing';

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
  if (!isThere || isEmpty || !prices) {
    return (
      <div className="estimate" data-empty>
        {isEmpty && <span className="estimate-hint">The price appears as you type</span>}
      </div>
    );
  }
  return (
    <PopoverProvider placement="top-end">
      {later && <later.PriceAnnouncer pricing={pricing} prices={prices} />}
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
