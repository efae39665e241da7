import { expect, test } from 'vitest';
import { monthAfter, monthName, thisMonth } from './statement';

test('months go on over the ends of years, and are those of UTC', () => {
  expect(monthAfter('2026-12', 1)).toBe('2027-01');
  expect(monthAfter('2026-01', -1)).toBe('2025-12');
  expect(monthAfter('2026-03', -14)).toBe('2025-01');
  expect(thisMonth(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12');
  expect(monthName('2026-11')).toMatch(/November 2026/);
});
