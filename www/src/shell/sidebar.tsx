import { Images, SquarePen } from 'lucide-react';
import type { MouseEvent } from 'react';
import { useDialogs } from '../dialogs/dialogs';
import { useParts } from '../use-later';
import { ListSkeleton } from './list-skeleton';
import { Profile } from './profile';
import { go } from './route';

/** Brand, new chat, the conversations, and the profile at the bottom. */
export function Sidebar({ current, left }: { current: string | null; left: () => void }) {
  const [later, isMissing, again] = useParts();
  const dialogs = useDialogs();
  const open = (id: string | null) => (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(id);
    left();
  };
  return (
    <>
      <div className="sidebar-head">
        <a className="brand" href="/" onClick={open(null)}>
          <img src="/favicon.svg" alt="" width={26} height={26} />
          Kumari
        </a>
      </div>
      <a className="new-chat" href="/" onClick={open(null)}>
        <SquarePen aria-hidden size={16} /> New chat
      </a>
      <button
        type="button"
        className="new-chat media-entry"
        onClick={() => {
          left();
          dialogs.media();
        }}
      >
        <Images aria-hidden size={16} /> Media library
      </button>
      {later ? (
        <later.Conversations current={current} open={open} />
      ) : (
        <nav className="conversations" aria-label="Conversations">
          {isMissing ? (
            <p className="sidebar-note">
              Your conversations could not be loaded.{' '}
              <button type="button" className="link" onClick={again}>
                Try again
              </button>
            </p>
          ) : (
            <ListSkeleton />
          )}
        </nav>
      )}
      <Profile left={left} />
    </>
  );
}
