// The balance beside the plan, the grants that it is made of, what was bought, and what each month
// did.
import type { Lot } from '@kumari/credits';
import { useEffect, useState } from 'react';
import { type Prices, useCredits, usePrices } from '../credits/client';
import { LOT_NAMES } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';
import { dayOf } from './buying';
import { History } from './history';
import { OwnLimits } from './own-limits';
import { PlanCard } from './plan-card';
import { Purchases } from './purchases';
import { forecastNow } from './spending';

export function Billing() {
  const { balance, as_of } = useCredits();
  const prices = usePrices();
  if (!balance || !prices) return <p className="muted">Your account is being read…</p>;
  return (
    <section className="account" aria-labelledby="billing">
      <h2 id="billing">Billing</h2>
      {as_of !== null && (
        <p className="notice notice-line" role="status">
          The server cannot be reached: this is as of {new Date(as_of).toLocaleTimeString()}.
        </p>
      )}
      <div className="account-top">
        <BalanceCard prices={prices} />
        <PlanCard />
      </div>
      <Lots lots={balance.lots} prices={prices} />
      <Purchases version={balance.version} prices={prices} />
      <History version={balance.version} prices={prices} />
      <OwnLimits
        limits={balance.standing.limits ?? {}}
        left={balance.standing.limit_left}
        format={prices.format}
      />
    </section>
  );
}

function BalanceCard({ prices: { format } }: { prices: Prices }) {
  const { balance } = useCredits();
  const dialogs = useDialogs();
  if (!balance) return null;
  const { settled, held, available, open_holds } = balance.standing;
  return (
    <div className="account-card">
      <h3>Balance</h3>
      <p className="account-figure" data-testid="account-balance" data-settled={settled}>
        {format(settled)} <span>credits</span>
      </p>
      <p className="muted">
        {format(available)} ready to use
        {open_holds > 0 && `, ${format(held)} reserved for answers being written`}
      </p>
      <Lasts version={balance.version} />
      <button type="button" className="button" onClick={dialogs.topUp}>
        Buy a Custom Pack
      </button>
    </div>
  );
}

/** How long what is left lasts; nothing where that cannot be told. */
function Lasts({ version }: { version: number }) {
  const [until, setUntil] = useState<string>();
  useEffect(() => {
    let isGone = false;
    forecastNow().then(
      (forecast) => {
        if (!isGone) setUntil(forecast.until);
      },
      () => {
        if (!isGone) setUntil(undefined);
      },
    );
    return () => {
      isGone = true;
    };
  }, [version]);
  if (until === undefined) return null;
  return (
    <p className="muted" title="At the pace of the last seven days, without new credits.">
      At this pace until {dayOf(until)}
    </p>
  );
}

/** In the order in which they are used, as the server has them. */
function Lots({ lots, prices: { format } }: { lots: readonly Lot[]; prices: Prices }) {
  return (
    <section aria-labelledby="lots">
      <h3 id="lots">What your credits are made of</h3>
      {lots.length === 0 ? (
        <p className="muted">Nothing is left. A Custom Pack brings you on at once.</p>
      ) : (
        <>
          <p className="muted">Used from the top down.</p>
          <table className="account-table">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Left</th>
                <th scope="col">Of</th>
                <th scope="col">Until</th>
              </tr>
            </thead>
            <tbody>
              {lots.map((lot) => (
                <tr key={lot.id} data-testid="lot">
                  <th scope="row">
                    {LOT_NAMES[lot.kind]}
                    <LotNote lot={lot} format={format} />
                  </th>
                  <td>{format(lot.available)}</td>
                  <td>{format(lot.granted)}</td>
                  <td>{lot.expires_at === undefined ? 'never ends' : dayOf(lot.expires_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function LotNote({ lot, format }: { lot: Lot; format: Prices['format'] }) {
  const notes = [
    lot.held !== '0' && `${format(lot.held)} reserved`,
    lot.dispute === 'open' && 'frozen while its payment is disputed',
    new Date(lot.effective_at) > new Date() && `usable from ${dayOf(lot.effective_at)}`,
  ].filter((note) => note !== false);
  return notes.length > 0 && <small>{notes.join(', ')}</small>;
}
