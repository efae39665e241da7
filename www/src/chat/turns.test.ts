import { expect, test } from 'vitest';
import type { Content } from '../files/content';
import type { Message } from './api';
import { historyOf, turnWith, turnsOf } from './turns';

function message(part: Partial<Message> & Pick<Message, 'action_id'>): Message {
  return {
    id: `${part.action_id}/${part.leg ?? 'asked'}`,
    role: part.leg === undefined ? 'user' : 'assistant',
    text: '',
    status: part.leg === undefined ? 'sent' : 'completed',
    tokens: {},
    created_at: '2026-11-23T10:00:00Z',
    ...part,
  };
}

test('messages of one action are one turn, its answers in the order of their legs', () => {
  const turns = turnsOf([
    message({ action_id: 'a', text: 'compare' }),
    message({ action_id: 'a', leg: 1, model: 'two', text: '2', charge: '0.2' }),
    message({ action_id: 'a', leg: 0, model: 'one', text: '1' }),
    message({ action_id: 'b', text: 'next' }),
  ]);
  expect(turns.map(({ actionId, text }) => [actionId, text])).toEqual([
    ['a', 'compare'],
    ['b', 'next'],
  ]);
  expect(turns[0]?.answers.map(({ model, charge }) => [model, charge])).toEqual([
    ['one', undefined],
    ['two', '0.2'],
  ]);
});

// The same cases as the server's own test of what a model is shown.
test('the history is each message with the first ended answer that has text', () => {
  const o200k = (count: number) => ({ o200k_base: count });
  const turns = turnsOf([
    message({ action_id: 'a', text: 'compare', tokens: o200k(1) }),
    message({ action_id: 'a', leg: 0, status: 'failed', tokens: o200k(1_000) }),
    message({ action_id: 'a', leg: 1, text: 'second', tokens: o200k(10) }),
    message({ action_id: 'a', leg: 2, text: 'third', tokens: o200k(1_000) }),
    message({ action_id: 'b', text: 'again', tokens: o200k(100) }),
    message({ action_id: 'b', leg: 0, text: 'half', status: 'running', tokens: o200k(1_000) }),
  ]);
  expect(historyOf(turns)).toEqual({
    messages: 3,
    tokens: o200k(111),
    attachments: [],
    attachmentBytes: 0,
  });
});

test('files of earlier messages are sent again: documents as text, all else as it is', () => {
  const part = { name: 'x', media_type: 'x/y', bytes: 1 };
  const paper: Content = {
    kind: 'document',
    format: 'txt',
    pages: 1,
    characters: 9,
    tokens: { o200k_base: 5, o200k_base_latin: 2 },
    warnings: [],
  };
  const picture: Content = { kind: 'image', width: 3, height: 2 };
  const turns = turnsOf([
    message({
      action_id: 'a',
      tokens: { o200k_base: 1 },
      files: [
        { ...part, file_id: '1', content: picture },
        { ...part, file_id: '2', content: paper },
      ],
    }),
    message({ action_id: 'b', files: [{ ...part, file_id: '3', content: paper }] }),
  ]);
  expect(turns.map(({ files }) => files.length)).toEqual([2, 1]);
  expect(historyOf(turns)).toEqual({
    messages: 2,
    tokens: { o200k_base: 11, o200k_base_latin: 4 },
    attachments: [picture],
    attachmentBytes: 1,
  });
});

test('a view of the action keeps the tokens that were counted before', () => {
  const [turn] = turnsOf([
    message({ action_id: 'a', text: 'x' }),
    message({ action_id: 'a', leg: 0, model: 'one', status: 'running', tokens: { o200k_base: 7 } }),
  ]);
  if (!turn) throw new Error('no turn');
  const after = turnWith(turn, {
    action_id: 'a',
    conversation_id: 'c',
    task: 'direct',
    status: 'ended',
    hold: '2',
    legs: [
      {
        leg: 0,
        model: 'one',
        status: 'stopped',
        text: 'done',
        steps: [{ kind: 'step', title: 'think', found: 'a thought' }],
        charge: '0.5',
      },
    ],
    receipt: null,
  });
  expect(after.answers).toEqual([
    {
      leg: 0,
      model: 'one',
      status: 'stopped',
      text: 'done',
      steps: [{ kind: 'step', title: 'think', found: 'a thought' }],
      charge: '0.5',
      tokens: { o200k_base: 7 },
      files: [],
    },
  ]);
});

test('what was made belongs to its answer, and no model is given it', () => {
  const picture = {
    file_id: 'f',
    name: 'a fox.png',
    media_type: 'image/png',
    bytes: 9,
    content: { kind: 'image' as const, width: 768, height: 768 },
  };
  const turns = turnsOf([
    message({ action_id: 'a', text: 'a fox', tokens: { o200k_base: 2 } }),
    message({ action_id: 'a', leg: 0, model: 'painter', files: [picture] }),
  ]);
  expect(turns[0]?.answers[0]?.files).toEqual([picture]);
  expect(turns[0]?.files).toEqual([]);
  expect(historyOf(turns)).toMatchObject({ messages: 1, attachments: [], attachmentBytes: 0 });
});
