import type { Line } from '@kumari/credits';
import { expect, test } from 'vitest';
import { checkRows } from './check-rows';

const base: Line = { kind: 'base', amount: '0.5' };
const output = (quantity: number): Line => ({
  kind: 'meter',
  meter: 'output_tokens',
  quantity,
  rate: { credits: '1000', per: 1_000_000 },
  amount: '0.5',
});
const rounding: Line = { kind: 'rounding', amount: '0.004' };

test('lines stand beside those of the same purpose, whatever their place', () => {
  const rows = checkRows([rounding, base], [base, output(1), rounding]);
  expect(rows.map(({ onReceipt, here }) => [onReceipt, here])).toEqual([
    [base, base],
    [undefined, output(1)],
    [rounding, rounding],
  ]);
  expect(rows.map(({ isSame }) => isSame)).toEqual([true, false, true]);
});

test('what only the receipt has comes last', () => {
  const rows = checkRows([base, rounding], [base]);
  expect(rows.at(-1)).toEqual({
    line: rounding,
    onReceipt: rounding,
    here: undefined,
    isSame: false,
  });
});

test.each<[string, Line, Line]>([
  ['quantity', output(1), output(2)],
  ['rate', output(1), { ...output(1), rate: { credits: '1', per: 1_000 } } as Line],
  ['amount', base, { kind: 'base', amount: '0.6' }],
  [
    'factor',
    { kind: 'multiplier', multiplier: '1.4', amount: '0' },
    { kind: 'multiplier', multiplier: '1.5', amount: '0' },
  ],
])('another %s is seen', (_, onReceipt, here) => {
  expect(checkRows([onReceipt], [here])).toMatchObject([{ isSame: false }]);
});
