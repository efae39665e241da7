import { expect, test } from 'vitest';
import { amountTyped } from './limits';

test.each([
  ['5', '5'],
  [' 007.50 ', '7.5'],
  ['0,25', '0.25'],
  ['0', '0'],
  ['3.', '3'],
  ['', null],
  ['-1', null],
  ['1.0000001', null],
  ['five', null],
  ['1e3', null],
])('"%s" is the amount %s', (text, amount) => {
  expect(amountTyped(text)).toBe(amount);
});
