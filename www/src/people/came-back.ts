// What became of a sign-in with an identity provider: the address that one comes back to says it.
import { tellOtherTabs } from './switch';

const WORDS: Record<string, string> = {
  sign_in_expired: 'That took too long, or was begun again elsewhere. Try again.',
  session_missing: 'This browser kept no cookie meanwhile. Allow cookies, and try again.',
  oidc_denied: 'Nobody was signed in there. Try again, or use a passkey.',
  oidc_unavailable: 'It does not answer now. Try again in a moment, or use a passkey.',
  oidc_refused: 'The answer could not be verified. Try again.',
  identity_taken: 'It signs in to another account. Sign out first, and sign in with it.',
  too_many_identities: 'This account has as many ways to sign in as there may be.',
};

/** How it went; nothing where nobody comes back. The address says it once. */
let code = new URLSearchParams(window.location.search).get('sign-in');
if (code !== null) window.history.replaceState(null, '', window.location.pathname);
if (code === 'done') tellOtherTabs();

/** Why it did not work, in words; empty where it did, and where nobody comes back. */
export function cameBack(): string {
  if (code === null || code === 'done') return '';
  return WORDS[code] ?? 'Nobody could be signed in. Try again in a moment.';
}

/** It was read. */
export function forgetComingBack(): void {
  code = null;
}
