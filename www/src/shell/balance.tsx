// The compact balance at the top right, live, with what it is made of.
import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import { Coins } from 'lucide-react';
import { useCredits, usePrices } from '../credits/client';
import { LOT_NAMES } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';

export function BalanceView() {
  const { balance, status, as_of } = useCredits();
  const prices = usePrices();
  const dialogs = useDialogs();
  if (!balance || !prices) {
    return <span className="balance skeleton" aria-hidden />;
  }
  const { format } = prices;
  const { standing, lots } = balance;
  const isHolding = standing.open_holds > 0;
  return (
    <PopoverProvider placement="bottom-end">
      <PopoverDisclosure
        className="balance"
        data-testid="balance"
        data-settled={standing.settled}
        data-available={standing.available}
        data-status={status}
      >
        <Coins aria-hidden size={15} />
        <span className="visually-hidden">Balance: </span>
        <span className="balance-amount">{format(standing.settled)}</span>
        <span className="balance-unit">credits</span>
        {as_of !== null && <span className="balance-as-of">as of {timeOf(as_of)}</span>}
      </PopoverDisclosure>
      <Popover className="popover balance-popover" gutter={8} unmountOnHide>
        <PopoverHeading className="popover-title">Your credits</PopoverHeading>
        <dl className="facts">
          <div>
            <dt>Ready to use</dt>
            <dd>{format(standing.available)}</dd>
          </div>
          {isHolding && (
            <div>
              <dt>Reserved for answers being written</dt>
              <dd>{format(standing.held)}</dd>
            </div>
          )}
          {lots.map((lot) => (
            <div key={lot.id} className="facts-part">
              <dt>
                {LOT_NAMES[lot.kind]}
                <small>
                  {lot.expires_at === undefined
                    ? 'never expire'
                    : `until ${new Date(lot.expires_at).toLocaleDateString()}`}
                </small>
              </dt>
              <dd>
                {format(lot.available)} <small>of {format(lot.granted)}</small>
              </dd>
            </div>
          ))}
        </dl>
        <button type="button" className="button button-wide" onClick={dialogs.topUp}>
          Buy a Custom Pack
        </button>
      </Popover>
    </PopoverProvider>
  );
}

function timeOf(timestamp: string): string {
  return new Date(timestamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
