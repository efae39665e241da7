// How something is paid here, said where it is bought.
import type { Payments } from '../account/buying';

export function PaymentNote({ payments, isGuest }: { payments: Payments; isGuest: boolean }) {
  switch (payments) {
    case 'demo':
      return (
        <p className="demo-note">
          <strong>Demo payment.</strong> Nothing is paid and no card is asked for: this server has
          no payment provider.
        </p>
      );
    case 'stripe':
      return isGuest ? (
        <p className="demo-note">
          <strong>Sign in first.</strong> What you buy is yours on every device; a guest is gone
          with this browser’s cookies.
        </p>
      ) : (
        <p className="muted">
          You pay on Stripe’s page and come back here. The credits are there once it is paid.
        </p>
      );
    case 'none':
      return <p className="demo-note">This server cannot take payments.</p>;
  }
}

/** Whether whoever sees the page can buy. */
export function canBuy(payments: Payments, isGuest: boolean): boolean {
  return payments === 'demo' || (payments === 'stripe' && !isGuest);
}
