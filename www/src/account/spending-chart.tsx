// What a month's answers cost, day by day, as bars of tasks or models, with the same as a table.
// Loaded with the first month that is looked at: it brings the library of charts along.
import type { Spending } from '@kumari/credits';
import { useEffect, useId, useMemo, useState } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { sumOf } from '../credits/amounts';
import type { Prices } from '../credits/client';
import { modeName } from '../credits/words';
import '../styles/spending.css';
import { type Day, type Group, type Grouping, daysOf, groupsOf, spendingOf } from './spending';
import { type Month, monthName } from './statement';

// A number: in a tab that is hidden every share of the size is zero, of which the library warns.
const PLOT_HEIGHT = 190;
// The library writes its own colour into each number, above any style sheet.
const TICK = { fill: 'var(--text-soft)' };

const GROUPINGS: readonly { by: Grouping; name: string }[] = [
  { by: 'task', name: 'By mode' },
  { by: 'model', name: 'By model' },
];

export default function SpendingChart({
  month,
  version,
  prices,
}: {
  month: Month;
  version: number;
  prices: Prices;
}) {
  const { spending, error, retry } = useSpending(month, version);
  const [by, setBy] = useState<Grouping>('task');
  const groups = useMemo(() => groupsOf(spending ?? [], by), [spending, by]);
  const days = useMemo(
    () => daysOf(month, spending ?? [], by, groups),
    [month, spending, by, groups],
  );
  const nameOf = ({ id }: Group) => {
    if (id === null) return 'All others';
    return by === 'task' ? modeName(id as Spending['task']) : prices.nameOf(id);
  };
  if (spending === null) {
    return error === null ? (
      <div className="spending-plot skeleton" role="status" aria-label="Adding up what was spent" />
    ) : (
      <p className="notice notice-line" role="alert">
        What was spent could not be read: {error}{' '}
        <button type="button" className="link" onClick={retry}>
          Try again
        </button>
      </p>
    );
  }
  if (spending.length === 0) {
    return <p className="muted">No answer cost anything in {monthName(month)}.</p>;
  }
  return (
    <div className="spending">
      <Plot days={days} groups={groups} nameOf={nameOf} prices={prices} month={month} />
      <Choice by={by} setBy={setBy} />
      <Groups groups={groups} nameOf={nameOf} by={by} format={prices.format} />
    </div>
  );
}

/** The month's sums, anew where the account has changed; those before are shown until then. */
function useSpending(month: Month, version: number) {
  const [read, setRead] = useState<{
    month: Month;
    spending: Spending[] | null;
    error: string | null;
  } | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isGone = false;
    spendingOf(month).then(
      (spending) => {
        if (!isGone) setRead({ month, spending, error: null });
      },
      (fault: unknown) => {
        const error = fault instanceof Error ? fault.message : String(fault);
        if (!isGone) {
          setRead((now) => ({
            month,
            spending: now?.month === month ? now.spending : null,
            error,
          }));
        }
      },
    );
    return () => {
      isGone = true;
    };
  }, [month, version, attempt]);
  const retry = () => {
    setAttempt((count) => count + 1);
  };
  const of = read?.month === month ? read : null;
  return { spending: of?.spending ?? null, error: of?.error ?? null, retry };
}

function Plot({
  days,
  groups,
  nameOf,
  prices: { format },
  month,
}: {
  days: Day[];
  groups: readonly Group[];
  nameOf: (group: Group) => string;
  prices: Prices;
  month: Month;
}) {
  const content = ({ active, payload }: TooltipContentProps) => {
    const day = payload[0]?.payload as Day | undefined;
    if (!active || !day) return null;
    return (
      <div className="popover spending-tip">
        <strong>{dayName(month, day.day)}</strong>
        {groups.map((group, index) => {
          const charge = day.charges[index] ?? '0';
          return (
            charge !== '0' && (
              <span key={group.id}>
                <Swatch index={index} /> {nameOf(group)} <b>{format(charge)}</b>
              </span>
            )
          );
        })}
        <span>
          {day.charge === '0' ? (
            'Nothing'
          ) : (
            <>
              Together <b>{format(day.charge)} credits</b>
            </>
          )}
        </span>
      </div>
    );
  };
  return (
    <figure
      className="spending-plot"
      aria-label={`Credits spent on each day of ${monthName(month)}`}
    >
      <ResponsiveContainer width="100%" height={PLOT_HEIGHT}>
        <BarChart
          data={days}
          margin={{ top: 4, right: 2, bottom: 0, left: 0 }}
          barCategoryGap="18%"
          title={`Credits spent on each day of ${monthName(month)}`}
          desc="Arrow keys go from day to day; the table below has the sums."
        >
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            dataKey="day"
            tickLine={false}
            axisLine={false}
            tick={TICK}
            interval="preserveStartEnd"
          />
          <YAxis width="auto" tickLine={false} axisLine={false} tick={TICK} tickCount={4} />
          <Tooltip
            content={content}
            cursor={{ fill: 'var(--surface-active)', stroke: 'none' }}
            isAnimationActive={false}
          />
          {groups.map((group, index) => (
            <Bar
              key={group.id}
              dataKey={(day: Day) => day.heights[index] ?? 0}
              name={nameOf(group)}
              stackId="day"
              fill={colorOf(index)}
              stroke="var(--surface)"
              strokeWidth={1}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </figure>
  );
}

function Choice({ by, setBy }: { by: Grouping; setBy: (by: Grouping) => void }) {
  const name = useId();
  return (
    <fieldset className="account-choice">
      <legend className="visually-hidden">What the bars are made of</legend>
      {GROUPINGS.map((one) => (
        <label key={one.by}>
          <input
            type="radio"
            name={name}
            checked={by === one.by}
            onChange={() => {
              setBy(one.by);
            }}
          />
          {one.name}
        </label>
      ))}
    </fieldset>
  );
}

function Groups({
  groups,
  nameOf,
  by,
  format,
}: {
  groups: readonly Group[];
  nameOf: (group: Group) => string;
  by: Grouping;
  format: Prices['format'];
}) {
  const answers = groups.reduce((sum, group) => sum + group.answers, 0);
  return (
    <table className="account-table" data-testid="spending">
      <thead>
        <tr>
          <th scope="col">{by === 'task' ? 'Mode' : 'Model'}</th>
          <th scope="col">Answers</th>
          <th scope="col">Credits</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group, index) => (
          <tr key={group.id}>
            <th scope="row">
              <Swatch index={index} /> {nameOf(group)}
            </th>
            <td>{group.answers.toLocaleString()}</td>
            <td>{format(group.charge)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="account-edge">
          <th scope="row">Together</th>
          <td>{answers.toLocaleString()}</td>
          <td data-testid="spent">{format(sumOf(groups.map(({ charge }) => charge)))}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function Swatch({ index }: { index: number }) {
  return <span className="spending-swatch" style={{ background: colorOf(index) }} aria-hidden />;
}

function colorOf(index: number): string {
  return `var(--group-${index + 1})`;
}

function dayName(month: Month, day: number): string {
  return new Date(`${month}-${String(day).padStart(2, '0')}`).toLocaleDateString([], {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  });
}
