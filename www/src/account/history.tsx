// What a month did to the balance, line by line as the statement has it, to read and to keep.
import type { Statement, StatementLine } from '@kumari/credits';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Prices } from '../credits/client';
import { sentence } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';
import {
  type Month,
  type StatementPage,
  csvAddress,
  joined,
  monthAfter,
  monthName,
  statementOf,
  thisMonth,
  wholeStatement,
} from './statement';

export function History({ version, prices }: { version: number; prices: Prices }) {
  const [month, setMonth] = useState(thisMonth);
  const [isWhole, setIsWhole] = useState(false);
  const { page, error, isMoreComing, readMore, retry } = useStatement(month, version);
  const isFirst = page?.statement.lines[0]?.entry === 1;
  const go = (count: number) => {
    setMonth(monthAfter(month, count));
  };
  return (
    <section aria-labelledby="history">
      <div className="account-bar">
        <h3 id="history">History</h3>
        <div className="month" role="group" aria-label="Month">
          <button
            type="button"
            className="icon-button"
            aria-label="The month before"
            disabled={isFirst}
            onClick={() => {
              go(-1);
            }}
          >
            <ChevronLeft aria-hidden size={18} />
          </button>
          <span aria-live="polite" data-testid="month">
            {monthName(month)}
          </span>
          <button
            type="button"
            className="icon-button"
            aria-label="The month after"
            disabled={month >= thisMonth()}
            onClick={() => {
              go(1);
            }}
          >
            <ChevronRight aria-hidden size={18} />
          </button>
        </div>
      </div>
      {error !== null && (
        <p className="notice notice-line" role="alert">
          The history could not be read: {error}{' '}
          <button type="button" className="link" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {page === null ? (
        error === null && (
          <div className="skeleton-lines" aria-label="Reading the history">
            <span className="skeleton" />
            <span className="skeleton" />
          </div>
        )
      ) : (
        <>
          <Lines statement={page.statement} isWhole={isWhole} prices={prices} />
          {page.next !== undefined && (
            <button type="button" className="button" disabled={isMoreComing} onClick={readMore}>
              {isMoreComing ? 'Reading…' : 'Show more of this month'}
            </button>
          )}
          <div className="account-bar">
            <label className="account-check">
              <input
                type="checkbox"
                checked={isWhole}
                onChange={(event) => {
                  setIsWhole(event.target.checked);
                }}
              />
              Show what was only reserved, too
            </label>
            <Export month={month} />
          </div>
        </>
      )}
      <p className="muted">Months begin and end at midnight UTC; times are those of your device.</p>
    </section>
  );
}

/** What was read of a month, or why it could not be. */
interface Read {
  month: Month;
  page: StatementPage | null;
  error: string | null;
  isMoreComing: boolean;
}

/** The lines of a month that were read so far; anew where the account has changed. */
function useStatement(month: Month, version: number) {
  const [read, setRead] = useState<Read | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isGone = false;
    statementOf(month).then(
      (page) => {
        if (!isGone) setRead({ month, page, error: null, isMoreComing: false });
      },
      (fault: unknown) => {
        if (isGone) return;
        setRead((now) => ({ ...of(month, now), error: messageOf(fault), isMoreComing: false }));
      },
    );
    return () => {
      isGone = true;
    };
  }, [month, version, attempt]);
  const { page, error, isMoreComing } = of(month, read);
  const readMore = () => {
    if (page?.next === undefined) return;
    // What was read anew meanwhile, or of another month, has the last word.
    const add = (more: Partial<Read>) => {
      setRead((now) => (now?.page === page ? { ...now, ...more } : now));
    };
    add({ isMoreComing: true });
    statementOf(month, page.next).then(
      (more) => {
        add({ page: joined(page, more), error: null, isMoreComing: false });
      },
      (fault: unknown) => {
        add({ error: messageOf(fault), isMoreComing: false });
      },
    );
  };
  const retry = () => {
    setAttempt((count) => count + 1);
  };
  return { page, error, isMoreComing, readMore, retry };
}

function of(month: Month, read: Read | null): Read {
  return read?.month === month ? read : { month, page: null, error: null, isMoreComing: false };
}

function Lines({
  statement: { opening, closing, lines },
  isWhole,
  prices: { format },
}: {
  statement: Statement;
  isWhole: boolean;
  prices: Prices;
}) {
  const shown = isWhole ? lines : lines.filter((line) => line.change !== '0');
  return (
    <table className="account-table account-history">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">When</th>
          <th scope="col">Credits</th>
          <th scope="col">Balance</th>
        </tr>
      </thead>
      <tbody>
        <tr className="account-edge">
          <th scope="row" colSpan={3}>
            At the beginning
          </th>
          <td data-testid="opening">{format(opening)}</td>
        </tr>
        {shown.map((line) => (
          <Line key={line.entry} line={line} format={format} />
        ))}
        {shown.length === 0 && (
          <tr>
            <td colSpan={4} className="muted">
              Nothing changed the balance.
            </td>
          </tr>
        )}
        <tr className="account-edge">
          <th scope="row" colSpan={3}>
            At the end
          </th>
          <td data-testid="closing">{format(closing)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Line({
  line: { text, at, change, held, balance, action_id },
  format,
}: {
  line: StatementLine;
  format: Prices['format'];
}) {
  const dialogs = useDialogs();
  const isGain = !change.startsWith('-') && change !== '0';
  // What took credits and gave a hold back is the end of an answer.
  const isCharge = action_id !== undefined && change.startsWith('-') && held.startsWith('-');
  return (
    <tr data-testid="line">
      <th scope="row">
        {isCharge ? (
          <button
            type="button"
            className="link"
            onClick={() => {
              dialogs.receipt(action_id);
            }}
          >
            {sentence(text)}
            <span className="visually-hidden">, receipt</span>
          </button>
        ) : (
          sentence(text)
        )}
        {change === '0' && held !== '0' && (
          <small>
            {held.startsWith('-')
              ? `${format(held.slice(1))} given back`
              : `${format(held)} reserved`}
          </small>
        )}
      </th>
      <td>
        <time dateTime={at}>
          {new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}
        </time>
      </td>
      <td data-gain={isGain || undefined}>{isGain ? `+${format(change)}` : format(change)}</td>
      <td>{format(balance)}</td>
    </tr>
  );
}

function Export({ month }: { month: Month }) {
  const [error, setError] = useState<string | null>(null);
  const saveJson = () => {
    setError(null);
    wholeStatement(month)
      .then((statement) => {
        save(`statement-${month}.json`, JSON.stringify(statement, null, 2));
      })
      .catch((fault: unknown) => {
        setError(messageOf(fault));
      });
  };
  return (
    <div className="account-export">
      <a className="button" href={csvAddress(month)} download>
        Save as CSV
      </a>
      <button type="button" className="button" onClick={saveJson}>
        Save as JSON
      </button>
      {error !== null && (
        <p className="notice notice-line" role="alert">
          It could not be saved: {error}
        </p>
      )}
    </div>
  );
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  Object.assign(link, { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
