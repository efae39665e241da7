import type { Spending } from '@kumari/credits';
import { expect, test } from 'vitest';
import { GROUPS_MAX, daysOf, groupsOf } from './spending';

const row = (day: number, model: string, charge: string, task: Spending['task'] = 'direct') => ({
  day: `2026-02-${String(day).padStart(2, '0')}T00:00:00Z`,
  task,
  model,
  answers: 2,
  charge,
});

test('groups have the exact sums, the dearest first', () => {
  const spending = [row(1, 'a', '0.1'), row(1, 'b', '5', 'compare'), row(28, 'a', '0.2')];
  expect(groupsOf(spending, 'model')).toEqual([
    { id: 'b', answers: 2, charge: '5' },
    { id: 'a', answers: 4, charge: '0.3' },
  ]);
  expect(groupsOf(spending, 'task').map(({ id }) => id)).toEqual(['compare', 'direct']);
});

test('a month has all its days, each with what each group took', () => {
  const spending = [row(1, 'a', '0.1'), row(1, 'b', '5'), row(28, 'a', '0.2')];
  const days = daysOf('2026-02', spending, 'model', groupsOf(spending, 'model'));
  expect(days.length).toBe(28);
  expect(days[0]).toEqual({ day: 1, heights: [5, 0.1], charges: ['5', '0.1'], charge: '5.1' });
  expect(days[1]?.charge).toBe('0');
  expect(days[27]?.charges).toEqual(['0', '0.2']);
  expect(daysOf('2028-02', [], 'task', []).length).toBe(29);
});

test('what has no colour of its own is one group, and nothing of it is lost', () => {
  const models = Array.from({ length: GROUPS_MAX + 3 }, (_, index) =>
    row(3, `m${index}`, `${index + 1}`),
  );
  const groups = groupsOf(models, 'model');
  expect(groups.length).toBe(GROUPS_MAX);
  expect(groups.at(-1)).toEqual({ id: null, answers: 8, charge: '10' });
  const [, , third] = daysOf('2026-02', models, 'model', groups);
  expect(third?.charge).toBe('66');
  expect(third?.charges.at(-1)).toBe('10');
});
