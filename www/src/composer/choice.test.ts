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
  withMode,
  withModel,
  withRequest,
  withText,
} from './choice';
import { EMPTY_DRAFT } from './draft';

const BOOK = {
  models: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })),
  compare: { models_max: 4 },
  routing: { candidates: ['b', 'a', 'c'], default: 'b', rules: [] },
} as unknown as PriceBook;

test('a draft that names no model of the book has the book’s own', () => {
  expect(chosen({ ...EMPTY_DRAFT, model: 'gone' }, BOOK).models).toEqual(['b']);
  expect(chosen({ ...EMPTY_DRAFT, mode: 'compare', model: 'd' }, BOOK).models).toEqual(['d', 'b']);
  expect(chosen({ ...EMPTY_DRAFT, mode: 'routing' }, BOOK).models).toEqual([]);
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
  const history = { messages: 2, tokens: { o200k_base: 100 } };
  expect(requestOf({ mode: 'direct', models: ['a'] }, history, { o200k_base: 7 }, [])).toEqual({
    task: 'direct',
    models: ['a'],
    input_tokens: { o200k_base: 107 },
    messages: 3,
  });
});

test('a text counted by its bytes keeps what is known of the conversation', () => {
  const history = { messages: 2, tokens: { o200k_base: 100, o200k_base_latin: 90 } };
  const choice = { mode: 'direct' as const, models: ['a'] };
  const counted = bytesOf('Grüße', ['o200k_base']);
  expect(requestOf(choice, history, counted, []).input_tokens).toEqual({
    o200k_base: 107,
    o200k_base_latin: 90,
  });
});
