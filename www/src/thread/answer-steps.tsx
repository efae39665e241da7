// What a model does on its way to an answer, as it does it, and what that costs so far.
import type { ActionStep } from '@kumari/credits/client';
import { Check, Minus } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { Answer } from '../chat/turns';
import type { Prices } from '../credits/client';
import '../styles/steps.css';
import { announce } from '../ui/announce';

export default function AnswerSteps({
  answer: { steps, cost, status },
  isOpen,
  prices,
}: {
  answer: Answer;
  /** Whether all is in sight at first. */
  isOpen: boolean;
  prices: Prices | null;
}) {
  const isRunning = status === 'running';
  useAnnounced(steps, isRunning);
  return (
    <div className="steps">
      {steps.length > 0 && (
        <details open={isOpen}>
          <summary>{countWords(steps)}</summary>
          <ol className="steps-list" aria-label={nameOf(steps)}>
            {steps.map((step, place) => (
              <Step key={place} step={step} isRunning={isRunning} />
            ))}
          </ol>
        </details>
      )}
      {isRunning && cost && prices && (
        <p className="steps-cost" data-testid="cost-so-far" data-so-far={cost.soFar}>
          <progress
            aria-label="Cost so far, of the most that it can be"
            value={Number(cost.soFar)}
            max={Number(cost.atMost)}
          />
          <span>
            <strong>{prices.format(cost.soFar)}</strong> of at most {prices.format(cost.atMost)}{' '}
            credits
          </span>
        </p>
      )}
    </div>
  );
}

function Step({ step: { title, found }, isRunning }: { step: ActionStep; isRunning: boolean }) {
  const isDone = found !== undefined;
  return (
    <li className="step" data-done={isDone || undefined}>
      <span className="step-mark" aria-hidden>
        {isDone ? (
          <Check size={13} strokeWidth={2.6} />
        ) : isRunning ? (
          <span className="spinner" />
        ) : (
          <Minus size={13} />
        )}
      </span>
      <div>
        <p className="step-title">
          {title}
          {!isDone && (
            <span className="muted">{isRunning ? ' · under way' : ' · not finished'}</span>
          )}
        </p>
        {isDone && <p className="step-found">{found}</p>}
      </div>
    </li>
  );
}

function isSearch({ kind }: ActionStep): boolean {
  return kind === 'search';
}

function nameOf(steps: readonly ActionStep[]): string {
  return steps.every(isSearch) ? 'Searches' : 'Steps';
}

/** "5 steps", "1 search". */
function countWords(steps: readonly ActionStep[]): string {
  const count = steps.length;
  if (steps.every(isSearch)) return count === 1 ? '1 search' : `${count} searches`;
  return count === 1 ? '1 step' : `${count} steps`;
}

/** Says each that is begun, once. */
function useAnnounced(steps: readonly ActionStep[], isRunning: boolean): void {
  const said = useRef(isRunning ? 0 : steps.length);
  const last = steps.at(-1);
  useEffect(() => {
    if (!isRunning || !last || steps.length <= said.current) return;
    said.current = steps.length;
    announce(`${isSearch(last) ? 'Search' : 'Step'} ${steps.length}: ${last.title}`);
  }, [isRunning, last, steps.length]);
}
