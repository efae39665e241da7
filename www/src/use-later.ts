// The parts of the page that nobody needs before its first paint, once they are here.
import { useEffect, useState } from 'react';

type Later = typeof import('./later');

let loaded: Later | null = null;
let loading: Promise<Later> | undefined;

function load(): Promise<Later> {
  loading ??= import('./later').then((later) => (loaded = later));
  // Where it did not come, it is tried again with the next part of the page that asks, and once
  // there is a connection.
  loading.catch(() => (loading = undefined));
  return loading;
}

export function useLater(): Later | null {
  const [later, setLater] = useState(loaded);
  useEffect(() => {
    const take = () => {
      load().then(setLater, () => undefined);
    };
    take();
    window.addEventListener('online', take);
    return () => {
      window.removeEventListener('online', take);
    };
  }, []);
  return later;
}
