// Which dialog is open. Each is loaded when it is first asked for.
import {
  type ComponentType,
  type ReactNode,
  createContext,
  useContext,
  useMemo,
  useState,
} from 'react';
import { type Part, loadedBy } from '../ui/loaded-by';

interface DialogProps {
  /** What the dialog is about, where it is about an action. */
  actionId: string;
  close: () => void;
}

type DialogPart = () => Part<{ default: ComponentType<DialogProps> }>;

const DIALOGS = {
  account: loadedBy(() => import('../account/account')),
  media: loadedBy(() => import('../media/library')),
  receipt: loadedBy(() => import('./receipt')),
  topUp: loadedBy(() => import('./top-up')),
  pro: loadedBy(() => import('./pro')),
} satisfies Record<string, DialogPart>;

interface Open {
  dialog: keyof typeof DIALOGS;
  actionId: string;
}

const SIGN_IN: Open = { dialog: 'account', actionId: 'sign-in' };

export interface Dialogs {
  account: () => void;
  media: () => void;
  receipt: (actionId: string) => void;
  topUp: () => void;
  pro: () => void;
  /** Account and Details, where one signs in. */
  signIn: () => void;
}

const DialogsContext = createContext<Dialogs | null>(null);

export function useDialogs(): Dialogs {
  const dialogs = useContext(DialogsContext);
  if (!dialogs) throw new Error('useDialogs is used outside of DialogsProvider');
  return dialogs;
}

export function DialogsProvider({ children }: { children: ReactNode }) {
  const isOutermost = useContext(DialogsContext) === null;
  // Who was sent to an identity provider comes back to where one signs in.
  const [open, setOpen] = useState<Open | null>(() =>
    isOutermost && location.search.includes('sign-in=') ? SIGN_IN : null,
  );
  const dialogs = useMemo<Dialogs>(() => {
    const opens = (dialog: Open['dialog']) => () => {
      setOpen({ dialog, actionId: '' });
    };
    return {
      account: opens('account'),
      media: opens('media'),
      receipt: (actionId) => {
        setOpen({ dialog: 'receipt', actionId });
      },
      topUp: opens('topUp'),
      pro: opens('pro'),
      signIn: () => {
        setOpen(SIGN_IN);
      },
    };
  }, []);
  return (
    <DialogsContext.Provider value={dialogs}>
      {children}
      {open && (
        <OpenDialog
          key={open.dialog}
          open={open}
          close={() => {
            setOpen(null);
          }}
        />
      )}
    </DialogsContext.Provider>
  );
}

function OpenDialog({ open: { dialog, actionId }, close }: { open: Open; close: () => void }) {
  const useDialog: DialogPart = DIALOGS[dialog];
  const [part, isMissing, again] = useDialog();
  if (part) return <part.default actionId={actionId} close={close} />;
  return (
    isMissing && (
      <p className="notice notice-line part-missing" role="alert">
        This could not be loaded.
        <button type="button" className="link" onClick={again}>
          Try again
        </button>
        <button type="button" className="link" onClick={close}>
          Close
        </button>
      </p>
    )
  );
}
