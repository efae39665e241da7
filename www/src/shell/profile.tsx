import { ChevronsUpDown } from 'lucide-react';
import { useCredits } from '../credits/client';
import { useDialogs } from '../dialogs/dialogs';

/** Who one is here, at the bottom of the sidebar; opens Account and Details. */
export function Profile({ left }: { left: () => void }) {
  const { session, balance, price_book: book } = useCredits();
  const dialogs = useDialogs();
  const name = session?.name ?? 'Guest';
  const plan = book?.plans.find((one) => one.id === balance?.standing.plan)?.name ?? '';
  return (
    <button
      type="button"
      className="profile"
      aria-haspopup="dialog"
      onClick={() => {
        left();
        dialogs.account();
      }}
    >
      <span className="avatar" aria-hidden>
        {/[\p{L}\p{N}]/u.exec(name)?.[0]}
      </span>
      <span className="profile-name">
        {name}
        <small>{plan === '' ? 'Your account' : `${plan} plan`}</small>
      </span>
      <ChevronsUpDown aria-hidden size={15} />
    </button>
  );
}
