// What a person looks for in the conversations, as they type.
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { announce } from '../ui/announce';
import { type Hit, searchConversations } from './api';
import { listVersion, subscribeVersion } from './changes';

export interface Search {
  isSearching: boolean;
  /** What these are the finds of: what is looked for, or what was before. */
  query: string;
  hits: readonly Hit[];
  next: string | null;
  error?: string;
}

/** How many finds are asked for at first, and with each "Show more". */
const PAGE = 30;
const NOTHING = { query: '', count: 0, hits: [], next: null } as const;

/** The finds of a query that has something in it. */
export function useSearch(query: string): { search: Search; more: () => void } {
  const [found, setFound] = useState<Omit<Search, 'isSearching'> & { count: number }>(NOTHING);
  const [wanted, setWanted] = useState({ query, count: PAGE });
  const version = useSyncExternalStore(subscribeVersion, listVersion);
  const said = useRef('');
  const count = wanted.query === query ? wanted.count : PAGE;
  useEffect(() => {
    // Another letter ends the search before it; what was found stays until there is something new.
    const ending = new AbortController();
    const { signal } = ending;
    find(query, count, signal).then(
      (page) => {
        setFound({ ...page, query, count });
        const words = foundWords(page.hits.length, page.next !== null, query);
        // The same again is none of the person's doing: the list has changed.
        if (said.current !== query + words) announce(words);
        said.current = query + words;
      },
      (error: unknown) => {
        if (signal.aborted) return;
        setFound({ ...NOTHING, query, count, error: error instanceof Error ? error.message : '' });
      },
    );
    return () => {
      ending.abort();
    };
  }, [query, count, version]);
  return {
    search: { ...found, isSearching: found.query !== query || found.count !== count },
    more: () => {
      setWanted({ query, count: count + PAGE });
    },
  };
}

/** The server looks at so much at a time; it is asked until there is a page, or nothing more. */
async function find(query: string, count: number, signal: AbortSignal) {
  const hits: Hit[] = [];
  let next: string | null = null;
  do {
    const page = await searchConversations(query, next, signal);
    signal.throwIfAborted();
    hits.push(...page.conversations);
    next = page.next;
  } while (next !== null && hits.length < count);
  return { hits, next };
}

export function foundWords(count: number, isMore: boolean, query: string): string {
  if (count === 0) return `Nothing found for “${query}”.`;
  return `${count}${isMore ? ' or more' : ''} ${count === 1 ? 'conversation' : 'conversations'} found.`;
}
