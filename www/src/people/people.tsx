// Who one is here: a guest who may sign up or in, or somebody with ways to sign in and sessions.
import { useCallback, useEffect, useState } from 'react';
import '../styles/people.css';
import { type Me, getMe } from './api';
import { Leave } from './leave';
import { SignIn } from './sign-in';
import { SignedIn } from './signed-in';
import { cameBack } from './came-back';

export function People() {
  const [me, setMe] = useState<Me | null>(null);
  const [fault, setFault] = useState('');
  const [cameBackWith] = useState(cameBack);
  const load = useCallback(() => {
    getMe().then(
      (found) => {
        setFault('');
        setMe(found);
      },
      (error: unknown) => {
        setFault(error instanceof Error ? error.message : String(error));
      },
    );
  }, []);
  useEffect(load, [load]);
  if (fault !== '') {
    return (
      <p className="notice notice-line" role="alert">
        {fault}
        <button type="button" className="link" onClick={load}>
          Try again
        </button>
      </p>
    );
  }
  if (!me) return <p className="muted">Looking who you are…</p>;
  return (
    <>
      {me.guest ? (
        <SignIn me={me} fault={cameBackWith} />
      ) : (
        <SignedIn me={me} fault={cameBackWith} changed={load} />
      )}
      <Leave me={me} />
    </>
  );
}
