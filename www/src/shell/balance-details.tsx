// What the balance is made of, and the way to more.
import type { Balance } from '@kumari/credits/client';
import type { Prices } from '../credits/client';
import { LOT_NAMES } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';

export function BalanceDetails({
  balance: { standing, lots },
  format,
}: {
  balance: Balance;
  format: Prices['format'];
}) {
  const dialogs = useDialogs();
  const isHolding = standing.open_holds > 0;
  return (
    <>
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
    </>
  );
}
