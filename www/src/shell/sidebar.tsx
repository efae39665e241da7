import { SquarePen } from 'lucide-react';
import { type MouseEvent, useMemo } from 'react';
import type { ConversationSummary } from '../chat/api';
import { chat, useChat } from '../chat/use-chat';
import { Profile } from './profile';
import { go, pathOf } from './route';

/** Brand, new chat, the conversations, and the profile at the bottom. */
export function Sidebar({ current, left }: { current: string | null; left: () => void }) {
  const { list } = useChat();
  const groups = useMemo(() => byDay(list.conversations), [list.conversations]);
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
      <nav className="conversations" aria-label="Conversations">
        {list.status === 'loading' && <ListSkeleton />}
        {list.status === 'failed' && (
          <p className="sidebar-note">
            Your conversations could not be read.{' '}
            <button type="button" className="link" onClick={() => void chat.loadList()}>
              Try again
            </button>
          </p>
        )}
        {list.status === 'ready' && list.conversations.length === 0 && (
          <p className="sidebar-note">Your conversations will be listed here.</p>
        )}
        {groups.map(({ name, conversations }) => (
          <section key={name} aria-label={name}>
            <h2>{name}</h2>
            <ul>
              {conversations.map((one) => (
                <li key={one.id}>
                  <a
                    href={pathOf(one.id)}
                    aria-current={one.id === current ? 'page' : undefined}
                    onClick={open(one.id)}
                  >
                    {one.title || 'Untitled'}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
        {list.next !== null && (
          <button type="button" className="quiet" onClick={() => void chat.loadList(true)}>
            Show older
          </button>
        )}
      </nav>
      <Profile left={left} />
    </>
  );
}

function ListSkeleton() {
  return (
    <div className="skeleton-lines" aria-hidden>
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}

function byDay(conversations: readonly ConversationSummary[]) {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  const yesterday = new Date(today);
  yesterday.setDate(yesterday.getDate() - 1);
  const nameOf = ({ updated_at }: ConversationSummary) => {
    const at = new Date(updated_at);
    if (at >= today) return 'Today';
    return at >= yesterday ? 'Yesterday' : 'Earlier';
  };
  const groups = new Map<string, ConversationSummary[]>();
  for (const one of conversations) {
    groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one]);
  }
  return [...groups].map(([name, some]) => ({ name, conversations: some }));
}
