import { expect, test } from 'vitest';
import { editBetween } from './edit';

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
  const { offset, deleted, inserted } = editBetween(before, after);
  expect(before.slice(0, offset) + inserted + before.slice(offset + deleted)).toBe(after);
});

test('an edit is no larger than what changed', () => {
  expect(editBetween('one two three', 'one 2 three')).toEqual({
    offset: 4,
    deleted: 3,
    inserted: '2',
  });
});
