import { expect, test } from 'vitest';
import { editBetween } from './token-counter';

test.each([
  ['', 'a'],
  ['a', ''],
  ['same', 'same'],
  ['abc', 'abXc'],
  ['abXc', 'abc'],
  ['aaa', 'aaaa'],
  ['aaaa', 'aa'],
  ['one two', 'one three two'],
  ['😀😀', '😀'],
  ['😀', '😁'],
])('the edit from %j to %j makes the one of the other', (before, after) => {
  const { from, deleted, inserted } = editBetween(before, after);
  expect(before.slice(0, from) + inserted + before.slice(from + deleted)).toBe(after);
});

test('an edit is no larger than what changed', () => {
  expect(editBetween('one two three', 'one 2 three')).toEqual({
    from: 4,
    deleted: 3,
    inserted: '2',
  });
});
