// The ways on where the credits are used up: Pro, or when it comes back, and a Custom Pack, each with
// what it buys.
import type { Denial, Remedy, Task } from '@kumari/credits';
import { type Prices, useCredits } from '../credits/client';
import { worthOf, worthWords } from '../credits/worth';
import { useDialogs } from '../dialogs/dialogs';
import '../styles/buying.css';
import { PACK_FOR_MEDIA, isMedia } from './media-words';

export default function Exhausted({
  denial: { remedies },
  prices,
  task,
}: {
  denial: Denial;
  prices: Prices;
  task: Task | undefined;
}) {
  const hasPack = remedies.some(({ kind }) => kind === 'buy_pack');
  const pack = hasPack && <PackOffer key="pack" prices={prices} isFirst={isMedia(task)} />;
  const plan = remedies.map((remedy) => (
    <PlanOffer key={remedy.kind} remedy={remedy} prices={prices} />
  ));
  return (
    <>
      <p>
        New messages are paused. Your conversations and files stay open, and your draft is kept.
        {isMedia(task) && hasPack && ` ${PACK_FOR_MEDIA}`}
      </p>
      <div className="offers">{isMedia(task) ? [pack, ...plan] : [...plan, pack]}</div>
    </>
  );
}

function PackOffer({ prices, isFirst }: { prices: Prices; isFirst: boolean }) {
  const { price_book: book } = useCredits();
  const dialogs = useDialogs();
  if (!book) return null;
  const usd = book.packs.usd_min;
  const credits = prices.packCredits(usd);
  return (
    <section className="offer-card" aria-label="Custom Pack">
      <p>
        <strong>Any amount from ${usd}</strong>, once. It never expires.
      </p>
      {credits !== null && (
        <p className="muted">
          ${usd} is {prices.format(credits)} credits. {wordsFor(credits)}
        </p>
      )}
      <button
        type="button"
        className={isFirst ? 'button button-primary' : 'button'}
        onClick={dialogs.topUp}
      >
        Buy a Custom Pack
      </button>
    </section>
  );

  function wordsFor(amount: string): string {
    const words = book ? worthWords(worthOf(amount, book, prices.estimate)) : '';
    return words === '' ? '' : `${words}.`;
  }
}

function PlanOffer({ remedy, prices }: { remedy: Remedy; prices: Prices }) {
  const { price_book: book } = useCredits();
  const dialogs = useDialogs();
  switch (remedy.kind) {
    case 'upgrade_to_pro': {
      const pro = book?.plans.find(({ id }) => id === 'pro');
      if (!book || !pro) return null;
      const words = worthWords(worthOf(pro.credits, book, prices.estimate));
      return (
        <section className="offer-card" aria-label={pro.name}>
          <p>
            <strong>
              ${pro.price_usd ?? 0} every {pro.months === 12 ? 'year' : 'month'}
            </strong>
            , cancel any time.
          </p>
          <p className="muted">
            {prices.format(pro.credits)} credits each time.{words !== '' && ` ${words}.`}
          </p>
          <button type="button" className="button button-primary" onClick={dialogs.pro}>
            Upgrade to Pro
          </button>
        </section>
      );
    }
    case 'wait_for_reset':
      return (
        <section className="offer-card" aria-label="Pro">
          <p>
            <strong>Your Pro credits come back</strong>
          </p>
          <p>
            on{' '}
            <time dateTime={remedy.at}>
              {new Date(remedy.at).toLocaleString([], { dateStyle: 'long', timeStyle: 'short' })}
            </time>
            .
          </p>
        </section>
      );
    case 'mend_payment':
      return (
        <section className="offer-card" aria-label="Pro">
          <p>
            <strong>Your last payment for Pro did not go through.</strong>
          </p>
          <p className="muted">Your Pro credits come as soon as it is paid.</p>
          <button type="button" className="button button-primary" onClick={dialogs.account}>
            See how Pro is paid
          </button>
        </section>
      );
    default:
      return null;
  }
}
