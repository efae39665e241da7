import type { RoutingCondition } from '@kumari/credits';
import { expect, test } from 'vitest';
import { capsWords, reasonWords, wordsOf } from './words';

test.each([
  [0, 0],
  [1, 0],
  [2, 1],
  [100, 75],
  [256, 190],
  [512, 380],
  [1_200, 900],
  [8_192, 6_100],
])('%i tokens are %i words: never more than there is room for', (tokens, words) => {
  expect(wordsOf(tokens)).toBe(words);
});

test('caps are told as what they mean, and no caps as nothing', () => {
  const nameOf = (model: string) => model.toUpperCase();
  expect(capsWords({}, nameOf)).toBe('');
  expect(capsWords({ output_tokens: 512 }, nameOf)).toBe('answers of up to 380 words');
  expect(capsWords({ output_tokens: 512, candidates: ['a', 'b'] }, nameOf)).toBe(
    'only A, B, answers of up to 380 words',
  );
});

test.each<[RoutingCondition, string]>([
  [{}, ''],
  [{ flag: 'code' }, 'code'],
  [{ flag: 'math', cost_at_most: '5' }, 'mathematics'],
  [{ cost_at_most: '5' }, 'low cost'],
  [{ input_tokens_above: 0, messages_above: 0 }, 'much to read, long conversation'],
  [{ complexity_at_least: 3 }, 'demanding'],
])('%j is why: %s', (when, reason) => {
  expect(reasonWords(when)).toBe(reason);
});
