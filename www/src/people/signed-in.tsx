// Who is signed in: the ways to do so, where, and how to leave.
import { announce } from '../ui/announce';
import { type Me, ask } from './api';
import { createPasskey, hasPasskeys } from './passkey';
import { Sessions } from './sessions';
import { beginAnew, forgetDrafts } from './switch';
import { useAsking } from './use-asking';

export function SignedIn({
  me,
  fault: first,
  changed,
}: {
  me: Me;
  fault: string;
  changed: () => void;
}) {
  const { isBusy, fault, run } = useAsking(first);
  return (
    <>
      <section aria-labelledby="who">
        <h2 id="who">Signed in as {me.name}</h2>
        <ul className="people-list" aria-label="Ways to sign in">
          {me.identities.map((identity, index) => (
            <li key={index}>
              <span>
                {identity.kind === 'passkey' ? 'Passkey' : 'Account'} of {identity.name}
                <small>
                  Since {day(identity.created_at)}, last used {day(identity.used_at)}
                </small>
              </span>
            </li>
          ))}
        </ul>
        {me.guest_kept && (
          <p className="demo-note">
            What you did in this browser as a guest is kept. It is back when you sign out.
          </p>
        )}
        <div className="people-ways">
          {me.ways.passkey && hasPasskeys() && (
            <button
              type="button"
              className="button"
              disabled={isBusy}
              onClick={() => {
                run(async () => {
                  await createPasskey(me.name ?? '');
                  announce('The passkey is added.');
                  changed();
                });
              }}
            >
              Add another passkey
            </button>
          )}
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => {
              run(async () => {
                await ask('POST', '/api/sign-out');
                forgetDrafts();
                beginAnew();
              });
            }}
          >
            Sign out
          </button>
        </div>
        {fault !== '' && (
          <p className="notice notice-line" role="alert">
            {fault}
          </p>
        )}
      </section>
      <Sessions me={me} changed={changed} />
    </>
  );
}

function day(time: string): string {
  return new Date(time).toLocaleDateString();
}
