// What is said below the list: that a conversation was deleted, with the way back, or what did not
// work.
import { X } from 'lucide-react';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { pathOf } from '../shell/route';
import { type Note, changed, dismiss, subscribe, titleOf, undo } from './change';

/** How long the way back stays once nobody points at it or has the focus in it. */
const STAYS_SECONDS = 12;

export function NoteBelow() {
  const { note } = useSyncExternalStore(subscribe, changed);
  return note && <OneNote key={note.undo?.conversation.id ?? note.words} note={note} />;
}

/** It is in the sidebar and in the drawer, of which one is seen. */
function OneNote({ note }: { note: Note }) {
  const { undo: deletion } = note;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The row that had the focus is gone: the way back is the next thing, also where a new
    // conversation has just opened.
    const frame = requestAnimationFrame(() => button.current?.focus({ preventScroll: true }));
    return () => {
      cancelAnimationFrame(frame);
    };
  }, []);
  useEffect(() => {
    if (note.isFault) return;
    let left = STAYS_SECONDS;
    const timer = setInterval(() => {
      left = isHeld() ? STAYS_SECONDS : left - 1;
      if (left === 0) dismiss(note);
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, [note]);
  return (
    <div className="conversation-note" data-fault={note.isFault}>
      <p role={note.isFault ? 'alert' : undefined}>
        {note.words}
        {deletion && <small>{titleOf(deletion.conversation)}</small>}
      </p>
      {deletion && (
        <button
          ref={button}
          type="button"
          className="link"
          onClick={() => {
            void undo(note, deletion).then((isBack) => {
              if (isBack)
                focusOn(`.conversation-row a[href="${pathOf(deletion.conversation.id)}"]`);
            });
          }}
        >
          Undo
        </button>
      )}
      <button
        type="button"
        className="row-button"
        aria-label="Dismiss"
        onClick={() => {
          dismiss(note);
          focusOn('.conversation-search input');
        }}
      >
        <X aria-hidden size={15} />
      </button>
    </div>
  );
}

/** Where the focus goes that was in the note; of sidebar and drawer only the one that is seen takes it. */
function focusOn(selector: string): void {
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    for (const one of document.querySelectorAll<HTMLElement>(selector)) one.focus();
  });
}

function isHeld(): boolean {
  return document.querySelector('.conversation-note:is(:hover, :focus-within)') !== null;
}
