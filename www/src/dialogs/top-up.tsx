// Buys a Custom Pack: at once where that is a demo, else at the payment provider's page.
import { useId, useRef, useState } from 'react';
import { messageOf, payPack, useSubscription } from '../account/buying';
import { useClient, useCredits, usePrices } from '../credits/client';
import { announce } from '../ui/announce';
import { Modal } from '../ui/modal';
import { WorthList } from '../ui/worth';
import { PaymentNote, canBuy } from './payment-note';

const SUGGESTED = [10, 25, 50, 100];

export default function TopUpDialog({ close }: { close: () => void }) {
  const client = useClient();
  const { price_book: book, session, balance } = useCredits();
  const prices = usePrices();
  const [typed, setTyped] = useState('10');
  const [state, setState] = useState<
    | { is: 'open' }
    | { is: 'buying' }
    | { is: 'failed'; message: string }
    | { is: 'done'; got: string }
  >({ is: 'open' });
  // One for each amount: another amount is another purchase.
  const ids = useRef(new Map<number, string>());
  const { payments: told } = useSubscription(balance?.version);
  const inputId = useId();
  const helpId = useId();
  if (!client || !book || !prices || !session) return null;
  // Known at once where it is a demo; else it is asked for.
  const payments = told ?? (session.demo_payments ? 'demo' : 'none');
  const { usd_min, usd_max } = book.packs;
  const usd = /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
  const credits = Number.isSafeInteger(usd) ? prices.packCredits(usd) : null;

  const buy = async (event: { preventDefault: () => void }) => {
    event.preventDefault();
    if (credits === null) return;
    setState({ is: 'buying' });
    if (payments === 'stripe') {
      const actionId = ids.current.get(usd) ?? client.newId();
      ids.current.set(usd, actionId);
      payPack(actionId, usd).then(
        () => {
          // Whoever comes back with the browser's button finds it as it was.
          setState({ is: 'open' });
        },
        (fault: unknown) => {
          setState({ is: 'failed', message: messageOf(fault) });
        },
      );
      return;
    }
    const bought = await client.topUp(usd);
    switch (bought.kind) {
      case 'granted':
        setState({ is: 'done', got: bought.granted.amount });
        announce(`You have ${prices.format(bought.granted.amount)} credits more.`);
        break;
      case 'denied':
        setState({ is: 'failed', message: bought.denial.message });
        break;
      case 'failed':
        setState({ is: 'failed', message: bought.error.message });
    }
  };

  if (state.is === 'done') {
    return (
      <Modal title="Your pack is here" close={close}>
        <p className="offer">
          <strong>+{prices.format(state.got)} credits</strong>
          <span>
            You now have {prices.format(balance?.standing.settled ?? '0')} credits. They never
            expire.
          </span>
        </p>
        <div className="modal-actions">
          <button type="button" className="button button-primary" onClick={close}>
            Go on writing
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title="Buy a Custom Pack" close={close}>
      <PaymentNote payments={payments} isGuest={session.guest} />
      <form onSubmit={(event) => void buy(event)}>
        <label htmlFor={inputId}>Amount in US dollars</label>
        <div className="amounts">
          {SUGGESTED.map((amount) => (
            <button
              key={amount}
              type="button"
              className="amount"
              aria-pressed={usd === amount}
              onClick={() => {
                setTyped(String(amount));
              }}
            >
              ${amount}
            </button>
          ))}
          <span className="amount-field">
            <span aria-hidden>$</span>
            <input
              id={inputId}
              inputMode="numeric"
              autoComplete="off"
              maxLength={6}
              value={typed}
              aria-describedby={helpId}
              aria-invalid={credits === null}
              onChange={(event) => {
                setTyped(event.target.value.trim());
              }}
            />
          </span>
        </div>
        <p id={helpId} className="muted" data-fault={credits === null || undefined}>
          Any whole-dollar amount from ${usd_min} to ${usd_max.toLocaleString()}. The more at once,
          the more credits for a dollar.
        </p>
        <p className="offer" aria-live="polite" data-testid="pack-credits">
          <strong>{credits === null ? '–' : `${prices.format(credits)} credits`}</strong>
          <span>They never expire and carry over.</span>
        </p>
        {credits !== null && <WorthList credits={credits} prices={prices} />}
        {state.is === 'failed' && (
          <p className="notice notice-line" role="alert">
            {state.message}
          </p>
        )}
        <div className="modal-actions">
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={credits === null || state.is === 'buying' || !canBuy(payments, session.guest)}
          >
            {state.is === 'buying' ? 'Adding…' : payments === 'demo' ? 'Add credits (demo)' : 'Pay'}
          </button>
        </div>
      </form>
    </Modal>
  );
}
