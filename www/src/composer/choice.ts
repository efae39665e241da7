// Which mode and models a draft asks for, against the book in force.
import type { Encoding, ModelId, PriceBook, Request, TokenKind } from '@kumari/credits';
import type { History } from '../chat/turns';
import { type Tokens, plus } from '../credits/tokens';
import { type Mode, isKind, kindOf } from '../credits/words';
import { type FileCounts, NO_COUNTS } from '../files/content';
import type { Amounts, Draft, SendIds } from './draft';
import { asStored, viewsOf } from './draft-files';

export const COMPARE_MODELS_MIN = 2;

/** What a draft asks for, whatever its text. */
type Choice = Pick<Draft, 'mode' | 'model' | 'compared' | 'made' | 'amounts'>;

/** What is asked of which models. */
export interface Chosen {
  mode: Mode;
  models: ModelId[];
  /** How many of what is made, and how long. */
  amounts?: Amounts | undefined;
}

/**
 * The draft's mode and models, with the book's own choice where the draft names none that exist, and
 * Direct where the server does not do what the draft names.
 */
export function chosen(draft: Choice, book: PriceBook, served?: readonly string[]): Chosen {
  const mode = served?.includes(draft.mode) === false ? 'direct' : draft.mode;
  const kind = kindOf(mode);
  const fitting = book.models.filter((model) => isKind(model, kind)).map(({ id }) => id);
  const exists = (id: ModelId) => fitting.includes(id);
  switch (mode) {
    case 'routing':
      return { mode, models: [] };
    case 'compare':
      return { mode, models: comparedOf(draft, book, exists) };
    default: {
      const named = kind === 'text' ? draft.model : draft.made?.[kind];
      const own = kind === 'text' ? book.routing.default : fitting[0];
      const model = named !== undefined && exists(named) ? named : own;
      const models = model === undefined ? [] : [model];
      return kind === 'text' ? { mode, models } : { mode, models, amounts: draft.amounts?.[kind] };
    }
  }
}

/** What one model is asked in place of several. */
export function alone(mode: Mode): Mode {
  return mode === 'compare' || mode === 'routing' ? 'direct' : mode;
}

/** The models to compare; at first the draft's own and the first candidates of routing. */
function comparedOf(draft: Choice, book: PriceBook, exists: (id: ModelId) => boolean): ModelId[] {
  const kept = draft.compared.filter(exists).slice(0, book.compare.models_max);
  if (kept.length > 0) return kept;
  const first = exists(draft.model) ? [draft.model] : [];
  return [...new Set([...first, ...book.routing.candidates])].slice(0, COMPARE_MODELS_MIN);
}

/** The draft with another mode. */
export function withMode(draft: Draft, mode: Mode): Draft {
  return { ...unsent(draft), mode };
}

/** The draft with another text. */
export function withText(draft: Draft, text: string): Draft {
  return { ...unsent(draft), text };
}

/** The draft with other files. */
export function withFiles(draft: Draft, files: Draft['files']): Draft {
  return { ...unsent(draft), files };
}

/** The draft as something else than what was sent: other ids. */
function unsent({ repeat: _repeat, ...draft }: Draft): Draft {
  return draft;
}

/** The draft once `text`, all of it, is on its way: what is typed from now on is the next message. */
export function sent(draft: Draft, text: string, { actionId, conversationId }: SendIds): Draft {
  const files = viewsOf(draft.files);
  const sending = { actionId, conversationId, text, files };
  return { ...withFiles(withText(draft, ''), []), sending };
}

/** The draft once its message was taken. */
export function taken({ sending: _sending, ...draft }: Draft): Draft {
  return draft;
}

/** The draft whose message was not taken: it is back, before what was typed and attached since. */
export function returned(before: Draft): Draft {
  const { sending } = before;
  if (!sending) return before;
  const draft = taken(before);
  const texts = [sending.text, draft.text].filter((text) => text !== '');
  const files = [...sending.files.map(asStored), ...draft.files];
  return withFiles(withText(draft, texts.join('\n')), files);
}

