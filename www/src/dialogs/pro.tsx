import { usePrices, useCredits } from '../credits/client';
import { Modal } from '../ui/modal';
import { useDialogs } from './dialogs';

/** What Pro is, and that it cannot be had yet. */
export default function ProDialog({ close }: { close: () => void }) {
  const { price_book: book } = useCredits();
  const prices = usePrices();
  const dialogs = useDialogs();
  const pro = book?.plans.find((plan) => plan.id === 'pro');
  return (
    <Modal title="Upgrade to Pro" close={close}>
      {pro && prices && (
        <p className="offer">
          <strong>{prices.format(pro.credits)} credits</strong>
          <span>
            every month for ${pro.price_usd ?? 0}. What is left at the month’s end does not carry
            over.
          </span>
        </p>
      )}
      <p>
        Pro belongs to a person, and this version has no sign-in yet: you are a guest here. Pro
        arrives together with accounts. Until then a Custom Pack brings you on at once, and its
        credits never expire.
      </p>
      <div className="modal-actions">
        <button type="button" className="button" onClick={close}>
          Close
        </button>
        <button type="button" className="button button-primary" onClick={dialogs.topUp}>
          Buy a Custom Pack
        </button>
      </div>
    </Modal>
  );
}
