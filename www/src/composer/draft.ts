// What a person was about to send, kept for each conversation across reloads and at zero credits.
import type { KindName, ModelId, Request } from '@kumari/credits';
import { MODES, type Mode } from '../credits/words';
import type { FileView } from '../files/content';
import { type DraftFile, asLeft, isDraftFile, isView } from './draft-files';

export interface Draft {
  text: string;
  files: readonly DraftFile[];
  mode: Mode;
  /** The model of a mode that asks one; the book's default where empty. */
  model: ModelId;
  /** The models that make something, by kind; the book's first where absent. */
  made?: Partial<Record<KindName, ModelId>> | undefined;
  /** How many are made, and how long they are, by kind; one where absent. */
  amounts?: Partial<Record<KindName, Amounts>> | undefined;
  /** The models of Compare. */
  compared: ModelId[];
  /** The message that was sent and has no answer yet. It is not in the field any more. */
  sending?: Sending;
  /** The ids of a send that failed without an answer, until something of the draft changes. */
  repeat?: SendIds;
}

/** What is made of a kind. */
export type Amounts = Partial<
  Pick<Request, 'images' | 'clips' | 'clip_seconds' | 'three_d_models'>
>;

/** The same ids make the repeat of a send harmless. */
export interface SendIds {
  actionId: string;
  conversationId: string;
}

export interface Sending extends SendIds {
  text: string;
  files: readonly FileView[];
}

export const EMPTY_DRAFT: Draft = { text: '', files: [], mode: 'direct', model: '', compared: [] };

const PREFIX = 'kumari:draft:';
const CHOICE = 'kumari:choice';
const NEW = 'new';
/** Enough for every conversation that a person goes back and forth between. */
const DRAFTS_MAX = 50;

/** The draft of a conversation; without one, an empty one with the mode and models used last. */
export function readDraft(conversation: string | null): Draft {
  const choice = read(CHOICE) ?? EMPTY_DRAFT;
  const draft = read(PREFIX + (conversation ?? NEW)) ?? { ...choice, text: '', files: [] };
  return { ...draft, files: draft.files.map(asLeft) };
}

export function keepDraft(conversation: string | null, draft: Draft): void {
  const key = PREFIX + (conversation ?? NEW);
  try {
    localStorage.setItem(
      CHOICE,
      JSON.stringify({
        ...EMPTY_DRAFT,
        mode: draft.mode,
        model: draft.model,
        made: draft.made,
        compared: draft.compared,
      }),
    );
    localStorage.removeItem(key);
    if (draft.text === '' && draft.files.length === 0 && !draft.sending) return;
    forgetOldest();
    localStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // Storage is full or switched off: the draft lasts as long as the page.
  }
}

export function forgetDraft(conversation: string): void {
  localStorage.removeItem(PREFIX + conversation);
}

function read(key: string): Draft | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    // Earlier versions knew no files.
    const draft: unknown = { files: [], ...(kept as object | null) };
    if (!isDraft(draft)) return null;
    // Another version may know other modes: what was written stays.
    return MODES.includes(draft.mode) ? draft : { ...draft, mode: 'direct' };
  } catch {
    return null;
  }
}

function isDraft(kept: unknown): kept is Draft {
  if (typeof kept !== 'object' || kept === null) return false;
  const { text, files, mode, model, made, amounts, compared, sending, repeat } = kept as Record<
    string,
    unknown
  >;
  return (
    typeof text === 'string' &&
    Array.isArray(files) &&
    files.every(isDraftFile) &&
    typeof mode === 'string' &&
    typeof model === 'string' &&
    [made, amounts].every(
      (one) => one === undefined || (typeof one === 'object' && one !== null),
    ) &&
    Array.isArray(compared) &&
    compared.every((one) => typeof one === 'string') &&
    (sending === undefined || isSending(sending)) &&
    (repeat === undefined || isSendIds(repeat))
  );
}

function isSending(kept: unknown): boolean {
  if (!isSendIds(kept)) return false;
  const { text, files } = kept as Record<string, unknown>;
  return typeof text === 'string' && Array.isArray(files) && files.every(isView);
}

function isSendIds(kept: unknown): kept is object {
  if (typeof kept !== 'object' || kept === null) return false;
  const { actionId, conversationId } = kept as Record<string, unknown>;
  return typeof actionId === 'string' && typeof conversationId === 'string';
}

/** Conversation ids begin with their time, so the smallest key is the oldest conversation's. */
function forgetOldest(): void {
  const keys = Object.keys(localStorage).filter(
    (key) => key.startsWith(PREFIX) && key !== PREFIX + NEW,
  );
  keys.sort();
  for (const key of keys.slice(0, Math.max(0, keys.length - DRAFTS_MAX + 1))) {
    localStorage.removeItem(key);
  }
}
