// Keeps the list of conversations true: the server says when it has changed, here or elsewhere.
import {
  ApiError,
  type ConversationSummary,
  getConversation,
  listConversations,
} from '../chat/api';
import { chat } from '../chat/use-chat';
import { currentId } from '../shell/route';

const NAME = 'kumari-conversations';
/** The wait before the stream is opened again where the server refused it. */
const AGAIN_MS = 15_000;

let isListening = false;
let channel: BroadcastChannel | undefined;
let ending: AbortController | undefined;

/**
 * Listens from now on, once for the page. A browser has few connections for all of its pages, so of
 * those that are seen one listens to the server, and tells the others.
 */
export function listen(): void {
  if (isListening) return;
  isListening = true;
  channel = new BroadcastChannel(NAME);
  channel.addEventListener('message', () => void refresh());
  document.addEventListener('visibilitychange', takePart);
  takePart();
}

function takePart(): void {
  ending?.abort();
  if (document.visibilityState !== 'visible') return;
  // What was told while nobody saw the page.
  void refresh();
  ending = new AbortController();
  const { signal } = ending;
  // A page of an address that is not secure knows no locks: it listens for itself.
  const locks = navigator.locks as LockManager | undefined;
  const taken = locks?.request(NAME, { signal }, () => hear(signal)) ?? hear(signal);
  taken.catch(() => undefined);
}

/** Hears the server until the signal. */
function hear(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      source = new EventSource('/api/conversations/events');
      source.addEventListener('conversations', () => {
        channel?.postMessage(null);
        void refresh();
      });
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
      });
    };
    open();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      source.close();
      resolve();
    });
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
