import { expect, test } from 'vitest';
import { capsWords, wordsOf } from './words';

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
