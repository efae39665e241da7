import { expect, test } from 'vitest';
import { joined, monthAfter, monthName, thisMonth } from './statement';

test('months go on over the ends of years, and are those of UTC', () => {
  expect(monthAfter('2026-12', 1)).toBe('2027-01');
  expect(monthAfter('2026-01', -1)).toBe('2025-12');
  expect(monthAfter('2026-03', -14)).toBe('2025-01');
  expect(thisMonth(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12');
  expect(monthName('2026-11')).toMatch(/November 2026/);
});

test('pages make one statement, which closes as the last of them does', () => {
  const line = (entry: number, change: string, balance: string) => ({
    entry,
    at: '2026-11-03T10:00:00Z',
    text: '',
    change,
    held: '0',
    balance,
  });
  const page = (lines: ReturnType<typeof line>[], closing: string) => ({
    statement: {
      from: '2026-11-01T00:00:00Z',
      to: '2026-12-01T00:00:00Z',
      opening: '1',
      lines,
      closing,
    },
  });
  const first = { ...page([line(1, '2', '3')], '3'), next: 1 };
  // An entry was made between the two.
  const whole = joined(first, page([line(2, '4', '7')], '7'));
  expect(whole).toEqual(page([line(1, '2', '3'), line(2, '4', '7')], '7'));
});