/** As `returned`, where it is not known whether it was taken: `as` is what was sent. */
export function unanswered(before: Draft, as: Draft): Draft {
  const isSame =
    before.text === '' &&
    before.files.length === 0 &&
    before.mode === as.mode &&
    before.model === as.model &&
    before.compared === as.compared &&
    before.made === as.made &&
    before.amounts === as.amounts;
  const draft = returned(before);
  if (!isSame || !before.sending) return draft;
  const { actionId, conversationId } = before.sending;
  return { ...draft, repeat: { actionId, conversationId } };
}

/** The draft with a model named: the one model, or one more or less to compare. */
export function withModel(before: Draft, book: PriceBook, model: ModelId): Draft {
  const draft = unsent(before);
  if (draft.mode !== 'compare') {
    return withOne(draft, alone(draft.mode), model);
  }
  const { models } = chosen(draft, book);
  if (models.includes(model)) {
    const left = models.filter((one) => one !== model);
    return { ...draft, compared: left.length === 0 ? models : left };
  }
  if (models.length >= book.compare.models_max) return draft;
  return { ...draft, compared: [...models, model] };
}

/** The draft that makes another number of what its mode makes, or longer ones. */
export function withAmounts(before: Draft, mode: Mode, amounts: Amounts): Draft {
  const draft = unsent(before);
  return { ...draft, amounts: { ...draft.amounts, [kindOf(mode)]: amounts } };
}

/** The draft that a cheaper request stands for. */
export function withRequest(before: Draft, request: Request): Draft {
  const { images, clips, clip_seconds, three_d_models } = request;
  const amounts = { images, clips, clip_seconds, three_d_models };
  const draft = withAmounts(before, request.task, JSON.parse(JSON.stringify(amounts)) as Amounts);
  const models = request.models ?? [];
  const [first] = models;
  if (request.task === 'compare') return { ...draft, mode: 'compare', compared: models };
  return first === undefined
    ? { ...draft, mode: request.task }
    : withOne(draft, request.task, first);
}

/** The draft that asks one model; each kind has its own, so none is forgotten. */
function withOne(draft: Draft, mode: Mode, model: ModelId): Draft {
  const kind = kindOf(mode);
  return kind === 'text'
    ? { ...draft, mode, model }
    : { ...draft, mode, made: { ...draft.made, [kind]: model } };
}

/** What is asked for, as counts: the conversation so far and the new message with its files. */
export function requestOf(
  { mode, models, amounts }: Chosen,
  history: History,
  counted: Tokens,
  flags: Request['flags'],
  files: FileCounts = NO_COUNTS,
): Request {
  // What is made follows from this message alone.
  if (kindOf(mode) !== 'text') return { task: mode, models, ...amounts };
  const input = plus(counted, files.tokens);
  for (const kind of Object.keys(input) as TokenKind[]) {
    input[kind] = (input[kind] ?? 0) + (history.tokens[kind] ?? 0);
  }
  const attachments = [...history.attachments, ...files.attachments];
  return {
    task: mode,
    ...(models.length === 0 ? {} : { models }),
    input_tokens: input,
    ...(attachments.length === 0 ? {} : { attachments }),
    messages: history.messages + 1,
    // Until a document is read it has a page at least.
    ...(mode === 'file_processing' ? { pages: Math.max(1, files.pages) } : {}),
    ...(flags === undefined || flags.length === 0 ? {} : { flags }),
  };
}

/**
 * A count that is never too few, where nobody can count. Which of its tokens are of Latin words is not
 * known; of the conversation's it is.
 */
export function bytesOf(text: string, encodings: readonly Encoding[]): Tokens {
  const bytes = new TextEncoder().encode(text).length;
  const tokens: Tokens = {};
  for (const encoding of encodings) {
    tokens[encoding] = bytes;
    tokens[`${encoding}_latin`] = 0;
  }
  return tokens;
}
