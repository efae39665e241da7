import type { PriceBook } from '@kumari/credits';
import { expect, test } from 'vitest';
import {
  bytesOf,
  chosen,
  requestOf,
  returned,
  sent,
  taken,
  unanswered,
  withFiles,
  withMode,
  withModel,
  withRequest,
  withText,
} from './choice';
import type { Mode } from '../credits/words';
import { type Draft, EMPTY_DRAFT } from './draft';
import type { DraftFile } from './draft-files';

const BOOK = {
  models: [
    ...['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, kind: { text: {} } })),
    ...['i', 'j'].map((id) => ({ id, kind: 'image' })),
    { id: 'v', kind: { video: {} } },
  ],
  compare: { models_max: 4 },
  routing: { candidates: ['b', 'a', 'c'], default: 'b', rules: [] },
} as unknown as PriceBook;

test('a draft that names no model of the book has the book’s own', () => {
  expect(chosen({ ...EMPTY_DRAFT, model: 'gone' }, BOOK).models).toEqual(['b']);
  expect(chosen({ ...EMPTY_DRAFT, mode: 'compare', model: 'd' }, BOOK).models).toEqual(['d', 'b']);
  expect(chosen({ ...EMPTY_DRAFT, mode: 'routing' }, BOOK).models).toEqual([]);
});

test('a mode asks a model of its own kind, and each kind has its own', () => {
  const draft: Draft = { ...EMPTY_DRAFT, mode: 'agent', model: 'd' };
  expect(chosen(draft, BOOK)).toEqual({ mode: 'agent', models: ['d'] });
  expect(chosen({ ...draft, mode: 'image' }, BOOK).models).toEqual(['i']);
  expect(chosen({ ...draft, mode: 'video' }, BOOK).models).toEqual(['v']);
  expect(chosen({ ...draft, mode: 'three_d' }, BOOK).models).toEqual([]);
  const making = withModel({ ...draft, mode: 'image' }, BOOK, 'j');
  expect(chosen(making, BOOK)).toEqual({ mode: 'image', models: ['j'] });
  expect(chosen(withMode(making, 'agent'), BOOK).models).toEqual(['d']);
  expect(chosen({ ...making, made: { image: 'a' } }, BOOK).models).toEqual(['i']);
});

test('what the server does not do is asked directly', () => {
  const draft: Draft = { ...EMPTY_DRAFT, mode: 'agent', model: 'd' };
  expect(chosen(draft, BOOK, ['direct']).mode).toBe('direct');
  expect(chosen(draft, BOOK, ['direct', 'agent']).mode).toBe('agent');
});

test('a model is one more or one less to compare, up to the book’s most', () => {
  let draft = { ...EMPTY_DRAFT, mode: 'compare' as const, compared: ['a'] };
  for (const model of ['b', 'c', 'd', 'e'])
    draft = { ...draft, ...withModel(draft, BOOK, model) } as typeof draft;
  expect(draft.compared).toEqual(['a', 'b', 'c', 'd']);
  expect(withModel(draft, BOOK, 'b').compared).toEqual(['a', 'c', 'd']);
  expect(withModel({ ...draft, compared: ['a'] }, BOOK, 'a').compared).toEqual(['a']);
});

test('naming a model in another mode asks it directly', () => {
  expect(withModel({ ...EMPTY_DRAFT, mode: 'routing' }, BOOK, 'd')).toMatchObject({
    mode: 'direct',
    model: 'd',
  });
});

test('naming a model in a mode that asks one stays in it', () => {
  expect(withModel({ ...EMPTY_DRAFT, mode: 'agent' }, BOOK, 'd')).toMatchObject({
    mode: 'agent',
    model: 'd',
  });
});

test('a cheaper choice keeps the text', () => {
  const draft = { ...EMPTY_DRAFT, text: 'x', mode: 'compare' as const, compared: ['a', 'b', 'c'] };
  expect(withRequest(draft, { task: 'compare', models: ['a', 'b'] })).toMatchObject({
    text: 'x',
    mode: 'compare',
    compared: ['a', 'b'],
  });
  expect(withRequest(draft, { task: 'direct', models: ['a'] })).toMatchObject({
    text: 'x',
    mode: 'direct',
    model: 'a',
  });
  expect(withRequest(draft, { task: 'deep_research', models: ['a'] })).toMatchObject({
    mode: 'deep_research',
    model: 'a',
  });
  expect(withRequest(draft, { task: 'image', models: ['j'] })).toMatchObject({
    mode: 'image',
    model: '',
    made: { image: 'j' },
  });
});

const IDS = { actionId: 'a', conversationId: 'c' };

test('what is typed after a message was sent stays, whatever becomes of the message', () => {
  const draft = { ...EMPTY_DRAFT, text: 'first' };
  const onItsWay = sent(draft, 'first', IDS);
  expect(onItsWay).toMatchObject({ text: '', sending: { ...IDS, text: 'first' } });
  const typed = withText(withMode(onItsWay, 'compare'), 'second');
  expect(taken(typed)).toEqual({ ...draft, mode: 'compare', text: 'second' });
  expect(returned(typed)).toEqual({ ...draft, mode: 'compare', text: 'first\nsecond' });
  expect(returned(onItsWay)).toEqual(draft);
});

const STORED: DraftFile = {
  file_id: 'f',
  name: 'a.png',
  media_type: 'image/png',
  bytes: 9,
  content: { kind: 'image', width: 2, height: 1 },
  isStored: true,
};

test('files leave with their message, and come back with it before those attached since', () => {
  const broken: DraftFile = {
    ...STORED,
    file_id: 'b',
    isStored: false,
    fault: { words: 'broken', canRetry: false },
  };
  const draft = { ...EMPTY_DRAFT, files: [STORED, broken] };
  const onItsWay = sent(draft, '', IDS);
  const { isStored: _isStored, ...view } = STORED;
  expect(onItsWay).toMatchObject({ files: [], sending: { text: '', files: [view] } });
  const later = { ...STORED, file_id: 'g' };
  expect(returned(withFiles(onItsWay, [later])).files).toEqual([STORED, later]);
  expect(unanswered(onItsWay, draft)).toMatchObject({ files: [STORED], repeat: IDS });
  expect(unanswered(withFiles(onItsWay, [later]), draft).repeat).toBeUndefined();
  expect(withFiles(unanswered(onItsWay, draft), []).repeat).toBeUndefined();
});

test('only the very draft that had no answer is sent again by the same ids', () => {
  const draft = { ...EMPTY_DRAFT, text: 'first' };
  const onItsWay = sent(draft, 'first', IDS);
  const back = unanswered(onItsWay, draft);
  expect(back).toEqual({ ...draft, repeat: IDS });
  expect(withText(back, 'other').repeat).toBeUndefined();
  expect(withMode(back, 'routing').repeat).toBeUndefined();
  expect(unanswered(withText(onItsWay, 'second'), draft).repeat).toBeUndefined();
  expect(unanswered(withMode(onItsWay, 'routing'), draft).repeat).toBeUndefined();
});

test('the request counts the conversation and the new message', () => {
  const history = { messages: 2, tokens: { o200k_base: 100 }, attachments: [], attachmentBytes: 0 };
  expect(requestOf({ mode: 'direct', models: ['a'] }, history, { o200k_base: 7 }, [])).toEqual({
    task: 'direct',
    models: ['a'],
    input_tokens: { o200k_base: 107 },
    messages: 3,
  });
});

test('the pages of documents count where they are read', () => {
  const history = { messages: 0, tokens: {}, attachments: [], attachmentBytes: 0 };
  const files = { attachments: [], tokens: {}, pages: 7 };
  const pages = (mode: Mode, counts = files) =>
    requestOf({ mode, models: ['a'] }, history, {}, [], counts).pages;
  expect(pages('file_processing')).toBe(7);
  expect(pages('file_processing', { ...files, pages: 0 })).toBe(1);
  expect(pages('direct')).toBeUndefined();
});

test('files of this message come after those of earlier ones', () => {
  const image = (width: number) => ({ kind: 'image' as const, width, height: 1 });
  const before = { messages: 2, attachments: [image(1)], attachmentBytes: 9 };
  const history = { ...before, tokens: { o200k_base: 100 } };
  const files = {
    attachments: [image(2), { kind: 'audio' as const, seconds: 3 }],
    tokens: { o200k_base: 50, o200k_base_latin: 40 },
    pages: 3,
  };
  const choice = { mode: 'direct' as const, models: ['a'] };
  expect(requestOf(choice, history, { o200k_base: 7 }, [], files)).toEqual({
    task: 'direct',
    models: ['a'],
    input_tokens: { o200k_base: 157, o200k_base_latin: 40 },
    attachments: [image(1), image(2), { kind: 'audio', seconds: 3 }],
    messages: 3,
  });
});

test('a text counted by its bytes keeps what is known of the conversation', () => {
  const tokens = { o200k_base: 100, o200k_base_latin: 90 };
  const history = { messages: 2, tokens, attachments: [], attachmentBytes: 0 };
  const choice = { mode: 'direct' as const, models: ['a'] };
  const counted = bytesOf('Grüße', ['o200k_base']);
  expect(requestOf(choice, history, counted, []).input_tokens).toEqual({
    o200k_base: 107,
    o200k_base_latin: 90,
  });
});
