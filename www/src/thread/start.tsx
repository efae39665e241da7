// What a new conversation shows: what this is, and messages to begin with, each with its price.
import type { Encoding, PriceBook } from '@kumari/credits';
import { memo, useMemo } from 'react';
import type { History } from '../chat/turns';
import { chosen, requestOf } from '../composer/choice';
import { type Draft, EMPTY_DRAFT } from '../composer/draft';
import { useTextCount } from '../composer/use-token-count';
import { type Prices, useCredits } from '../credits/client';
import { type Mode, modeName } from '../credits/words';
import { LevelBadge } from '../ui/level-badge';

const EXAMPLES: readonly { mode: Mode; text: string; size?: number }[] = [
  { mode: 'direct', text: 'Explain compound interest to me with a small worked example.' },
  {
    mode: 'compare',
    text: 'Write a polite reminder for an invoice that is two weeks overdue.',
    size: 3,
  },
  { mode: 'routing', text: 'Write a Python function that finds duplicate files in a folder.' },
  { mode: 'direct', text: 'What speaks for and against a four-day working week?' },
];

const NO_HISTORY: History = { messages: 0, tokens: {}, attachments: [], attachmentBytes: 0 };

export const Start = memo(function Start({
  prices,
  encodings,
  use,
}: {
  prices: Prices | null;
  encodings: readonly Encoding[];
  use: (draft: Draft) => void;
}) {
  const { balance, price_book: book } = useCredits();
  return (
    <div className="start">
      <div className="start-head">
        <h1>What would you like to ask?</h1>
        <p>
          You see the price of every message before you send it, and never pay more than that.
          {balance && prices ? (
            <>
              {' '}
              You have <strong>{prices.format(balance.standing.settled)} credits</strong>.
            </>
          ) : null}
        </p>
      </div>
      <ul className="examples" aria-label="Messages to begin with">
        {EXAMPLES.map((example) => (
          <li key={example.text}>
            {prices && book ? (
              <Example
                example={example}
                prices={prices}
                book={book}
                encodings={encodings}
                use={use}
              />
            ) : (
              <span className="example" aria-hidden>
                <span className="skeleton" />
                <span className="skeleton" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
});

function Example({
  example,
  prices,
  book,
  encodings,
  use,
}: {
  example: (typeof EXAMPLES)[number];
  prices: Prices;
  book: PriceBook;
  encodings: readonly Encoding[];
  use: (draft: Draft) => void;
}) {
  const draft = useMemo<Draft>(() => {
    const compared = book.routing.candidates.slice(0, example.size ?? 0);
    return { ...EMPTY_DRAFT, text: example.text, mode: example.mode, model: '', compared };
  }, [book, example]);
  const { tokens } = useTextCount(encodings, example.text);
  const price = useMemo(() => {
    return prices.estimate(
      requestOf(chosen(draft, book), NO_HISTORY, tokens, prices.flags(example.text)),
    );
  }, [book, draft, example, prices, tokens]);
  return (
    <button
      type="button"
      className="example"
      onClick={() => {
        use(draft);
      }}
    >
      <span className="example-mode">
        {modeName(example.mode)}
        {example.size === undefined ? '' : ` ${example.size} models`}
      </span>
      <span className="example-text">{example.text}</span>
      {price && (
        <span className="example-price">
          <span>likely {prices.format(price.expected)} credits</span>
          <LevelBadge level={price.level} />
        </span>
      )}
    </button>
  );
}
