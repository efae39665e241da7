// Computes a charge again in this browser, from its receipt and the published prices.
import type { Receipt, ReceiptLeg, Replay, ReplayLeg } from '@kumari/credits';
import { rulesVersion } from '@kumari/credits/client';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { useState } from 'react';
import { type Prices, useClient } from '../credits/client';
import { freeWords } from '../credits/receipt-words';
import { LineWords, lineDetail } from '../ui/price-lines';
import { type CheckRow, checkRows } from './check-rows';
import { type CheckFault, checkFault, shortVersion } from './check-words';

type Check =
  | { kind: 'not_yet' }
  | { kind: 'running' }
  | { kind: 'done'; replay: Replay }
  | { kind: 'failed'; fault: CheckFault };

export function CheckCharge({ receipt, prices }: { receipt: Receipt; prices: Prices }) {
  const client = useClient();
  const [check, setCheck] = useState<Check>({ kind: 'not_yet' });
  const run = async () => {
    if (!client) return;
    setCheck({ kind: 'running' });
    try {
      setCheck({ kind: 'done', replay: await client.replay(receipt) });
    } catch (error) {
      setCheck({ kind: 'failed', fault: checkFault(error, receipt) });
    }
  };
  if (isFree(receipt)) {
    const isOpen = receipt.legs.some((leg) => leg.outcome.kind === 'open');
    return (
      <p className="muted">
        {isOpen
          ? 'Nothing was charged yet. There is something to check once an answer has ended.'
          : 'Nothing was charged, so there is nothing to check.'}
      </p>
    );
  }
  return (
    <section className="check" aria-label="Check of this charge">
      <div className="check-head">
        <button type="button" className="button" onClick={() => void run()}>
          Check this charge
        </button>
        {/* Inside the dialog: what is outside of one is not read out while it is open. */}
        <div role="status">
          <Verdict check={check} receipt={receipt} prices={prices} />
        </div>
      </div>
      {check.kind === 'failed' && check.fault.isOutdated && (
        <button
          type="button"
          className="quiet"
          onClick={() => {
            location.reload();
          }}
        >
          Reload the page
        </button>
      )}
      {check.kind === 'done' && (
        <Explained replay={check.replay} receipt={receipt} prices={prices} />
      )}
    </section>
  );
}

function isFree(receipt: Receipt): boolean {
  return receipt.charge === '0' && receipt.legs.every((leg) => leg.outcome.kind !== 'settled');
}

function Verdict({ check, receipt, prices }: { check: Check; receipt: Receipt; prices: Prices }) {
  const { format } = prices;
  switch (check.kind) {
    case 'not_yet':
      return (
        <span className="muted">Your browser computes it again from the published prices.</span>
      );
    case 'running':
      return <span className="muted">Computing it again…</span>;
    case 'failed':
      return <Bad>It could not be checked. {check.fault.words}</Bad>;
    case 'done': {
      const { matches, charge } = check.replay;
      if (matches) {
        return (
          <span className="check-good">
            <CircleCheck aria-hidden size={16} /> The same: {format(charge)} credits, computed again
            in your browser.
          </span>
        );
      }
      return charge === receipt.charge ? (
        <Bad>It comes to {format(charge)} credits too, and yet something differs.</Bad>
      ) : (
        <Bad>
          It differs: it comes to {format(charge)} credits, and the receipt says{' '}
          {format(receipt.charge)}.
        </Bad>
      );
    }
  }
}

function Bad({ children }: { children: React.ReactNode }) {
  return (
    <span className="check-bad">
      <CircleAlert aria-hidden size={16} /> {children}
    </span>
  );
}

/** What was computed, from what, and what came of it. */
function Explained({
  replay,
  receipt,
  prices,
}: {
  replay: Replay;
  receipt: Receipt;
  prices: Prices;
}) {
  return (
    <>
      {replay.differences.length > 0 && (
        <ul className="check-list check-bad" aria-label="What differs">
          {replay.differences.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <ul className="check-list muted" aria-label="What it was computed from">
        <Sources replay={replay} receipt={receipt} />
      </ul>
      {receipt.legs.map((leg, index) => (
        // Legs have no identity but their place, and never move.
        <LegCheck key={index} leg={leg} again={replay.legs[index]} prices={prices} />
      ))}
    </>
  );
}

function Sources({ replay, receipt }: { replay: Replay; receipt: Receipt }) {
  const isNamed = replay.price_book === receipt.price_book;
  const rules = rulesVersion();
  const isCounted = receipt.legs.some(
    ({ outcome }) => outcome.kind === 'settled' && outcome.usage_source === 'counted',
  );
  return (
    <>
      <li>
        Prices: book {shortVersion(replay.price_book)}.{' '}
        {isNamed
          ? 'Its fingerprint (SHA-256), computed here, is the one that the receipt names.'
          : `The receipt names ${shortVersion(receipt.price_book)}: this is another book, or it was changed.`}
      </li>
      <li>
        Rules: version {rules}, in your browser.{' '}
        {rules === receipt.rules
          ? 'The receipt was made by the same.'
          : `The receipt was made by version ${receipt.rules}: reload the page, and check again.`}
      </li>
      <li>
        Quantities: those of the receipt.
        {isCounted &&
          ' Where the provider did not say how much it used, we counted the text that was sent and shown; what cannot be counted is not charged.'}
      </li>
    </>
  );
}

function LegCheck({
  leg: { outcome },
  again,
  prices,
}: {
  leg: ReceiptLeg;
  again: ReplayLeg | undefined;
  prices: Prices;
}) {
  if (outcome.kind !== 'settled') return <p className="muted">{freeWords(outcome)}.</p>;
  const { format, nameOf } = prices;
  const rows = checkRows(outcome.lines, again?.lines ?? []);
  return (
    <table className="lines check-lines">
      <caption>{nameOf(outcome.model)}, line by line</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Receipt</th>
          <th scope="col">Here</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <LineCheck key={`${row.line.kind}-${keyOf(row)}`} row={row} format={format} />
        ))}
      </tbody>
      <tfoot>
        <AmountsCheck name="Charged" pair={[outcome.charge, again?.charge]} format={format} />
        {(outcome.absorbed !== '0' || (again && again.absorbed !== '0')) && (
          <AmountsCheck
            name="Above what was reserved, not charged"
            pair={[outcome.absorbed, again?.absorbed]}
            format={format}
          />
        )}
      </tfoot>
    </table>
  );
}

function keyOf({ line }: CheckRow): string {
  return line.kind === 'meter' ? line.meter : '';
}

function LineCheck({ row, format }: { row: CheckRow; format: (amount: string) => string }) {
  const { line, onReceipt, here, isSame } = row;
  const said = onReceipt && lineDetail(onReceipt, format);
  return (
    <tr data-differs={!isSame || undefined}>
      <th scope="row">
        <LineWords line={line} format={format} />
        {said !== lineDetail(line, format) && said && <small>On the receipt: {said}</small>}
      </th>
      <td>{onReceipt ? format(onReceipt.amount) : 'none'}</td>
      <td>{here ? format(here.amount) : 'none'}</td>
    </tr>
  );
}

function AmountsCheck({
  name,
  pair: [onReceipt, here],
  format,
}: {
  name: string;
  pair: [string, string | undefined];
  format: (amount: string) => string;
}) {
  return (
    <tr data-differs={onReceipt !== here || undefined}>
      <th scope="row">{name}</th>
      <td>{format(onReceipt)}</td>
      <td>{here === undefined ? 'none' : format(here)}</td>
    </tr>
  );
}
