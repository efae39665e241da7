// Whether the draft may be sent, and what stands in the way: the Send button, and the words above
// and below the text. Each follows the price by itself, and renders where its own words change.
import type { Denial, Remedy, Task } from '@kumari/credits';
import { ArrowUp } from 'lucide-react';
import { useId } from 'react';
import type { Credits, Prices } from '../credits/client';
import { DENIAL_TITLES, capsWords, levelWords, sentence, sumWords } from '../credits/words';
import { Blocked } from './blocked';
import type { Wait } from './draft-files';
import type { Refused } from './file-refusal';
import { type DraftPrice, type DraftPricing, usePrice } from './pricing';
import type { Notice as NoticeWords } from './use-send';

/** What Send depends on besides the price. */
export interface Facts {
  status: Credits['status'];
  isEmpty: boolean;
  isSending: boolean;
  /** What it waits for besides. */
  waitsFor: Wait | null;
}

/** Why the draft may not be sent, in words; nothing where it may. */
export function whyNot({ denial, isPriced }: DraftPrice, facts: Facts): string | null {
  if (facts.status === 'offline') return 'You are offline. Send waits for the connection.';
  if (facts.isSending) return 'Sending…';
  if (denial && isShown(denial, facts)) return DENIAL_TITLES[denial.code];
  if (facts.isEmpty) return 'Write a message first.';
  if (facts.waitsFor) return facts.waitsFor.words;
  if (!isPriced) return 'Prices are still loading.';
  return null;
}

export function SendButton({ pricing, facts }: { pricing: DraftPricing; facts: Facts }) {
  const reason = usePrice(pricing, (price) => whyNot(price, facts));
  const reasonId = useId();
  return (
    <>
      <button
        type="submit"
        className="send"
        aria-label="Send"
        aria-disabled={reason !== null}
        aria-describedby={reason === null ? undefined : reasonId}
      >
        {facts.isSending ? (
          <span className="spinner" aria-hidden />
        ) : (
          <ArrowUp aria-hidden size={18} strokeWidth={2.4} />
        )}
      </button>
      <span id={reasonId} className="visually-hidden">
        {reason}
      </span>
    </>
  );
}

/** Above the text: why it cannot be sent and what would help, or what the last send came to. */
export function Notice({
  pricing,
  prices,
  isEmpty,
  notice,
  ...blocked
}: {
  pricing: DraftPricing;
  prices: Prices | null;
  isEmpty: boolean;
  notice: NoticeWords | null;
  /** Of the files that the denial may be of. */
  refused: Refused;
  task: Task | undefined;
  takeCheaper: (remedy: Extract<Remedy, { kind: 'cheaper' }>) => void;
}) {
  const own = usePrice(pricing, ({ denial }) =>
    denial && isShown(denial, { isEmpty }) ? denial : null,
  );
  const denial = own ?? notice?.denial;
  if (denial) {
    return prices && <Blocked denial={denial} prices={prices} {...blocked} />;
  }
  return (
    notice && (
      <p className="notice notice-line" role="alert" data-code={notice.code}>
        {notice.words}
      </p>
    )
  );
}

/** Beside the mode, where nobody names a model. */
export function Routed({
  pricing,
  prices,
  isEmpty,
}: {
  pricing: DraftPricing;
  prices: Prices | null;
  isEmpty: boolean;
}) {
  const model = usePrice(pricing, ({ estimate }) => estimate?.legs[0]?.model);
  const rule = usePrice(pricing, ({ estimate }) => estimate?.legs[0]?.rule);
  return (
    <span className="chip-note">
      {model === undefined || isEmpty || !prices
        ? 'Kumari picks the model'
        : `Kumari picks the model, likely ${prices.likelyWords({ model, rule })}`}
    </span>
  );
}

/** Below the text. */
export function Hint({
  pricing,
  prices,
  isEmpty,
  compared,
  isOffline,
  waitsFor,
}: {
  pricing: DraftPricing;
  prices: Prices | null;
  isEmpty: boolean;
  /** How many models are compared; 0 in other modes. */
  compared: number;
  isOffline: boolean;
  /** What Send waits for. */
  waitsFor: Wait | null;
}) {
  const level = usePrice(pricing, ({ estimate }) =>
    estimate && compared > 0 ? levelWords(estimate.level) : null,
  );
  const caps = usePrice(pricing, ({ estimate }) =>
    estimate && prices ? capsWords(estimate.caps, prices.nameOf) : '',
  );
  const words = [
    level === null ? '' : `${level} — ${sumWords(compared)}`,
    caps === '' ? '' : `to fit your balance ${caps}`,
  ].filter((part) => part !== '');
  if (isOffline) {
    return <strong>You are offline. Your draft is kept; Send waits for the connection.</strong>;
  }
  if (waitsFor) {
    return <span className={waitsFor.isPassing ? '' : 'composer-sum'}>{waitsFor.words}</span>;
  }
  if (words.length > 0 && !isEmpty) {
    return <span className="composer-sum">{sentence(words.join('; '))}</span>;
  }
  return (
    <>
      <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> makes a new line, <kbd>/</kbd>{' '}
      chooses a mode, <kbd>@</kbd> names a model
    </>
  );
}

/** Some denials hold whatever the message says, so they are shown before anything is typed. */
function isShown({ code }: Denial, { isEmpty }: Pick<Facts, 'isEmpty'>): boolean {
  return (
    !isEmpty ||
    ['account_closed', 'payment_disputed', 'credits_exhausted', 'credits_held'].includes(code)
  );
}
