import { Dialog, DialogDismiss, DialogHeading } from '@ariakit/react';
import { X } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { MESSAGE_ID } from '../composer/use-field';

/** A dialog in the middle of the page; on a phone at its foot. */
export function Modal({
  title,
  close,
  isWide,
  children,
}: {
  title: string;
  close: () => void;
  isWide?: boolean;
  children: ReactNode;
}) {
  useEffect(() => goOnWriting, []);
  return (
    <Dialog
      open
      onClose={close}
      // What closes behind it gives its focus back to where it came from: that is nobody's wish to leave.
      hideOnInteractOutside={({ type }) => type !== 'focusin'}
      backdrop={<div className="backdrop" />}
      className="modal"
      data-wide={isWide || undefined}
      unmountOnHide
    >
      <header className="modal-head">
        <DialogHeading className="modal-title">{title}</DialogHeading>
        <DialogDismiss className="icon-button" aria-label="Close">
          <X aria-hidden size={18} />
        </DialogDismiss>
      </header>
      <div className="modal-body">{children}</div>
    </Dialog>
  );
}

/** Where what opened a dialog is gone with what it said, the place to write takes the focus. */
function goOnWriting() {
  setTimeout(() => {
    if (document.activeElement === document.body) document.getElementById(MESSAGE_ID)?.focus();
  });
}
