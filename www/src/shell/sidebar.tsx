import {
  Menu,
  MenuButton,
  MenuGroup,
  MenuGroupLabel,
  MenuItem,
  MenuItemCheck,
  MenuItemRadio,
  MenuProvider,
} from '@ariakit/react';
import { ChevronsUpDown, SquarePen } from 'lucide-react';
import { type MouseEvent, useMemo } from 'react';
import type { ConversationSummary } from '../chat/api';
import { chat, useChat } from '../chat/use-chat';
import { useCredits } from '../credits/client';
import { useDialogs } from '../dialogs/dialogs';
import { go, pathOf } from './route';
import { type Theme, setTheme, useTheme } from './theme';

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
      <Profile />
    </>
  );
}

const THEMES: readonly { theme: Theme; name: string }[] = [
  { theme: 'system', name: 'Like the system' },
  { theme: 'light', name: 'Light' },
  { theme: 'dark', name: 'Dark' },
];

function Profile() {
  const { session, balance, price_book: book } = useCredits();
  const dialogs = useDialogs();
  const theme = useTheme();
  const plan = book?.plans.find((one) => one.id === balance?.standing.plan)?.name ?? '';
  return (
    <MenuProvider placement="top-start" values={{ theme }}>
      <MenuButton className="profile">
        <span className="avatar" aria-hidden>
          G
        </span>
        <span className="profile-name">
          {session?.guest === false ? 'Your account' : 'Guest'}
          <small>{plan === '' ? 'Your account' : `${plan} plan`}</small>
        </span>
        <ChevronsUpDown aria-hidden size={15} />
      </MenuButton>
      <Menu className="popover menu" gutter={8} aria-label="Your account" unmountOnHide>
        <MenuItem className="menu-item" onClick={dialogs.topUp}>
          Buy a Custom Pack
        </MenuItem>
        <MenuItem className="menu-item" onClick={dialogs.pro}>
          Upgrade to Pro
        </MenuItem>
        <MenuGroup className="menu-group">
          <MenuGroupLabel className="menu-label">Appearance</MenuGroupLabel>
          {THEMES.map((one) => (
            <MenuItemRadio
              key={one.theme}
              className="menu-item"
              name="theme"
              value={one.theme}
              onClick={() => {
                setTheme(one.theme);
              }}
            >
              <span className="menu-check">
                <MenuItemCheck />
              </span>
              {one.name}
            </MenuItemRadio>
          ))}
        </MenuGroup>
      </Menu>
    </MenuProvider>
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
