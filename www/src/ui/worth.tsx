// What an amount of credits buys: any one of these, at today's prices.
import { type Prices, useCredits } from '../credits/client';
import { worthOf } from '../credits/worth';
import '../styles/buying.css';

export function WorthList({ credits, prices }: { credits: string; prices: Prices }) {
  const { price_book: book } = useCredits();
  const worth = book ? worthOf(credits, book, prices.estimate) : [];
  if (worth.length === 0) return null;
  return (
    <div className="worth">
      <p className="muted">Enough for about any one of these, at today’s prices:</p>
      <ul data-testid="worth">
        {worth.map(({ count, what, kind }) => (
          <li key={`${what} ${kind}`}>
            <strong>{count.toLocaleString()}</strong>
            <span>
              {what} {kind}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
