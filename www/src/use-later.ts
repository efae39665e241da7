// The parts of the page that nobody needs before its first paint, once they are here.
import { loadedBy } from './ui/loaded-by';

type Later = typeof import('./later');

/** The same, with whether they did not come and how to try again. */
export const useParts = loadedBy<Later>(() => import('./later'));

export function useLater(): Later | null {
  return useParts()[0];
}
