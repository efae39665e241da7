import { expect, test } from 'vitest';
import { beyond } from './amounts';

test('what an amount has beyond another is exact', () => {
  const cases: [more: string, less: string, beyond: string | null][] = [
    ['0.16', '0.14', '0.02'],
    ['12', '0.000001', '11.999999'],
    ['0.3', '0.1', '0.2'],
    ['5', '5', '0'],
    ['90071992547409.92', '90071992547409.91', '0.01'],
    ['0.14', '0.16', null],
  ];
  for (const [more, less, expected] of cases) expect(beyond(more, less)).toBe(expected);
});
