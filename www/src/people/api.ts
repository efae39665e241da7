// Who one is, to the server: signing up, in and out, and where else one is signed in.
import { ApiError, get, problemOf } from '../chat/api';

export interface Me {
  account_id: string;
  guest: boolean;
  name?: string;
  identities: { kind: 'passkey' | 'oidc'; name: string; created_at: string; used_at: string }[];
  sessions: SessionView[];
  /** Whether what was done here as a guest comes back at the sign-out. */
  guest_kept: boolean;
  ways: {
    passkey: boolean;
    /** What the OpenID provider is called, where there is one. */
    oidc?: string;
  };
}

export interface SessionView {
  id: string;
  device: string;
  created_at: string;
  seen_at: string;
  current: boolean;
}

export const getMe = () => get<Me>('/api/me');

/** Sends, and gives what comes back; nothing where there is no content. */
export async function ask<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(method === 'POST' && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      }),
    });
  } catch {
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
  }
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
