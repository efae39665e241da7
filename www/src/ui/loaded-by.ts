// Parts of the page that are loaded when they are first needed. Where one does not come, because the
// network is away or the server has newer files, the page stays and says so.
import { useEffect, useSyncExternalStore } from 'react';

/** The part once it is here; whether it did not come; how to try again. */
export type Part<T> = readonly [part: T | null, isMissing: boolean, again: () => void];

/** A hook that loads a part with the first that is shown of it, once for the page. */
export function loadedBy<T extends object>(load: () => Promise<T>): () => Part<T> {
  const waiting = new Set<() => void>();
  let isLoading = false;
  const tell = (part: T | null, isMissing: boolean) => {
    isLoading = false;
    now = [part, isMissing, again];
    for (const changed of waiting) changed();
  };
  const again = () => {
    if (isLoading || now[0]) return;
    isLoading = true;
    load().then(
      (part) => {
        tell(part, false);
      },
      () => {
        tell(null, true);
      },
    );
  };
  let now: Part<T> = [null, false, again];
  const subscribe = (changed: () => void) => {
    waiting.add(changed);
    window.addEventListener('online', again);
    return () => {
      waiting.delete(changed);
      if (waiting.size === 0) window.removeEventListener('online', again);
    };
  };
  return function useLoaded() {
    useEffect(again, []);
    return useSyncExternalStore(subscribe, () => now);
  };
}
