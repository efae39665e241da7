// Which lines of a statement are shown, and in which words.
import type { StatementLine, Task } from '@kumari/credits';

export const FILTERS = {
  changes: 'All changes of the balance',
  added: 'Credits that came',
  everything: 'Also what was only reserved',
};

/** One of those, or the answers of one mode. */
export type Filter = keyof typeof FILTERS | Task;

/** The filters that say something of these lines. */
export function filtersOf(lines: readonly StatementLine[]): Filter[] {
  const tasks = new Set(lines.flatMap(({ task }) => task ?? []));
  return ['changes', 'added', ...tasks, 'everything'];
}

export function isShown({ change, task }: StatementLine, filter: Filter): boolean {
  switch (filter) {
    case 'everything':
      return true;
    case 'changes':
      return change !== '0';
    case 'added':
      return change !== '0' && !change.startsWith('-');
    default:
      return task === filter && change !== '0';
  }
}

/** What happened, with the models' names in place of their ids. */
export function textOf({ text }: StatementLine, nameOf: (model: string) => string): string {
  return text.replace(/[\w./-]*\w/g, nameOf);
}
