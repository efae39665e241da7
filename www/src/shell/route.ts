// The address says which conversation is open: `/c/ID`, or `/` for a new one.
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  window.addEventListener('popstate', changed);
  return () => {
    listeners.delete(changed);
    window.removeEventListener('popstate', changed);
  };
}

function conversationId(): string | null {
  return /^\/c\/([\w-]{1,64})$/.exec(window.location.pathname)?.[1] ?? null;
}

export function useConversationId(): string | null {
  return useSyncExternalStore(subscribe, conversationId);
}

export function pathOf(id: string | null): string {
  return id === null ? '/' : `/c/${id}`;
}

/** Opens a conversation, or a new one. */
export function go(id: string | null): void {
  if (window.location.pathname !== pathOf(id)) window.history.pushState(null, '', pathOf(id));
  for (const changed of listeners) changed();
}
