// A price as a receipt has it, beside the same price computed again.
import type { Line } from '@kumari/credits';

export interface CheckRow {
  /** The line as it was computed again, or else the receipt's. */
  line: Line;
  /** What the receipt has in its place; nothing where it has no such line. */
  onReceipt: Line | undefined;
  /** What it comes to here; nothing where the price has no such line. */
  here: Line | undefined;
  isSame: boolean;
}

/** Puts the lines of both side by side by what they are for, those of the receipt alone last. */
export function checkRows(onReceipt: readonly Line[], here: readonly Line[]): CheckRow[] {
  const left = [...onReceipt];
  const rows = here.map((line) => {
    const place = left.findIndex((other) => purposeOf(other) === purposeOf(line));
    const [found] = place === -1 ? [] : left.splice(place, 1);
    return { line, onReceipt: found, here: line, isSame: isSame(line, found) };
  });
  const extra = left.map((line) => ({ line, onReceipt: line, here: undefined, isSame: false }));
  return [...rows, ...extra];
}

function purposeOf(line: Line): string {
  return line.kind === 'meter' ? line.meter : line.kind;
}

/** Whether quantity, rate, factor and amount are the same; in which order a line has them is not. */
function isSame(one: Line, other: Line | undefined): boolean {
  return other !== undefined && partsOf(one) === partsOf(other);
}

function partsOf(line: Line): string {
  switch (line.kind) {
    case 'meter': {
      const { credits, per, free } = line.rate;
      return [line.quantity, credits, per, free === true, line.amount].join(' ');
    }
    case 'multiplier':
      return [line.multiplier, line.amount].join(' ');
    case 'base':
    case 'rounding':
    case 'minimum':
      return line.amount;
  }
}
