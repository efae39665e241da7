// What a month's answers cost, summed up by the server: brought into the shape of a chart.
import type { Forecast, Spending } from '@kumari/credits';
import { get } from '../chat/api';
import { sumOf } from '../credits/amounts';
import type { Month } from './statement';

/** More groups than this are not told apart by colour: the rest are one. */
export const GROUPS_MAX = 8;

/** What spending is grouped by. */
export type Grouping = 'task' | 'model';

export interface Group {
  /** A task or a model; nothing for what is left over. */
  id: string | null;
  answers: number;
  charge: string;
}

/** One day of the chart: what each group, by its place, took. Heights, never amounts to pay. */
export interface Day {
  day: number;
  heights: number[];
  charges: string[];
  charge: string;
}

export async function spendingOf(month: Month): Promise<Spending[]> {
  const { spending } = await get<{ spending: Spending[] }>(`/api/spending?month=${month}`);
  return spending;
}

export async function forecastNow(): Promise<Forecast> {
  return (await get<{ forecast: Forecast }>('/api/forecast')).forecast;
}

/** The dearest groups first. */
export function groupsOf(spending: readonly Spending[], by: Grouping): Group[] {
  const rows = grouped(spending, (row) => row[by]);
  const groups = [...rows].map(([id, some]): Group => groupOf(id, some));
  groups.sort((a, b) => Number(b.charge) - Number(a.charge));
  if (groups.length <= GROUPS_MAX) return groups;
  const first = groups.slice(0, GROUPS_MAX - 1);
  const named = new Set(first.map(({ id }) => id));
  return [
    ...first,
    groupOf(
      null,
      spending.filter((row) => !named.has(row[by])),
    ),
  ];
}

function groupOf(id: string | null, rows: readonly Spending[]): Group {
  const answers = rows.reduce((sum, row) => sum + row.answers, 0);
  return { id, answers, charge: sumOf(rows.map(({ charge }) => charge)) };
}

/** Every day of the month, also those without anything. */
export function daysOf(
  month: Month,
  spending: readonly Spending[],
  by: Grouping,
  groups: readonly Group[],
): Day[] {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const count = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const place = (row: Spending) => {
    const found = groups.findIndex(({ id }) => id === row[by]);
    return found === -1 ? groups.length - 1 : found;
  };
  const byDay = grouped(spending, ({ day }) => new Date(day).getUTCDate());
  return Array.from({ length: count }, (_, index) => {
    const rows = byDay.get(index + 1) ?? [];
    const charges = groups.map((_, at) =>
      sumOf(rows.filter((row) => place(row) === at).map(({ charge }) => charge)),
    );
    const charge = sumOf(charges);
    return { day: index + 1, heights: charges.map(Number), charges, charge };
  });
}

function grouped<K>(rows: readonly Spending[], keyOf: (row: Spending) => K): Map<K, Spending[]> {
  const groups = new Map<K, Spending[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
