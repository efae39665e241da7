import { useEffect, useSyncExternalStore } from 'react';
import { type ChatState, type OpenConversation, ChatStore, LOADING } from './store';

/** The one store of the page. */
export const chat = new ChatStore();

export function useChat(): ChatState {
  return useSyncExternalStore(chat.subscribe, chat.state);
}

/** The conversation that is open, read when it is needed; nothing for a new one. */
export function useConversation(id: string | null, isReady: boolean): OpenConversation | null {
  const { open } = useChat();
  useEffect(() => {
    if (id !== null && isReady) void chat.load(id);
  }, [id, isReady]);
  return id === null ? null : (open[id] ?? LOADING);
}
