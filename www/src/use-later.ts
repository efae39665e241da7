// The parts of the page that nobody needs before its first paint, once they are here.
import { useEffect, useState } from 'react';

type Later = typeof import('./later');

let loaded: Later | null = null;
let loading: Promise<Later> | undefined;

function load(): Promise<Later> {
  loading ??= import('./later').then((later) => (loaded = later));
  // Where it did not come, the next part of the page that asks tries again.
  loading.catch(() => (loading = undefined));
  return loading;
}

export function useLater(): Later | null {
  const [later, setLater] = useState(loaded);
  useEffect(() => {
    load().then(setLater, () => undefined);
  }, []);
  return later;
}
