// One thing at a time that is asked of the server, and why it did not work.
import { useState } from 'react';
import { reasonOf } from './passkey';

export interface Asking {
  isBusy: boolean;
  /** Why the last one did not work; empty where it did. */
  fault: string;
  run: (work: () => Promise<void>) => void;
}

export function useAsking(first = ''): Asking {
  const [isBusy, setIsBusy] = useState(false);
  const [fault, setFault] = useState(first);
  return {
    isBusy,
    fault,
    run: (work) => {
      setIsBusy(true);
      setFault('');
      work()
        .catch((error: unknown) => {
          setFault(reasonOf(error));
        })
        .finally(() => {
          setIsBusy(false);
        });
    },
  };
}
