// Pro: what it is, what it costs and brings, when it is renewed, and the way to it.
import { useState } from 'react';
import { dayOf, everyWords, subscribe, usdWords, useSubscription } from '../account/buying';
import { useClient, useCredits, usePrices } from '../credits/client';
import { announce } from '../ui/announce';
import { Modal } from '../ui/modal';
import { WorthList } from '../ui/worth';
import { useDialogs } from './dialogs';
import { PaymentNote, canBuy } from './payment-note';

export default function ProDialog({ close }: { close: () => void }) {
  const client = useClient();
  const { price_book: book, session, balance } = useCredits();
  const prices = usePrices();
  const dialogs = useDialogs();
  // One wish, however often it is tried.
  const [actionId] = useState(() => client?.newId());
  const [isDone, setIsDone] = useState(false);
  const { subscription, payments: told, isBusy, error, run } = useSubscription(balance?.version);
  const pro = book?.plans.find((plan) => plan.id === 'pro');
  if (!pro || !prices || !session || actionId === undefined) return null;
  // Known at once where it is a demo; else it is asked for.
  const payments = told ?? (session.demo_payments ? 'demo' : 'none');
  const price = `${usdWords((pro.price_usd ?? 0) * 100)} ${everyWords(pro.months)}`;

  const begin = () => {
    void run(() => subscribe(actionId)).then((begun) => {
      if (!begun) return;
      setIsDone(true);
      announce(`Pro runs. You have ${prices.format(begun.credits)} credits more.`);
    });
  };

  if (subscription && isDone) {
    return (
      <Modal title="Welcome to Pro" close={close}>
        <p className="offer">
          <strong>+{prices.format(subscription.credits)} credits</strong>
          <span>New ones come on {dayOf(subscription.paid_until)}, unless you cancel before.</span>
        </p>
        <div className="modal-actions">
          <button type="button" className="button button-primary" onClick={close}>
            Go on writing
          </button>
        </div>
      </Modal>
    );
  }
  if (subscription) {
    return (
      <Modal title="You have Pro" close={close}>
        <p>
          {subscription.status === 'cancelled'
            ? `It is cancelled and ends on ${dayOf(subscription.paid_until)}.`
            : subscription.status === 'past_due'
              ? 'A payment for it did not go through.'
              : `New credits come on ${dayOf(subscription.paid_until)}.`}
        </p>
        <div className="modal-actions">
          <button type="button" className="button button-primary" onClick={dialogs.account}>
            See it in your account
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title="Upgrade to Pro" close={close}>
      <PaymentNote payments={payments} isGuest={session.guest} />
      <p className="offer">
        <strong>{price}</strong>
        <span>
          {prices.format(pro.credits)} credits each time. What is left at a period’s end does not
          carry over; packs and free credits do.
        </span>
      </p>
      <WorthList credits={pro.credits} prices={prices} />
      <p className="muted">
        It begins now and is renewed by itself on the same day {everyWords(pro.months)}. You can
        cancel any time in Account; then it ends with what is paid.
      </p>
      {error !== null && (
        <p className="notice notice-line" role="alert">
          {error}
        </p>
      )}
      <div className="modal-actions">
        <button type="button" className="button" onClick={dialogs.topUp}>
          Buy a Custom Pack instead
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={isBusy || !canBuy(payments, session.guest)}
          onClick={begin}
        >
          {isBusy ? 'Starting…' : payments === 'demo' ? 'Upgrade (demo)' : 'Upgrade'}
        </button>
      </div>
    </Modal>
  );
}
