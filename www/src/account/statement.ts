// What a month did to the account, as the server's statement says it. Months are in UTC, as there.
import type { Statement } from '@kumari/credits';
import { get } from '../chat/api';

/** A month as an address names it: `2026-11`. */
export type Month = string;

export interface StatementPage {
  statement: Statement;
  /** Where the next page begins; nothing on the last one. */
  next?: number;
}

const LINES_MAX = 1_000;

export function thisMonth(now = new Date()): Month {
  return now.toISOString().slice(0, 7);
}

/** The month so many months after one; before it, where below zero. */
export function monthAfter(month: Month, count: number): Month {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return thisMonth(new Date(Date.UTC(year, number - 1 + count)));
}

/** "November 2026", in the browser's language. */
export function monthName(month: Month): string {
  const options = { month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  return new Date(`${month}-01`).toLocaleDateString([], options);
}

/** The lines of a month after an entry, from the first on without one. */
export function statementOf(month: Month, after?: number): Promise<StatementPage> {
  const from = after === undefined ? '' : `&after=${after}`;
  return get(`/api/statement?month=${month}&limit=${LINES_MAX}${from}`);
}

/** A page with the one that follows it, which knows what came meanwhile: it has the end. */
export function joined(page: StatementPage, more: StatementPage): StatementPage {
  const lines = [...page.statement.lines, ...more.statement.lines];
  return { ...more, statement: { ...page.statement, lines, closing: more.statement.closing } };
}

/** The whole month, however long it was. */
export async function wholeStatement(month: Month): Promise<Statement> {
  let page = await statementOf(month);
  while (page.next !== undefined) page = joined(page, await statementOf(month, page.next));
  return page.statement;
}

/** Where the whole month is as a CSV file. */
export function csvAddress(month: Month): string {
  return `/api/statement?month=${month}&format=csv`;
}
