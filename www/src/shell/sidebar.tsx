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
import type { MouseEvent } from 'react';
import { useCredits } from '../credits/client';
import { useDialogs } from '../dialogs/dialogs';
import { useLater } from '../use-later';
import { ListSkeleton } from './list-skeleton';
import { go } from './route';
import { type Theme, setTheme, useTheme } from './theme';

/** Brand, new chat, the conversations, and the profile at the bottom. */
export function Sidebar({ current, left }: { current: string | null; left: () => void }) {
  const later = useLater();
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
      {later ? (
        <later.Conversations current={current} open={open} />
      ) : (
        <nav className="conversations" aria-label="Conversations">
          <ListSkeleton />
        </nav>
      )}
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
