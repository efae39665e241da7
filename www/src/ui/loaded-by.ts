// Parts of the page that are loaded when they are first needed. Where one does not come, because the
// network is away or the server has newer files, the page stays and says so.
import { useCallback, useEffect, useState } from 'react';

/** The part once it is here; whether it did not come; how to try again. */
export type Part<T> = readonly [part: T | null, isMissing: boolean, again: () => void];

/** A hook that loads a part with the first that is shown of it, once for the page. */
export function loadedBy<T extends object>(load: () => Promise<T>): () => Part<T> {
  let loaded: T | null = null;
  let loading: Promise<T> | undefined;
  const begin = () => {
    loading ??= load().then((part) => (loaded = part));
    // Whoever asks next tries again, and whoever has asked once there is a connection.
    loading.catch(() => (loading = undefined));
    return loading;
  };
  return function useLoaded() {
    const [part, setPart] = useState(loaded);
    const [isMissing, setIsMissing] = useState(false);
    const again = useCallback(() => {
      begin().then(setPart, () => {
        setIsMissing(true);
      });
    }, []);
    useEffect(() => {
      again();
      window.addEventListener('online', again);
      return () => {
        window.removeEventListener('online', again);
      };
    }, [again]);
    return [part, isMissing && part === null, again];
  };
}
