import type { Line } from '@kumari/credits';
import { METER_NAMES, meterUnit } from '../credits/words';

/** How a price comes about, line by line; the amounts add up to it. */
export function PriceLines({
  lines,
  total,
  totalName,
  format,
}: {
  lines: readonly Line[];
  total: string;
  totalName: string;
  format: (amount: string) => string;
}) {
  return (
    <table className="lines">
      <thead className="visually-hidden">
        <tr>
          <th scope="col">What</th>
          <th scope="col">Credits</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, index) => (
          // Lines have no identity but their place, and never move.
          <tr key={index}>
            <th scope="row">{lineWords(line, format)}</th>
            <td>{format(line.amount)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{totalName}</th>
          <td>{format(total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function lineWords(line: Line, format: (amount: string) => string) {
  switch (line.kind) {
    case 'base':
      return 'Base price of a message';
    case 'multiplier':
      return `Service: all of the above × ${line.multiplier}`;
    case 'rounding':
      return 'Rounded up';
    case 'minimum':
      return 'Raised to the lowest price';
    case 'meter': {
      const { credits, per } = line.rate;
      const each = per === 1 ? ' credits each' : ` credits for ${per.toLocaleString()}`;
      return (
        <>
          {METER_NAMES[line.meter]}
          <small>
            {line.quantity.toLocaleString()} {meterUnit(line.meter)}, at {format(credits)}
            {each}
          </small>
        </>
      );
    }
  }
}
