// What becomes of this browser's tabs when somebody signs in or out: each begins anew.
const tabs = typeof BroadcastChannel === 'function' ? new BroadcastChannel('kumari-people') : null;

if (tabs) {
  tabs.onmessage = () => {
    window.location.reload();
  };
}

/** The other tabs begin anew. */
export function tellOtherTabs(): void {
  tabs?.postMessage('changed');
}

/** Begins anew, here and in the other tabs. Drafts are kept. */
export function beginAnew(): void {
  tellOtherTabs();
  window.location.assign('/');
}

/** What somebody typed is not for who comes after. */
export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('kumari:draft:')) localStorage.removeItem(key);
  }
}
