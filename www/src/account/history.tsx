// What a month did to the balance, line by line as the statement has it, to read and to keep.
import type { Statement, StatementLine, Task } from '@kumari/credits';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Prices } from '../credits/client';
import { modeName, sentence } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';
import { loadedBy } from '../ui/loaded-by';
import { type Filter, FILTERS, filtersOf, isShown, textOf } from './lines';
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

const useChart = loadedBy(() => import('./spending-chart'));

export function History({ version, prices }: { version: number; prices: Prices }) {
  const [month, setMonth] = useState(thisMonth);
  const [filter, setFilter] = useState<Filter>('changes');
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
          <div className="skeleton-lines" role="status" aria-label="Reading the history">
            <span className="skeleton" />
            <span className="skeleton" />
          </div>
        )
      ) : (
        <>
          <Chart month={month} version={version} prices={prices} />
          <FilterChoice
            filters={filtersOf(page.statement.lines)}
            filter={filter}
            setFilter={setFilter}
          />
          <Lines statement={page.statement} filter={filter} prices={prices} />
          {page.next !== undefined && (
            <button type="button" className="button" disabled={isMoreComing} onClick={readMore}>
              {isMoreComing ? 'Reading…' : 'Show more of this month'}
            </button>
          )}
          <Export month={month} />
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

/** Its place is kept free until what draws it is here; without it the table stands all the same. */
function Chart({ month, version, prices }: { month: Month; version: number; prices: Prices }) {
  const [chart, isMissing, again] = useChart();
  if (chart) return <chart.default month={month} version={version} prices={prices} />;
  return isMissing ? (
    <p className="notice notice-line" role="alert">
      The chart could not be loaded.{' '}
      <button type="button" className="link" onClick={again}>
        Try again
      </button>
    </p>
  ) : (
    <div className="account-chart skeleton" aria-hidden />
  );
}

function FilterChoice({
  filters,
  filter,
  setFilter,
}: {
  filters: readonly Filter[];
  filter: Filter;
  setFilter: (filter: Filter) => void;
}) {
  return (
    <label className="account-filter">
      Show
      <select
        value={filter}
        onChange={({ target }) => {
          setFilter(target.value as Filter);
        }}
      >
        {[...new Set([...filters, filter])].map((one) => (
          <option key={one} value={one}>
            {one in FILTERS ? FILTERS[one as keyof typeof FILTERS] : modeName(one as Task)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Lines({
  statement: { opening, closing, lines },
  filter,
  prices,
}: {
  statement: Statement;
  filter: Filter;
  prices: Prices;
}) {
  const { format } = prices;
  const shown = lines.filter((line) => isShown(line, filter));
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
          <Line key={line.entry} line={line} prices={prices} />
        ))}
        {shown.length === 0 && (
          <tr>
            <td colSpan={4} className="muted">
              {filter === 'changes' ? 'Nothing changed the balance.' : 'Nothing of that kind.'}
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

function Line({ line, prices }: { line: StatementLine; prices: Prices }) {
  const { at, change, held, balance, action_id, task } = line;
  const { format } = prices;
  const text = sentence(textOf(line, prices.nameOf));
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
            {text}
            <span className="visually-hidden">, receipt</span>
          </button>
        ) : (
          text
        )}
        {isCharge && task !== undefined && <small>{modeName(task)}</small>}
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
