// The conversations that this page has open, and the list of all. Reading never depends on credits.
import type { ActionView } from '@kumari/credits/client';
import { type ConversationSummary, ApiError, getConversation, listConversations } from './api';
import type { FileView } from '../files/content';
import { type Said, follow } from './stream';
import { type Answer, type Turn, isRunning, turnWith, turnsOf, unsentTurn } from './turns';

export interface OpenConversation {
  status: 'loading' | 'ready' | 'failed';
  title: string;
  turns: readonly Turn[];
  error?: string;
}

export interface ChatState {
  list: {
    status: 'loading' | 'ready' | 'failed';
    conversations: readonly ConversationSummary[];
    next: string | null;
  };
  open: Readonly<Partial<Record<string, OpenConversation>>>;
}

/** One value, so that what is computed of it is computed once. */
export const LOADING: OpenConversation = { status: 'loading', title: '', turns: [] };

export class ChatStore {
  #state: ChatState = { list: { status: 'loading', conversations: [], next: null }, open: {} };
  readonly #listeners = new Set<() => void>();
  readonly #following = new Map<string, () => void>();

  readonly state = (): ChatState => this.#state;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Reads the newest conversations, or the ones after those that are listed. */
  async loadList(more = false): Promise<void> {
    const { list } = this.#state;
    try {
      const page = await listConversations(more ? (list.next ?? undefined) : undefined);
      const conversations = more
        ? [...list.conversations, ...page.conversations]
        : page.conversations;
      this.set({ list: { status: 'ready', conversations, next: page.next } });
    } catch {
      this.set({ list: { ...list, status: list.status === 'ready' ? 'ready' : 'failed' } });
    }
  }

  /** Reads a conversation, and follows what still runs in it. */
  async load(id: string): Promise<void> {
    const known = this.#state.open[id];
    if (known?.status === 'ready') return;
    this.#open(id, LOADING);
    try {
      const { title, messages } = await getConversation(id);
      const turns = turnsOf(messages);
      this.#open(id, { status: 'ready', title, turns });
      for (const turn of turns.filter(isRunning)) this.#follow(id, turn.actionId);
    } catch (error) {
      const message =
        error instanceof ApiError && error.status === 404
          ? 'There is no conversation at this address.'
          : error instanceof Error
            ? error.message
            : 'The conversation could not be read.';
      this.#open(id, { status: 'failed', title: '', turns: [], error: message });
    }
  }

  /** Reads a conversation again, because something happened in it elsewhere. */
  async reload(id: string): Promise<void> {
    this.#open(id, LOADING);
    await Promise.all([this.load(id), this.loadList()]);
  }

  /** Forgets a conversation that is gone, and hears no more of its answers. */
  leave(id: string): void {
    const { [id]: gone, ...open } = this.#state.open;
    for (const { actionId } of gone?.turns ?? []) {
      this.#following.get(actionId)?.();
      this.#following.delete(actionId);
    }
    this.set({ open });
  }

  /** Takes in a message that was just admitted. */
  admitted(action: ActionView, text: string, files: readonly FileView[]): void {
    const id = action.conversation_id;
    const before = this.#state.open[id];
    const turn = unsentTurn({ actionId: action.action_id, text, files });
    const turns = [...(before?.turns ?? []), turnWith(turn, action)];
    this.#open(id, { status: 'ready', title: before?.title ?? '', turns });
    this.#follow(id, action.action_id);
    void this.loadList();
  }

  #follow(id: string, actionId: string): void {
    if (this.#following.has(actionId)) return;
    const stop = follow(actionId, (said) => {
      this.#change(id, actionId, said);
      if (said.kind !== 'done') return;
      this.#following.delete(actionId);
      // The server has counted the tokens of what was said: the next estimate needs them.
      void this.#refresh(id);
    });
    this.#following.set(actionId, stop);
  }

  async #refresh(id: string): Promise<void> {
    try {
      const { title, messages } = await getConversation(id);
      const fresh = turnsOf(messages);
      const shown = this.#state.open[id]?.turns ?? [];
      const taskOf = (actionId: string) => shown.find((turn) => turn.actionId === actionId)?.task;
      const turns = fresh.map((turn) => {
        const running = shown.find((one) => one.actionId === turn.actionId && isRunning(one));
        const task = taskOf(turn.actionId);
        return running ?? (task === undefined ? turn : { ...turn, task });
      });
      this.#open(id, { status: 'ready', title, turns });
    } catch {
      // What is shown stays; the counts come with the next reading.
    }
  }

  #change(id: string, actionId: string, said: Said): void {
    const open = this.#state.open[id];
    if (!open) return;
    const turns = open.turns.map((turn) => (turn.actionId === actionId ? after(turn, said) : turn));
    this.#open(id, { ...open, turns });
  }

  #open(id: string, conversation: OpenConversation): void {
    this.set({ open: { ...this.#state.open, [id]: conversation } });
  }

  /** Takes in what was learned elsewhere. */
  set(part: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...part };
    for (const changed of this.#listeners) changed();
  }
}

function after(turn: Turn, said: Said): Turn {
  switch (said.kind) {
    case 'done':
      return turnWith(turn, said.action);
    case 'restart':
      return {
        ...turn,
        answers: turn.answers.map((answer) => ({ ...answer, text: '', steps: [] })),
      };
    case 'delta':
      return withAnswer(turn, said, ({ text }) => ({ text: text + said.text }));
    case 'step':
      return withAnswer(turn, said, ({ steps }) => ({
        steps: [...steps.slice(0, said.place), said.step, ...steps.slice(said.place + 1)],
      }));
    case 'cost':
      return withAnswer(turn, said, () => ({
        cost: { soFar: said.so_far, atMost: said.at_most },
      }));
    case 'progress':
      return withAnswer(turn, said, () => ({ percent: said.percent }));
    case 'leg':
      return withAnswer(turn, said, () => ({
        model: said.model,
        status: said.status,
        ...(said.charge === undefined ? {} : { charge: said.charge }),
      }));
  }
}

/** The turn with one answer changed. */
function withAnswer(
  turn: Turn,
  { leg }: { leg: number },
  change: (answer: Answer) => Partial<Answer>,
): Turn {
  return {
    ...turn,
    answers: turn.answers.map((one) => (one.leg === leg ? { ...one, ...change(one) } : one)),
  };
}
