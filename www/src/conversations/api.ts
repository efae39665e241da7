// What the server does with whole conversations.
import type { ConversationSummary } from '../chat/api';
import { ask } from '../chat/ask';

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
