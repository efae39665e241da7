// Keeps the list of conversations true: the server says when it has changed, here or elsewhere.
import {
  ApiError,
  type ConversationSummary,
  getConversation,
  listConversations,
} from '../chat/api';
import { chat } from '../chat/use-chat';
import { currentId } from '../shell/route';

/** The wait before the stream is opened again where the server refused it. */
const AGAIN_MS = 15_000;

let source: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let isListening = false;

/**
 * Listens from now on, once for the page, while it is seen: a page that nobody sees needs no
 * connection, of which a browser has few. The first event comes at once, so nothing is missed.
 */
export function listen(): void {
  if (isListening) return;
  isListening = true;
  document.addEventListener('visibilitychange', connect);
  connect();
}

function connect(): void {
  clearTimeout(timer);
  source?.close();
  if (document.visibilityState !== 'visible') return;
  const opened = new EventSource('/api/conversations/events');
  source = opened;
  opened.addEventListener('conversations', () => void refresh());
  opened.addEventListener('error', () => {
    if (opened.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
  });
}

/** What depends on the list beside it: searches. */
const listeners = new Set<() => void>();
let version = 0;

export function listVersion(): number {
  return version;
}

export function subscribeVersion(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let reading: Promise<void> | undefined;
let isStale = false;

/** Reads as much of the list again as is shown. Of many calls during one reading one more is made. */
export function refresh(): Promise<void> {
  isStale = true;
  reading ??= (async () => {
    while (isStale) {
      isStale = false;
      await readAgain();
    }
  })().finally(() => (reading = undefined));
  return reading;
}

async function readAgain(): Promise<void> {
  const shown = chat.state().list.conversations.length;
  const conversations: ConversationSummary[] = [];
  let next: string | null | undefined;
  try {
    do {
      const page = await listConversations(next ?? undefined);
      conversations.push(...page.conversations);
      next = page.next;
    } while (next !== null && conversations.length < shown);
  } catch {
    // What is shown stays; the next change is heard, or the next connection says so.
    return;
  }
  chat.set({ list: { status: 'ready', conversations, next } });
  version += 1;
  for (const listener of listeners) listener();
  await lookAtOpen(conversations);
}

/** The conversation that is open may have another title, be deleted, or be back. */
async function lookAtOpen(conversations: readonly ConversationSummary[]): Promise<void> {
  const id = currentId();
  const here = id === null ? undefined : chat.state().open[id];
  if (id === null || !here) return;
  const listed = conversations.find((one) => one.id === id);
  if (listed && here.status === 'failed') return chat.load(id);
  if (listed && here.title !== listed.title) {
    chat.set({ open: { ...chat.state().open, [id]: { ...here, title: listed.title } } });
  }
  if (listed || here.status !== 'ready') return;
  try {
    await getConversation(id);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) return;
    chat.leave(id);
    const deleted = { title: '', turns: [], error: 'This conversation was deleted.' };
    chat.set({ open: { ...chat.state().open, [id]: { ...deleted, status: 'failed' } } });
  }
}
