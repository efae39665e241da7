// The list of conversations, with what a person looks for in them.
import { Search as SearchIcon, X } from 'lucide-react';
import { type MouseEvent, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { ConversationSummary } from '../chat/api';
import { chat, useChat } from '../chat/use-chat';
import { ListSkeleton } from '../shell/list-skeleton';
import { changed, subscribe } from './change';
import { listen } from './changes';
import { type ChangeRenaming, ConversationRow, type Renaming } from './conversation-row';
import { NoteBelow } from './note';
import { foundWords, useSearch } from './use-search';

export type Open = (id: string) => (event: MouseEvent<HTMLAnchorElement>) => void;

export function Conversations({ current, open }: { current: string | null; open: Open }) {
  const { list } = useChat();
  const { gone } = useSyncExternalStore(subscribe, changed);
  const [query, setQuery] = useState('');
  const [renaming, changeRenaming] = useState<Renaming | null>(null);
  const sought = query.trim();
  const isReady = list.status === 'ready';
  useEffect(() => {
    if (isReady) listen();
  }, [isReady]);
  const listing = { gone, current, open, renaming, changeRenaming };
  return (
    <>
      <nav className="conversations" aria-label="Conversations">
        {isReady && <SearchField query={query} change={setQuery} />}
        <div className="conversation-list">
          {sought === '' ? <All {...listing} /> : <Finds query={sought} {...listing} />}
        </div>
      </nav>
      <NoteBelow />
    </>
  );
}

function SearchField({ query, change }: { query: string; change: (query: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const clear = () => {
    change('');
    field.current?.focus();
  };
  return (
    <search className="conversation-search">
      <SearchIcon aria-hidden size={15} />
      <input
        ref={field}
        type="text"
        role="searchbox"
        aria-label="Search conversations"
        placeholder="Search"
        autoComplete="off"
        enterKeyHint="search"
        maxLength={200}
        value={query}
        onChange={(event) => {
          change(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') clear();
        }}
      />
      {query !== '' && (
        <button type="button" className="row-button" aria-label="Clear search" onClick={clear}>
          <X aria-hidden size={15} />
        </button>
      )}
    </search>
  );
}

interface Listing {
  gone: ReadonlySet<string>;
  current: string | null;
  open: Open;
  renaming: Renaming | null;
  changeRenaming: ChangeRenaming;
}

function All({ gone, current, open, renaming, changeRenaming }: Listing) {
  const { list } = useChat();
  const shown = useMemo(
    () => list.conversations.filter(({ id }) => !gone.has(id)),
    [list.conversations, gone],
  );
  const groups = useMemo(() => byDay(shown), [shown]);
  if (list.status === 'loading') return <ListSkeleton />;
  if (list.status === 'failed') {
    return (
      <p className="sidebar-note">
        Your conversations could not be read.{' '}
        <button type="button" className="link" onClick={() => void chat.loadList()}>
          Try again
        </button>
      </p>
    );
  }
  return (
    <>
      {shown.length === 0 && (
        <p className="sidebar-note">You have no conversations. New ones are listed here.</p>
      )}
      {groups.map(({ name, conversations }) => (
        <section key={name} aria-label={name}>
          <h2>{name}</h2>
          <ul>
            {conversations.map((one) => (
              <ConversationRow
                key={one.id}
                conversation={one}
                isCurrent={one.id === current}
                open={open}
                renaming={renaming?.id === one.id ? renaming.title : null}
                changeRenaming={changeRenaming}
              />
            ))}
          </ul>
        </section>
      ))}
      {list.next !== null && (
        <button type="button" className="quiet" onClick={() => void chat.loadList(true)}>
          Show older
        </button>
      )}
    </>
  );
}

function Finds({
  query,
  gone,
  current,
  open,
  renaming,
  changeRenaming,
}: Listing & { query: string }) {
  const { search, more } = useSearch(query);
  const hits = search.hits.filter(({ id }) => !gone.has(id));
  if (search.error !== undefined && !search.isSearching) {
    return (
      <p className="sidebar-note" role="alert">
        The search did not work. {search.error}
      </p>
    );
  }
  if (search.isSearching && hits.length === 0) return <ListSkeleton />;
  return (
    <>
      {hits.length === 0 && <p className="sidebar-note">{foundWords(0, false, search.query)}</p>}
      <ul aria-label="Found">
        {hits.map((hit) => (
          <ConversationRow
            key={hit.id}
            conversation={hit}
            found={hit.found}
            isCurrent={hit.id === current}
            open={open}
            renaming={renaming?.id === hit.id ? renaming.title : null}
            changeRenaming={changeRenaming}
          />
        ))}
      </ul>
      {search.next !== null && (
        <button type="button" className="quiet" onClick={more}>
          Show more
        </button>
      )}
    </>
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
