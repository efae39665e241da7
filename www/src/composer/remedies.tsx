// What stands in the way of a message, in words, with what would help.
import type { Denial, Remedy } from '@kumari/credits';
import { type Prices, useCredits } from '../credits/client';
import { capsWords, modeName, sentence } from '../credits/words';
import { useDialogs } from '../dialogs/dialogs';
import { loadedBy } from '../ui/loaded-by';
import type { BlockedProps } from './blocked';
import { FileRefusal, refusalOrigin } from './file-refusal';
import { PACK_FOR_MEDIA, isMedia } from './media-words';

/** What few people see in a visit is loaded when it is first needed. */
const useExhausted = loadedBy(() => import('./exhausted'));

export function Remedies(props: BlockedProps) {
  return props.denial.code === 'credits_exhausted' ? <UsedUp {...props} /> : <Ways {...props} />;
}

function UsedUp(props: BlockedProps) {
  const [part, isMissing] = useExhausted();
  if (part) return <part.default {...props} />;
  // Where it does not come, the ways on stand there all the same.
  return isMissing && <Ways {...props} />;
}

function Ways({ denial, prices, refused, task, takeCheaper }: BlockedProps) {
  const { session } = useCredits();
  const dialogs = useDialogs();
  const sellsPack = denial.remedies.some(({ kind }) => kind === 'buy_pack');
  return (
    <>
      {refusalOrigin(denial) !== null ? (
        <FileRefusal denial={denial} refused={refused} prices={prices} />
      ) : (
        <p>
          {explain(denial, prices)}
          {sellsPack && isMedia(task) && ` ${PACK_FOR_MEDIA}`}
        </p>
      )}
      <div className="notice-ways">
        {denial.remedies.map((remedy, index) => (
          <Way
            key={index}
            remedy={remedy}
            denial={denial}
            prices={prices}
            takeCheaper={takeCheaper}
          />
        ))}
        {denial.code === 'credits_exhausted' && session?.guest && (
          <button type="button" className="button" onClick={dialogs.signIn}>
            Sign in
          </button>
        )}
      </div>
    </>
  );
}

function explain(denial: Denial, { format }: Prices): string {
  switch (denial.code) {
    case 'credits_exhausted':
      return 'New messages are paused. Your conversations stay open to read, and your draft is kept.';
    case 'credits_held':
      return 'They come back when those answers end. There is no need to buy any.';
    case 'credits_insufficient':
      return denial.estimate
        ? `It may cost up to ${format(denial.estimate.high)} credits. Choose something cheaper, or add credits.`
        : 'Choose something cheaper, or add credits.';
    default:
      return `${sentence(denial.message)}.`;
  }
}

function Way({
  remedy,
  denial,
  prices,
  takeCheaper,
}: {
  remedy: Remedy;
  denial: Denial;
  prices: Prices;
  takeCheaper: (remedy: Extract<Remedy, { kind: 'cheaper' }>) => void;
}) {
  const dialogs = useDialogs();
  switch (remedy.kind) {
    case 'cheaper':
      return (
        <button
          type="button"
          className="button"
          onClick={() => {
            takeCheaper(remedy);
          }}
        >
          {cheaperWords(remedy, denial, prices)}
          <span className="button-price">up to {prices.format(remedy.high)}</span>
        </button>
      );
    case 'upgrade_to_pro':
      return (
        <button type="button" className="button button-primary" onClick={dialogs.pro}>
          Upgrade to Pro
        </button>
      );
    case 'buy_pack':
      return (
        <button type="button" className="button" onClick={dialogs.topUp}>
          Buy a Custom Pack
        </button>
      );
    case 'wait_for_reset':
      return (
        <span className="muted">
          Your Pro credits come back on {new Date(remedy.at).toLocaleString()}.
        </span>
      );
    case 'raise_limit':
      return (
        <button type="button" className="button" onClick={dialogs.account}>
          Change your limits
        </button>
      );
    case 'mend_payment':
      return (
        <button type="button" className="button" onClick={dialogs.account}>
          See how Pro is paid
        </button>
      );
    case 'wait_for_holds':
    case 'review_price':
    case 'fix_request':
    case 'contact_support':
      return null;
  }
}

/** "2 models instead of 4: A and B, answers of up to 380 words", or "Lightweight model: A". */
function cheaperWords(
  { request, caps }: Extract<Remedy, { kind: 'cheaper' }>,
  denial: Denial,
  { nameOf, models }: Prices,
): string {
  const chosen = request.models ?? [];
  const asked = denial.estimate?.legs.length ?? chosen.length;
  const names = chosen.map(nameOf).join(' and ');
  const isLightweight = models.some(
    ({ id, kind }) =>
      id === chosen[0] &&
      typeof kind === 'object' &&
      'text' in kind &&
      kind.text.tier === 'lightweight',
  );
  const limits = capsWords(caps, nameOf);
  return [whatInstead(), limits].filter((words) => words !== '').join(', ');

  function whatInstead(): string {
    if (chosen.length === 0) return modeName(request.task);
    if (chosen.length < asked) {
      const count = chosen.length === 1 ? '1 model' : `${chosen.length} models`;
      return `${count} instead of ${asked}: ${names}`;
    }
    if (chosen.length > 1) return `Compare ${names}`;
    return isLightweight ? `Lightweight model: ${names}` : names;
  }
}
