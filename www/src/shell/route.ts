// The address says which conversation is open: `/c/ID`, or `/` for a new one.
import { useSyncExternalStore } from 'react';

export interface Route {
  /** The conversation; nothing for a new one. */
  id: string | null;
  /** Each visit is a page of its own, but that a new conversation stays on the page it began on. */
  page: string;
}

const listeners = new Set<() => void>();
let visits = 0;
let route = visit(idOf());

function idOf(): string | null {
  return /^\/c\/([\w-]{1,64})$/.exec(window.location.pathname)?.[1] ?? null;
}

function visit(id: string | null): Route {
  visits += 1;
  return { id, page: String(visits) };
}

function show(next: Route): void {
  route = next;
  for (const changed of listeners) changed();
}

window.addEventListener('popstate', () => {
  if (idOf() !== route.id) show(visit(idOf()));
});

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => {
    listeners.delete(changed);
  };
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, () => route);
}

export function currentId(): string | null {
  return route.id;
}

export function pathOf(id: string | null): string {
  return id === null ? '/' : `/c/${id}`;
}

/** Opens a conversation, or a new one. */
export function go(id: string | null): void {
  if (id === route.id) return;
  window.history.pushState(null, '', pathOf(id));
  show(visit(id));
}

/** Gives the new conversation of this page its address. */
export function begin(id: string): void {
  if (id === route.id) return;
  window.history.pushState(null, '', pathOf(id));
  show({ id, page: route.page });
}
