// The compact balance at the top right, live, with what it is made of.
import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import type { Standing } from '@kumari/credits';
import { Coins } from 'lucide-react';
import { microsOf } from '../credits/amounts';
import { useCredits, usePrices } from '../credits/client';
import { useLater } from '../use-later';

export function BalanceView() {
  const { balance, status, as_of } = useCredits();
  const prices = usePrices();
  const later = useLater();
  if (!balance || !prices) {
    return <span className="balance skeleton" aria-hidden />;
  }
  const { format } = prices;
  const { standing } = balance;
  return (
    <PopoverProvider placement="bottom-end">
      <PopoverDisclosure
        className="balance"
        data-testid="balance"
        data-settled={standing.settled}
        data-available={standing.available}
        data-status={status}
        data-low={isLow(standing) || undefined}
      >
        <Coins aria-hidden size={15} />
        <span className="visually-hidden">{isLow(standing) ? 'Low balance: ' : 'Balance: '}</span>
        <span className="balance-amount">{format(standing.settled)}</span>
        <span className="balance-unit">credits</span>
        {as_of !== null && <span className="balance-as-of">as of {timeOf(as_of)}</span>}
      </PopoverDisclosure>
      <Popover className="popover balance-popover" gutter={8} unmountOnHide>
        <PopoverHeading className="popover-title">Your credits</PopoverHeading>
        {later && <later.BalanceDetails balance={balance} format={format} />}
      </Popover>
    </PopoverProvider>
  );
}

/** Below what the person wants to be warned at. */
function isLow({ available, limits }: Standing): boolean {
  return limits?.warn_below !== undefined && microsOf(available) < microsOf(limits.warn_below);
}

function timeOf(timestamp: string): string {
  return new Date(timestamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
