// Renames and deletes conversations, and takes deletions back. What a person did shows at once; what
// the server did not take is put back and said.
import { ApiError, type ConversationSummary } from '../chat/api';
import { chat } from '../chat/use-chat';
import { forgetDraft } from '../composer/draft';
import { currentId, go } from '../shell/route';
import { announce } from '../ui/announce';
import { deleteConversation, renameConversation, restoreConversation } from './api';
import { refresh } from './changes';

/** What is said below the list. */
export interface Note {
  words: string;
  isFault?: boolean;
  /** What can be taken back. */
  undo?: Deletion;
}

interface Deletion {
  conversation: ConversationSummary;
  wasOpen: boolean;
  /** Over once the server has answered, whatever it said. */
  asked: Promise<unknown>;
}

export interface Changed {
  note: Note | null;
  /** Conversations that are listed no more, whatever the list says that is on its way. */
  gone: ReadonlySet<string>;
}

let state: Changed = { note: null, gone: new Set() };
const listeners = new Set<() => void>();

export function changed(): Changed {
  return state;
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(part: Partial<Changed>): void {
  state = { ...state, ...part };
  for (const listener of listeners) listener();
}

/** Takes away what is said below the list; a deletion that could be taken back stands then. */
export function dismiss(note: Note): void {
  if (note.undo) forgetDraft(note.undo.conversation.id);
  if (state.note === note) set({ note: null });
}

/** Gives a conversation another title; says whether it has it. */
export async function rename(conversation: ConversationSummary, title: string): Promise<boolean> {
  retitle(conversation.id, title);
  try {
    const { title: kept } = await renameConversation(conversation.id, title);
    retitle(conversation.id, kept);
    announce(`Renamed to ${kept}.`);
    void refresh();
    return true;
  } catch (error) {
    retitle(conversation.id, conversation.title);
    const was = `“${titleOf(conversation)}”`;
    fail(isUnknown(error) ? unknown(`${was} was renamed`) : `${was} was not renamed.`, error);
    void refresh();
    return false;
  }
}

/** Deletes a conversation; who has it open goes to a new one. */
export async function remove(conversation: ConversationSummary): Promise<void> {
  const { id } = conversation;
  const wasOpen = currentId() === id;
  if (state.note) dismiss(state.note);
  const asking = deleteConversation(id);
  const asked = asking.catch(() => undefined);
  const deletion = { conversation, wasOpen, asked };
  const note: Note = { words: 'Deleted.', undo: deletion };
  chat.leave(id);
  set({ note, gone: new Set([...state.gone, id]) });
  if (wasOpen) go(null);
  announce(`Deleted: ${titleOf(conversation)}. Undo is below the conversations.`);
  try {
    await asking;
  } catch (error) {
    // What is not there any more is what was wanted.
    if (error instanceof ApiError && error.status === 404) return;
    // It is there again until the list says otherwise.
    bringBack(id);
    const was = `“${titleOf(conversation)}”`;
    if (isUnknown(error)) {
      fail(unknown(`${was} was deleted`), error, deletion);
    } else {
      if (wasOpen && currentId() === null) go(id);
      fail(`${was} was not deleted.`, error);
    }
  }
  void refresh();
}

/** Takes a deletion back, and opens the conversation where it was open; says whether it is back. */
export async function undo(
  note: Note,
  { conversation, wasOpen, asked }: Deletion,
): Promise<boolean> {
  const { id } = conversation;
  if (state.note === note) set({ note: null });
  await asked;
  try {
    await restoreConversation(id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      set({
        note: { words: `It is too late to bring “${titleOf(conversation)}” back.`, isFault: true },
      });
    } else {
      fail('It was not brought back.', error, { conversation, wasOpen, asked });
    }
    return false;
  }
  bringBack(id);
  if (wasOpen && currentId() === null) go(id);
  announce(`${titleOf(conversation)} is back.`);
  await refresh();
  return true;
}

export function titleOf({ title }: { title: string }): string {
  return title || 'Untitled';
}

function bringBack(id: string): void {
  set({ gone: new Set([...state.gone].filter((one) => one !== id)) });
}

function retitle(id: string, title: string): void {
  const { list, open } = chat.state();
  const conversations = list.conversations.map((one) => (one.id === id ? { ...one, title } : one));
  const here = open[id];
  chat.set({
    list: { ...list, conversations },
    ...(here && { open: { ...open, [id]: { ...here, title } } }),
  });
}

/** Answers after which the server may have done it all the same. */
const UNKNOWN = ['unreachable', 'outcome_unknown', 'timed_out', 'internal', 'unknown'];

function isUnknown(error: unknown): boolean {
  return !(error instanceof ApiError) || UNKNOWN.includes(error.code);
}

function unknown(what: string): string {
  return `It is not known whether ${what}.`;
}

function fail(words: string, error: unknown, undo?: Deletion): void {
  const why = error instanceof Error ? ` ${sentence(error.message)}` : '';
  set({ note: { words: words + why, isFault: true, ...(undo && { undo }) } });
}

/** The server's own words are lower case and have no period. */
function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
