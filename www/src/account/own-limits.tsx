// What a person allows themselves to spend. The limits are kept by the server, which enforces them;
// what they leave comes with the balance.
import type { Limits } from '@kumari/credits';
import { useId, useState } from 'react';
import type { Prices } from '../credits/client';
import { announce } from '../ui/announce';
import { amountTyped, putLimits } from './limits';

const FIELDS: readonly { field: keyof Limits; name: string; says: string }[] = [
  {
    field: 'per_action',
    name: 'At most for one message',
    says: 'An answer is shortened to fit, or the message waits for you.',
  },
  {
    field: 'per_day',
    name: 'At most for a day',
    says: 'Days end at midnight UTC. What is reserved for running answers counts.',
  },
  {
    field: 'warn_below',
    name: 'Warn me below',
    says: 'The balance in the corner is marked. Nothing is stopped.',
  },
];

export function OwnLimits({
  limits,
  left,
  format,
}: {
  limits: Limits;
  /** What they leave now. */
  left: string | undefined;
  format: Prices['format'];
}) {
  const [typed, setTyped] = useState<Partial<Record<keyof Limits, string>>>({});
  const [state, setState] = useState<'saved' | 'saving' | { fault: string }>('saved');
  const textOf = (field: keyof Limits) => typed[field] ?? limits[field] ?? '';
  const isWrong = (field: keyof Limits) =>
    textOf(field).trim() !== '' && amountTyped(textOf(field)) === null;
  const isChanged = FIELDS.some(
    ({ field }) => (amountTyped(textOf(field)) ?? undefined) !== limits[field],
  );
  const isAnyWrong = FIELDS.some(({ field }) => isWrong(field));

  const save = async () => {
    setState('saving');
    const wanted: Limits = {};
    for (const { field } of FIELDS) {
      const amount = amountTyped(textOf(field));
      if (amount !== null) wanted[field] = amount;
    }
    try {
      await putLimits(wanted);
      // What follows is what the server has.
      setTyped({});
      setState('saved');
      announce('Your limits are saved.');
    } catch (fault) {
      setState({ fault: fault instanceof Error ? fault.message : String(fault) });
    }
  };

  return (
    <section aria-labelledby="limits">
      <h3 id="limits">Your own limits</h3>
      <form
        className="own-limits"
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged && !isAnyWrong) void save();
        }}
      >
        {FIELDS.map(({ field, name, says }) => (
          <Amount
            key={field}
            name={name}
            says={says}
            text={textOf(field)}
            isWrong={isWrong(field)}
            change={(text) => {
              setTyped((before) => ({ ...before, [field]: text }));
            }}
          />
        ))}
        <div className="account-bar">
          <button
            type="submit"
            className="button"
            disabled={!isChanged || isAnyWrong || state === 'saving'}
          >
            {state === 'saving' ? 'Saving…' : 'Save limits'}
          </button>
          {left !== undefined && (
            <span className="muted" data-testid="limit-left">
              {format(left)} credits left for the next message
            </span>
          )}
        </div>
        {typeof state === 'object' && (
          <p className="notice notice-line" role="alert">
            Your limits were not saved: {state.fault}
          </p>
        )}
      </form>
    </section>
  );
}

function Amount({
  name,
  says,
  text,
  isWrong,
  change,
}: {
  name: string;
  says: string;
  text: string;
  isWrong: boolean;
  change: (text: string) => void;
}) {
  const [id, helpId] = [useId(), useId()];
  return (
    <div className="own-limit">
      <label htmlFor={id}>{name}</label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        placeholder="No limit"
        maxLength={16}
        value={text}
        aria-invalid={isWrong}
        aria-describedby={helpId}
        onChange={({ target }) => {
          change(target.value);
        }}
      />
      <small id={helpId} data-fault={isWrong || undefined}>
        {isWrong ? 'Write credits as a number, like 12.5, or leave it empty.' : says}
      </small>
    </div>
  );
}
