// The plan: what it brings and until when, and what can be done with it.
import { useState } from 'react';
import { useCredits } from '../credits/client';
import { useDialogs } from '../dialogs/dialogs';
import { announce } from '../ui/announce';
import {
  type Change,
  type Subscription,
  changeSubscription,
  dayOf,
  everyWords,
  renewForShow,
  usdWords,
  useSubscription,
} from './buying';

export function PlanCard() {
  const { balance, price_book: book, session } = useCredits();
  const dialogs = useDialogs();
  const { subscription, isBusy, error, run } = useSubscription(balance?.version);
  if (!balance) return null;
  const { plan, resets_at, past_due } = balance.standing;
  const name = book?.plans.find((one) => one.id === plan)?.name ?? plan;
  const change = (wish: Change) => {
    void run(() => changeSubscription(wish)).then((now) => {
      if (now) announce(toldOf(now));
    });
  };
  return (
    <div className="account-card" data-testid="plan">
      <h3>Plan</h3>
      <p className="account-figure">{name}</p>
      <p className="muted">
        {subscription ? words(subscription, past_due === true) : withoutSubscription(resets_at)}
      </p>
      {past_due && (
        <p className="notice notice-line">
          A payment for Pro did not go through. Until it is paid no new Pro credits come; packs and
          free credits stay usable.
        </p>
      )}
      {error !== null && (
        <p className="notice notice-line" role="alert">
          {error}
        </p>
      )}
      {subscription === null && plan === 'free' && (
        <button type="button" className="button button-primary" onClick={dialogs.pro}>
          Upgrade to Pro
        </button>
      )}
      {subscription && <Ways subscription={subscription} isBusy={isBusy} change={change} />}
      {subscription && subscription.status !== 'cancelled' && session?.demo_payments && (
        <details className="account-demo">
          <summary>Demo: see a renewal now</summary>
          <p className="muted">
            Nothing is charged. A renewal comes by itself on {dayOf(subscription.paid_until)}.
          </p>
          <div className="account-export">
            {[false, true].map((declines) => (
              <button
                key={String(declines)}
                type="button"
                className="button"
                disabled={isBusy}
                onClick={() => {
                  void run(() => renewForShow(declines));
                }}
              >
                {declines ? 'Let it fail' : 'Renew now'}
              </button>
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

function Ways({
  subscription: { status, paid_until },
  isBusy,
  change,
}: {
  subscription: Subscription;
  isBusy: boolean;
  change: (wish: Change) => void;
}) {
  const [isAsking, setIsAsking] = useState(false);
  if (status === 'cancelled') {
    return (
      <button
        type="button"
        className="button button-primary"
        disabled={isBusy}
        onClick={() => {
          change('resume');
        }}
      >
        Resume Pro
      </button>
    );
  }
  return (
    <>
      {isAsking && (
        <p role="status">
          {status === 'past_due'
            ? 'Pro then ends, and nothing more is asked for.'
            : `Pro then ends on ${dayOf(paid_until)}, with what is left of its credits. Packs and free credits stay.`}
        </p>
      )}
      <div className="account-export">
        {status === 'past_due' && !isAsking && (
          <button
            type="button"
            className="button button-primary"
            disabled={isBusy}
            onClick={() => {
              change('pay');
            }}
          >
            Pay again
          </button>
        )}
        {isAsking && (
          <button
            type="button"
            className="button"
            onClick={() => {
              setIsAsking(false);
            }}
          >
            Keep Pro
          </button>
        )}
        <button
          type="button"
          className="button"
          disabled={isBusy}
          onClick={() => {
            setIsAsking(!isAsking);
            if (isAsking) change('cancel');
          }}
        >
          {isAsking ? 'Cancel Pro now' : 'Cancel Pro'}
        </button>
      </div>
    </>
  );
}

function words(subscription: Subscription, isPastDue: boolean): string {
  const { status, paid_until, usd_cents, months } = subscription;
  if (status === 'cancelled') return `Ends on ${dayOf(paid_until)}. It is not renewed.`;
  if (isPastDue) return `${usdWords(usd_cents)} ${everyWords(months)}.`;
  return `${usdWords(usd_cents)} ${everyWords(months)}. New credits on ${dayOf(paid_until)}; what is left of the old ones ends then.`;
}

function withoutSubscription(resetsAt: string | undefined): string {
  return resetsAt === undefined
    ? 'Its credits came once and never expire.'
    : `Until ${dayOf(resetsAt)}; what is left of its credits ends then.`;
}

function toldOf({ status, paid_until }: Subscription): string {
  if (status === 'cancelled') return `Pro is cancelled. It ends on ${dayOf(paid_until)}.`;
  return `Pro runs. New credits come on ${dayOf(paid_until)}.`;
}
