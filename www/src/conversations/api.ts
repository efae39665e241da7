// What the server does with whole conversations.
import { ApiError, type ConversationSummary, problemOf } from '../chat/api';

/** Where a search found something; runs of spaces are one, `…` stands where it is cut off. */
export interface Found {
  in: 'title' | 'user' | 'assistant';
  before: string;
  text: string;
  after: string;
}

export interface Hit extends ConversationSummary {
  found: Found;
}

const WAIT_MS_MAX = 20_000;

export function searchConversations(
  query: string,
  before: string | null,
  signal: AbortSignal,
): Promise<{ conversations: Hit[]; next: string | null }> {
  const words = new URLSearchParams({ query, limit: '30', before: before ?? '' });
  return ask('GET', `/api/conversations?${words}`, { signal });
}

export function renameConversation(id: string, title: string): Promise<ConversationSummary> {
  return ask('PATCH', pathOf(id), { body: { title } });
}

export function deleteConversation(id: string): Promise<{ restorable_until: string }> {
  return ask('DELETE', pathOf(id));
}

export function restoreConversation(id: string): Promise<ConversationSummary> {
  return ask('POST', `${pathOf(id)}/restore`, { body: {} });
}

function pathOf(id: string): string {
  return `/api/conversations/${encodeURIComponent(id)}`;
}

async function ask<T>(
  method: string,
  path: string,
  { body, signal }: { body?: object; signal?: AbortSignal } = {},
): Promise<T> {
  const inTime = AbortSignal.timeout(WAIT_MS_MAX);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ? AbortSignal.any([signal, inTime]) : inTime,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
  }
  if (response.ok) return (await response.json()) as T;
  throw await problemOf(response);
}
