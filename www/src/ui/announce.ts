// One polite live region for the page: what changed, in words, for people who do not see it.
import { useSyncExternalStore } from 'react';

let said = '';
const listeners = new Set<() => void>();

export function announce(text: string): void {
  // A text that repeats the last one is only read out if it differs.
  said = text === said ? `${text}\u00a0` : text;
  for (const changed of listeners) changed();
}

export function useAnnouncement(): string {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => said,
  );
}
