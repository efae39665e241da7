// Asks the browser for a passkey, and the server what it thinks of the answer.
import { ask } from './api';

interface Options<T> {
  publicKey: T;
}

/** Whether this browser knows passkeys in the form that servers speak. */
export function hasPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function'
  );
}

/** Makes a passkey for this account. */
export async function createPasskey(name: string): Promise<void> {
  const options = await ask<Options<PublicKeyCredentialCreationOptionsJSON>>(
    'POST',
    '/api/passkeys/begin',
    { name },
  );
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey);
  await ask('POST', '/api/passkeys', said(await navigator.credentials.create({ publicKey })));
}

/** Signs in with a passkey that the person chooses. */
export async function usePasskey(): Promise<void> {
  const options = await ask<Options<PublicKeyCredentialRequestOptionsJSON>>(
    'POST',
    '/api/sign-in/passkey/begin',
  );
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
  await ask('POST', '/api/sign-in/passkey', said(await navigator.credentials.get({ publicKey })));
}

function said(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('No passkey was given.');
  return credential.toJSON();
}

/** Why it did not work, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof DOMException) {
    switch (error.name) {
      case 'InvalidStateError':
        return 'This device has a passkey of this account already.';
      case 'NotAllowedError':
        return 'No passkey was given: it was cancelled, it took too long, or there is none here.';
      case 'SecurityError':
        return 'This browser makes no passkeys for this address.';
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.charAt(0).toUpperCase() + message.slice(1);
}
