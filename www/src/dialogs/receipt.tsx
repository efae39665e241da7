// Why an action cost what it cost, and a check that anyone can make.
import type { Receipt, ReceiptLeg } from '@kumari/credits';
import { useEffect, useState } from 'react';
import { type Prices, useClient, usePrices } from '../credits/client';
import { FINISH_WORDS, freeWords } from '../credits/receipt-words';
import { LOT_NAMES, capsWords, modeName } from '../credits/words';
import { Modal } from '../ui/modal';
import { PriceLines } from '../ui/price-lines';
import { CheckCharge } from './check-charge';

export default function ReceiptDialog({
  actionId,
  close,
}: {
  actionId: string;
  close: () => void;
}) {
  const client = useClient();
  const prices = usePrices();
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    client?.receipt(actionId).then(
      (found) => {
        if (!isGone) setReceipt(found);
      },
      (fault: unknown) => {
        if (!isGone) setError(fault instanceof Error ? fault.message : String(fault));
      },
    );
    return () => {
      isGone = true;
    };
  }, [client, actionId]);
  return (
    <Modal title="Receipt" close={close}>
      {error !== null && (
        <p className="notice notice-line" role="alert">
          The receipt could not be read: {error}
        </p>
      )}
      {receipt && prices ? (
        <ReceiptView receipt={receipt} prices={prices} />
      ) : (
        error === null && (
          <div className="skeleton-lines" role="status" aria-label="Reading the receipt">
            <span className="skeleton" />
            <span className="skeleton" />
            <span className="skeleton" />
          </div>
        )
      )}
    </Modal>
  );
}

function ReceiptView({ receipt, prices }: { receipt: Receipt; prices: Prices }) {
  const { format, nameOf } = prices;
  const caps = capsWords(receipt.caps, nameOf);
  return (
    <div className="receipt">
      <p className="receipt-total">
        <strong data-testid="receipt-charge" data-charge={receipt.charge}>
          {format(receipt.charge)} credits
        </strong>
        <span className="muted">
          {modeName(receipt.task)}, {new Date(receipt.authorized_at).toLocaleString()}
        </span>
      </p>
      {receipt.legs.map((leg, index) => (
        <LegView key={index} leg={leg} prices={prices} />
      ))}
      <h2>Reserved and given back</h2>
      <dl className="facts">
        <div>
          <dt>Reserved when you sent it</dt>
          <dd>{format(receipt.hold)}</dd>
        </div>
        <div>
          <dt>Charged</dt>
          <dd>{format(receipt.charge)}</dd>
        </div>
        <div>
          <dt>Given back to you</dt>
          <dd>{format(receipt.released)}</dd>
        </div>
      </dl>
      {caps !== '' && <p className="muted">Limited to fit your balance: {caps}.</p>}
      <CheckCharge receipt={receipt} prices={prices} />
      <p className="receipt-book">
        Prices of book{' '}
        <a href={`/api/price-books/${receipt.price_book}`} target="_blank" rel="noreferrer">
          {receipt.price_book.slice(0, 12)}
        </a>
        , rules version {receipt.rules}
      </p>
    </div>
  );
}

function LegView({ leg, prices }: { leg: ReceiptLeg; prices: Prices }) {
  const { format, nameOf } = prices;
  const { outcome } = leg;
  if (outcome.kind !== 'settled') {
    return (
      <section className="receipt-leg">
        <p className="muted">{freeWords(outcome)}.</p>
      </section>
    );
  }
  return (
    <section className="receipt-leg">
      <h2>{nameOf(outcome.model)}</h2>
      <p className="muted">
        {FINISH_WORDS[outcome.finish]}
        {outcome.usage_source === 'counted'
          ? ', counted by us because the provider did not say'
          : ''}
      </p>
      <PriceLines
        lines={outcome.lines}
        total={outcome.charge}
        totalName="Charged"
        format={format}
      />
      {outcome.absorbed !== '0' && (
        <p className="muted">
          Above what was reserved, and not charged: {format(outcome.absorbed)}
        </p>
      )}
      {outcome.drawn.length > 0 && (
        <p className="muted">
          Paid from{' '}
          {outcome.drawn
            .map((part) => `${LOT_NAMES[part.kind]} (${format(part.amount)})`)
            .join(' and ')}
        </p>
      )}
    </section>
  );
}
