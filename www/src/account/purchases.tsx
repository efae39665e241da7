// What was bought, with a receipt for each, and what became of it.
import type { Purchase } from '@kumari/credits';
import { useEffect, useState } from 'react';
import { type Prices, useCredits } from '../credits/client';
import { Modal } from '../ui/modal';
import { dayOf, messageOf, purchasesBefore, usdWords } from './buying';

interface Read {
  purchases: Purchase[];
  next?: number | undefined;
}

export function Purchases({ version, prices }: { version: number; prices: Prices }) {
  const [read, setRead] = useState<Read | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    purchasesBefore().then(
      (page) => {
        if (isGone) return;
        setError(null);
        // What was read further down is read again when it is asked for: it may have changed.
        setRead(page);
      },
      (fault: unknown) => {
        if (!isGone) setError(messageOf(fault));
      },
    );
    return () => {
      isGone = true;
    };
  }, [version]);
  const readMore = () => {
    purchasesBefore(read?.next).then(
      (page) => {
        setRead((now) =>
          now === read
            ? { ...page, purchases: [...(now?.purchases ?? []), ...page.purchases] }
            : now,
        );
      },
      (fault: unknown) => {
        setError(messageOf(fault));
      },
    );
  };
  const receipt = read?.purchases.find(({ payment }) => payment === shown);
  return (
    <section aria-labelledby="purchases">
      <h3 id="purchases">Purchases</h3>
      {error !== null && (
        <p className="notice notice-line" role="alert">
          {error}
        </p>
      )}
      {read?.purchases.length === 0 && <p className="muted">You have bought nothing yet.</p>}
      {read && read.purchases.length > 0 && (
        <table className="account-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Credits</th>
              <th scope="col">Paid</th>
              <th scope="col">
                <span className="visually-hidden">Receipt</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {read.purchases.map((purchase) => (
              <tr key={purchase.payment} data-testid="purchase">
                <th scope="row">
                  {whatWords(purchase)}
                  <small>
                    {dayOf(purchase.paid_at)}
                    {fateWords(purchase).map((words) => `, ${words}`)}
                  </small>
                </th>
                <td>{prices.format(purchase.grant.amount)}</td>
                <td>{usdWords(purchase.usd_cents)}</td>
                <td>
                  <button
                    type="button"
                    className="link"
                    aria-label={`Receipt for ${whatWords(purchase)}, ${dayOf(purchase.paid_at)}`}
                    onClick={() => {
                      setShown(purchase.payment);
                    }}
                  >
                    Receipt
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {read?.next !== undefined && (
        <button type="button" className="button" onClick={readMore}>
          Show earlier purchases
        </button>
      )}
      {receipt && (
        <PurchaseReceipt
          purchase={receipt}
          prices={prices}
          close={() => {
            setShown(null);
          }}
        />
      )}
    </section>
  );
}

function PurchaseReceipt({
  purchase,
  prices,
  close,
}: {
  purchase: Purchase;
  prices: Prices;
  close: () => void;
}) {
  const { session } = useCredits();
  const { grant } = purchase;
  const facts: [name: string, value: string][] = [
    ['For', whatWords(purchase)],
    [
      'Date',
      new Date(purchase.paid_at).toLocaleString([], { dateStyle: 'long', timeStyle: 'short' }),
    ],
    ['Paid', usdWords(purchase.usd_cents)],
    ['Credits', prices.format(grant.amount)],
    ['They last', grant.expires_at === undefined ? 'for ever' : `until ${dayOf(grant.expires_at)}`],
  ];
  if (purchase.refunded_usd_cents > 0) {
    facts.push(['Refunded', usdWords(purchase.refunded_usd_cents)]);
  }
  if (purchase.claimed !== '0') facts.push(['Credits taken back', prices.format(purchase.claimed)]);
  for (const { usd_cents, status } of purchase.disputes ?? []) {
    facts.push([DISPUTES[status], usdWords(usd_cents)]);
  }
  return (
    <Modal title="Receipt of a purchase" close={close}>
      {session?.demo_payments && (
        <p className="demo-note">
          <strong>Demo payment.</strong> No money was taken.
        </p>
      )}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="receipt-book">
        Payment <code>{purchase.payment}</code>
        {session && (
          <>
            , account <code>{session.account_id}</code>
          </>
        )}
      </p>
      <div className="modal-actions">
        <button type="button" className="button" onClick={close}>
          Done
        </button>
      </div>
    </Modal>
  );
}

const DISPUTES = {
  open: 'Disputed, not decided yet',
  won: 'Disputed, the payment stands',
  lost: 'Disputed, the money went back',
} as const;

function whatWords({ product, grant }: Purchase): string {
  if (product === 'pack') return 'Custom Pack';
  const end = grant.expires_at;
  const { period_start: start } = product.pro;
  return end === undefined ? 'Pro' : `Pro, ${dayOf(start)} to ${dayOf(end)}`;
}

/** What became of it, where that is more than that it was paid. */
function fateWords({ usd_cents, refunded_usd_cents: back, disputes, revoked }: Purchase): string[] {
  const words: string[] = [];
  if (back > 0) words.push(back === usd_cents ? 'refunded' : `${usdWords(back)} refunded`);
  const last = disputes?.at(-1);
  if (last?.status === 'open') words.push('disputed');
  if (last?.status === 'lost') words.push('dispute lost');
  if (revoked) words.push('revoked');
  return words;
}
