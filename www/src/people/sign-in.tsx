// A guest signs up, and keeps all; or signs in to an account that is there already.
import { KeyRound } from 'lucide-react';
import { useId, useState } from 'react';
import { type Me, ask } from './api';
import { createPasskey, hasPasskeys, usePasskey as signInWithPasskey } from './passkey';
import { beginAnew } from './switch';
import { useAsking } from './use-asking';

export function SignIn({ me, fault: first }: { me: Me; fault: string }) {
  const { isBusy, fault, run } = useAsking(first);
  const { oidc } = me.ways;
  const [name, setName] = useState('');
  const nameId = useId();
  const canPasskey = me.ways.passkey && hasPasskeys();
  return (
    <section aria-labelledby="sign-in">
      <h2 id="sign-in">Sign up or sign in</h2>
      <p className="muted">
        You are a guest, known to this browser alone. Sign up, and your conversations and credits
        stay as they are, for you on every device.
      </p>
      {!canPasskey && <NoPasskeys me={me} />}
      {canPasskey && (
        <form
          className="people-form"
          onSubmit={(event) => {
            event.preventDefault();
            run(async () => {
              await createPasskey(name);
              beginAnew();
            });
          }}
        >
          <label htmlFor={nameId}>What to call you</label>
          <div className="people-row">
            <input
              id={nameId}
              className="people-field"
              autoComplete="username"
              maxLength={60}
              required
              value={name}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
            <button
              type="submit"
              className="button button-primary"
              disabled={isBusy || name.trim() === ''}
            >
              <KeyRound aria-hidden size={16} />
              Create a passkey
            </button>
          </div>
        </form>
      )}
      <div className="people-ways">
        {canPasskey && (
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => {
              run(async () => {
                await signInWithPasskey();
                beginAnew();
              });
            }}
          >
            Sign in with a passkey
          </button>
        )}
        {oidc !== undefined && (
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => {
              run(async () => {
                const { location } = await ask<{ location: string }>('POST', '/api/sign-in/oidc');
                window.location.assign(location);
              });
            }}
          >
            Continue with {oidc}
          </button>
        )}
      </div>
      {fault !== '' && (
        <p className="notice notice-line" role="alert">
          {fault}
        </p>
      )}
      <p className="muted">
        Signing in shows the account that you have already. What you did here as a guest is kept in
        this browser, and is back when you sign out.
      </p>
    </section>
  );
}

function NoPasskeys({ me }: { me: Me }) {
  const { hostname, port, protocol } = window.location;
  const isHere = /^(127\.|\[::1\])/.test(hostname);
  if (me.ways.passkey) {
    return <p className="demo-note">This browser has no passkeys. A newer one has.</p>;
  }
  if (!isHere) {
    if (me.ways.oidc !== undefined) return null;
    return (
      <p className="demo-note">
        Passkeys are not set up on this server: whoever runs it tells it its address with{' '}
        <code>--public-origin</code>.
      </p>
    );
  }
  const address = `${protocol}//localhost${port === '' ? '' : `:${port}`}`;
  return (
    <p className="demo-note">
      Passkeys need an address with a name. Open <a href={address}>{address}</a> instead; there you
      are another guest.
    </p>
  );
}
