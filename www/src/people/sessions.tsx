// Where an account is signed in, and how that ends.
import { announce } from '../ui/announce';
import { type Me, type SessionView, ask } from './api';
import { useAsking } from './use-asking';

export function Sessions({ me, changed }: { me: Me; changed: () => void }) {
  const { isBusy, fault, run } = useAsking();
  const end = (path: string, words: string) => {
    run(async () => {
      await ask('DELETE', path);
      announce(words);
      changed();
    });
  };
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      <ul className="people-list" aria-labelledby="sessions">
        {me.sessions.map((session) => (
          <li key={session.id}>
            <span>
              {session.device}
              <small>{seenWords(session)}</small>
            </span>
            {!session.current && (
              <button
                type="button"
                className="button"
                disabled={isBusy}
                aria-label={`Sign out ${session.device}`}
                onClick={() => {
                  end(`/api/sessions/${session.id}`, `${session.device} is signed out.`);
                }}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      {me.sessions.length > 1 && (
        <div className="people-ways">
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => {
              end('/api/sessions', 'You are signed out everywhere else.');
            }}
          >
            Sign out everywhere else
          </button>
        </div>
      )}
      {fault !== '' && (
        <p className="notice notice-line" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}

function seenWords({ current, created_at, seen_at }: SessionView): string {
  const since = `Since ${new Date(created_at).toLocaleDateString()}`;
  return current
    ? `${since}. This is where you are now`
    : `${since}, last seen ${new Date(seen_at).toLocaleString()}`;
}
