// Why a message cannot be sent now. What would help is loaded after the first paint.
import type { Denial, Remedy, Task } from '@kumari/credits';
import { CircleAlert } from 'lucide-react';
import type { Prices } from '../credits/client';
import { DENIAL_TITLES } from '../credits/words';
import { useLater } from '../use-later';
import type { Refused } from './file-refusal';

export interface BlockedProps {
  denial: Denial;
  prices: Prices;
  refused: Refused;
  /** What the draft asks for, once it is known. */
  task: Task | undefined;
  takeCheaper: (remedy: Extract<Remedy, { kind: 'cheaper' }>) => void;
}

export function Blocked(props: BlockedProps) {
  const later = useLater();
  const { code } = props.denial;
  return (
    <section className="notice" data-code={code} aria-label={DENIAL_TITLES[code]}>
      <CircleAlert aria-hidden size={18} className="notice-icon" />
      <div className="notice-body">
        <p className="notice-title" id="blocked-reason">
          {DENIAL_TITLES[code]}
        </p>
        {later && <later.Remedies {...props} />}
      </div>
    </section>
  );
}
