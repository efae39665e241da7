import { Check, Copy, Square } from 'lucide-react';
import { memo, useState } from 'react';
import type { Answer } from '../chat/turns';
import { type Prices, useClient } from '../credits/client';
import { announce } from '../ui/announce';
import { loadedBy } from '../ui/loaded-by';

const useMarkdown = loadedBy(() => import('./markdown'));
const useMade = loadedBy(() => import('../media/made'));
const useSteps = loadedBy(() => import('./answer-steps'));

const STATUS_WORDS: Record<Answer['status'], string> = {
  running: 'Writing…',
  completed: '',
  stopped: 'Stopped',
  length: 'Reached the longest answer',
  content_filter: 'Cut off by the provider’s filter',
  failed: 'The provider failed',
  refused: 'The provider did not take it',
  expired: 'Took too long',
};

function runningWords({ text }: Answer, isMade: boolean, doesMore: boolean): string {
  if (isMade) return 'Making…';
  return doesMore && text === '' ? 'Working…' : STATUS_WORDS.running;
}

/** One model's answer, with what it cost. */
export const AnswerCard = memo(function AnswerCard({
  answer,
  asked,
  actionId,
  isOneOfMany,
  prices,
  openReceipt,
}: {
  answer: Answer;
  asked: string;
  actionId: string;
  isOneOfMany: boolean;
  prices: Prices | null;
  openReceipt: () => void;
}) {
  const client = useClient();
  const name = prices?.nameOf(answer.model) ?? answer.model;
  const isRunning = answer.status === 'running';
  const isMade = answer.files.length > 0 || (prices?.isMaker(answer.model) ?? false);
  const doesMore = answer.steps.length > 0 || answer.cost !== undefined;
  return (
    <article
      className="answer"
      data-card={isOneOfMany || undefined}
      data-status={answer.status}
      aria-label={`Answer of ${name}`}
      aria-busy={isRunning}
    >
      <header className="answer-head">
        <h2 className="answer-model">{name}</h2>
        <span className="answer-status">
          {isRunning ? runningWords(answer, isMade, doesMore) : STATUS_WORDS[answer.status]}
        </span>
      </header>
      {doesMore && <Steps answer={answer} prices={prices} />}
      <div className="answer-text">
        {isMade ? (
          <AnswerMade answer={answer} asked={asked} />
        ) : (
          <AnswerText {...answer} isRunning={isRunning} />
        )}
      </div>
      <footer className="answer-foot">
        {answer.charge !== undefined && prices && (
          <button
            type="button"
            className="cost"
            data-testid="cost"
            data-charge={answer.charge}
            aria-label={`Cost ${prices.format(answer.charge)} credits. Show the receipt.`}
            onClick={openReceipt}
          >
            {prices.format(answer.charge)} credits
          </button>
        )}
        {!isRunning && answer.text !== '' && <CopyButton text={answer.text} name={name} />}
        {isRunning && isOneOfMany && (
          <button
            type="button"
            className="quiet"
            aria-label={`Stop ${name}`}
            onClick={() => {
              void client?.stop(actionId, answer.leg);
            }}
          >
            <Square aria-hidden size={11} fill="currentColor" /> Stop
          </button>
        )}
      </footer>
    </article>
  );
});

/** What shows it is loaded with the first that is awaited. */
function AnswerMade(made: { answer: Answer; asked: string }) {
  const [part] = useMade();
  return part ? <part.Made {...made} /> : <Skeleton />;
}

/** What the model does on its way; what renders it is loaded with the first that does something. */
function Steps(props: { answer: Answer; prices: Prices | null }) {
  const [steps] = useSteps();
  const { status, text } = props.answer;
  // Who saw it happen keeps it in sight; later it is there to be opened.
  const [isOpen] = useState(status === 'running' || text === '');
  return steps && <steps.default {...props} isOpen={isOpen} />;
}

/** What renders it is loaded with the first answer that is awaited. */
function AnswerText({
  text,
  charge = '0',
  isRunning,
}: Pick<Answer, 'text' | 'charge'> & { isRunning: boolean }) {
  const [markdown] = useMarkdown();
  if (text === '' && !isRunning) {
    return <p className="muted">No answer.{charge === '0' && ' Nothing was charged.'}</p>;
  }
  if (text !== '' && markdown) return <markdown.default text={text} />;
  if (text !== '') return <p className="plain">{text}</p>;
  return <Skeleton />;
}

function Skeleton() {
  return (
    <div className="skeleton-lines" aria-hidden>
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}

function CopyButton({ text, name }: { text: string; name: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setIsCopied(true);
      announce('Copied');
    } catch {
      announce('The browser did not let the answer be copied');
    }
  };
  return (
    <button
      type="button"
      className="quiet"
      aria-label={`Copy the answer of ${name}`}
      onClick={() => void copy()}
    >
      {isCopied ? <Check aria-hidden size={14} /> : <Copy aria-hidden size={14} />}
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}
