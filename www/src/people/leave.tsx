// What is kept of somebody, to take along; and how all of it goes.
import { useId, useState } from 'react';
import { useCredits, usePrices } from '../credits/client';
import { type Me, ask } from './api';
import { beginAnew, forgetDrafts } from './switch';
import { useAsking } from './use-asking';

/** What is typed, so that nobody deletes an account by one click. */
const WORD = 'delete';

export function Leave({ me }: { me: Me }) {
  const [isAsked, setIsAsked] = useState(false);
  return (
    <section aria-labelledby="leave">
      <h2 id="leave">Your data</h2>
      <p className="muted">
        Everything that is kept of you as one JSON file: conversations, what files were, and what
        each answer cost.
      </p>
      <div className="people-ways">
        <a className="button" href="/api/account/export" download>
          Save everything
        </a>
        <button
          type="button"
          className="button"
          aria-expanded={isAsked}
          onClick={() => {
            setIsAsked(!isAsked);
          }}
        >
          Delete this account…
        </button>
      </div>
      {isAsked && <Confirm me={me} />}
    </section>
  );
}

function Confirm({ me }: { me: Me }) {
  const { isBusy, fault, run } = useAsking();
  const { balance } = useCredits();
  const prices = usePrices();
  const [typed, setTyped] = useState('');
  const typedId = useId();
  const settled = balance?.standing.settled ?? '0';
  return (
    <form
      className="people-danger"
      onSubmit={(event) => {
        event.preventDefault();
        run(async () => {
          await ask('POST', '/api/account/delete', { account_id: me.account_id });
          forgetDrafts();
          beginAnew();
        });
      }}
    >
      <p>
        <strong>This cannot be undone.</strong> Conversations and files go within ten minutes, and
        nobody can sign in to this account any more.{' '}
        {settled === '0'
          ? 'No credits are left in it.'
          : `The ${prices?.format(settled) ?? settled} credits that are left are lost, bought ones too: nothing is paid back.`}
      </p>
      <p>
        What was paid and charged stays as a record, without your name, and so does a fingerprint of
        how you signed in, so that free credits are given once.
      </p>
      <label htmlFor={typedId}>Type “{WORD}” to confirm</label>
      <div className="people-row">
        <input
          id={typedId}
          className="people-field"
          autoComplete="off"
          autoCapitalize="none"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
        <button
          type="submit"
          className="button button-danger"
          disabled={isBusy || typed.trim().toLowerCase() !== WORD}
        >
          Delete for good
        </button>
      </div>
      {fault !== '' && (
        <p className="notice notice-line" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
