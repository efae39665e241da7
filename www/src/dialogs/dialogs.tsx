// Which dialog is open. Each is loaded when it is first asked for.
import {
  type ReactNode,
  Suspense,
  createContext,
  lazy,
  useContext,
  useMemo,
  useState,
} from 'react';

const AccountDialog = lazy(() => import('../account/account'));
const ReceiptDialog = lazy(() => import('./receipt'));
const TopUpDialog = lazy(() => import('./top-up'));
const ProDialog = lazy(() => import('./pro'));

type Open = { dialog: 'receipt'; actionId: string } | { dialog: 'account' | 'top_up' | 'pro' };

export interface Dialogs {
  account: () => void;
  receipt: (actionId: string) => void;
  topUp: () => void;
  pro: () => void;
}

const DialogsContext = createContext<Dialogs | null>(null);

export function useDialogs(): Dialogs {
  const dialogs = useContext(DialogsContext);
  if (!dialogs) throw new Error('useDialogs is used outside of DialogsProvider');
  return dialogs;
}

export function DialogsProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open | null>(null);
  const dialogs = useMemo<Dialogs>(
    () => ({
      account: () => {
        setOpen({ dialog: 'account' });
      },
      receipt: (actionId) => {
        setOpen({ dialog: 'receipt', actionId });
      },
      topUp: () => {
        setOpen({ dialog: 'top_up' });
      },
      pro: () => {
        setOpen({ dialog: 'pro' });
      },
    }),
    [],
  );
  const close = () => {
    setOpen(null);
  };
  return (
    <DialogsContext.Provider value={dialogs}>
      {children}
      <Suspense fallback={null}>
        {open?.dialog === 'account' && <AccountDialog close={close} />}
        {open?.dialog === 'receipt' && <ReceiptDialog actionId={open.actionId} close={close} />}
        {open?.dialog === 'top_up' && <TopUpDialog close={close} />}
        {open?.dialog === 'pro' && <ProDialog close={close} />}
      </Suspense>
    </DialogsContext.Provider>
  );
}
