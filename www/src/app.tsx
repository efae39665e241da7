import { Dialog } from '@ariakit/react';
import { Menu as MenuIcon } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { OpenConversation } from './chat/store';
import { historyOf, isRunning } from './chat/turns';
import { chat, useConversation } from './chat/use-chat';
import { Composer } from './composer/composer';
import type { Draft } from './composer/draft';
import { useDraft } from './composer/use-draft';
import { MESSAGE_ID } from './composer/use-field';
import { useEncodings } from './composer/use-token-count';
import { CreditsProvider, useCredits, usePrices } from './credits/client';
import { DialogsProvider } from './dialogs/dialogs';
import { BalanceView } from './shell/balance';
import { useRoute } from './shell/route';
import { Sidebar } from './shell/sidebar';
import { Start } from './thread/start';
import { Thread } from './thread/thread';
import { Boundary } from './ui/boundary';
import { LiveRegion } from './ui/live-region';

export function App() {
  const broken = (error: unknown) => <Broken error={error} />;
  return (
    <Boundary broken={broken}>
      <CreditsProvider failed={broken}>
        <DialogsProvider>
          <Shell />
        </DialogsProvider>
        <LiveRegion />
      </CreditsProvider>
    </Boundary>
  );
}

function Shell() {
  const { id, page } = useRoute();
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  const { session } = useCredits();
  const isReady = session !== null;
  useEffect(() => {
    if (isReady) void chat.loadList();
  }, [isReady]);
  const closeDrawer = () => {
    setIsDrawerOpen(false);
  };
  return (
    <div className="shell">
      <a className="skip" href={`#${MESSAGE_ID}`}>
        Skip to the message
      </a>
      <aside className="sidebar" aria-label="Kumari">
        <Sidebar current={id} left={closeDrawer} />
      </aside>
      <Dialog
        open={isDrawerOpen}
        onClose={closeDrawer}
        className="sidebar drawer"
        // In a field it clears, or leaves as it was.
        hideOnEscape={({ target }) => !(target instanceof HTMLInputElement)}
        backdrop={<div className="backdrop" />}
        aria-label="Kumari"
        unmountOnHide
      >
        <Sidebar current={id} left={closeDrawer} />
      </Dialog>
      <ChatPage
        key={page}
        id={id}
        isReady={isReady}
        openDrawer={() => {
          setIsDrawerOpen(true);
        }}
      />
    </div>
  );
}

function ChatPage({
  id,
  isReady,
  openDrawer,
}: {
  id: string | null;
  isReady: boolean;
  openDrawer: () => void;
}) {
  const conversation = useConversation(id, isReady);
  const prices = usePrices();
  const encodings = useEncodings(prices?.models);
  const kept = useDraft(id);
  const { change } = kept;
  const { sending } = kept.draft;
  const use = useCallback(
    (next: Draft) => {
      change((draft) => ({ ...next, files: draft.files }));
      document.getElementById(MESSAGE_ID)?.focus();
    },
    [change],
  );
  const history = useMemo(() => historyOf(conversation?.turns ?? []), [conversation?.turns]);
  const running = conversation?.turns.find(isRunning)?.actionId ?? null;
  const title = conversation?.title ?? '';
  useEffect(() => {
    document.title = title === '' ? 'Kumari' : `${title} – Kumari`;
  }, [title]);

  return (
    <main className="main">
      <header className="header">
        <button type="button" className="icon-button menu-button" onClick={openDrawer}>
          <MenuIcon aria-hidden size={19} />
          <span className="visually-hidden">Conversations</span>
        </button>
        {id === null ? (
          <span className="header-title" />
        ) : (
          <h1 className="header-title">{title === '' ? 'Conversation' : title}</h1>
        )}
        <ConnectionNote />
        <BalanceView />
      </header>
      {conversation || sending ? (
        <Thread conversation={conversation ?? BEGINNING} sending={sending} prices={prices} />
      ) : (
        <Start prices={prices} encodings={encodings} use={use} />
      )}
      <Composer
        conversationId={id}
        kept={kept}
        history={history}
        encodings={encodings}
        prices={prices}
        running={running}
      />
    </main>
  );
}

/** A conversation whose first message is on its way. */
const BEGINNING: OpenConversation = { status: 'ready', title: '', turns: [] };

/** Says what is not as usual: a demo, or no connection. */
function ConnectionNote() {
  const { status, session, error } = useCredits();
  if (status === 'offline') {
    return (
      <span className="pill pill-warn" title={error?.message}>
        Offline
      </span>
    );
  }
  if (session?.demo_payments) {
    return (
      <span className="pill" title="No money is taken: this server has no payment provider.">
        Demo
      </span>
    );
  }
  return null;
}

function Broken({ error }: { error: unknown }) {
  return (
    <main className="broken" role="alert">
      <h1>Something broke</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <button
        type="button"
        className="button button-primary"
        onClick={() => {
          window.location.reload();
        }}
      >
        Try again
      </button>
    </main>
  );
}
