import type { Line } from '@kumari/credits';
import { METER_NAMES, meterUnit } from '../credits/receipt-words';

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
            <th scope="row">
              <LineWords line={line} format={format} />
            </th>
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

/** What a line of a price is for, and how its amount comes about. */
export function LineWords({ line, format }: { line: Line; format: (amount: string) => string }) {
  const detail = lineDetail(line, format);
  return (
    <>
      {lineName(line)}
      {detail !== null && <small>{detail}</small>}
    </>
  );
}

function lineName(line: Line): string {
  switch (line.kind) {
    case 'base':
      return 'Base price of a message';
    case 'meter':
      return METER_NAMES[line.meter];
    case 'multiplier':
      return `Service: all of the above × ${line.multiplier}`;
    case 'rounding':
      return 'Rounded up';
    case 'minimum':
      return 'Raised to the lowest price';
  }
}

/** Quantity and rate: "1,234 tokens, at 250 credits for 1,000,000". */
export function lineDetail(line: Line, format: (amount: string) => string): string | null {
  if (line.kind !== 'meter') return null;
  const { credits, per } = line.rate;
  const each = per === 1 ? ' credits each' : ` credits for ${per.toLocaleString()}`;
  const unit = meterUnit(line.meter);
  const quantity = `${line.quantity.toLocaleString()}${unit === '' ? '' : ` ${unit}`}`;
  return `${quantity}, at ${format(credits)}${each}`;
}
