// A conversation: each message with its answers, newest last.
import { memo, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { OpenConversation } from '../chat/store';
import { type Turn, isRunning, unsentTurn } from '../chat/turns';
import type { Sending } from '../composer/draft';
import type { Prices } from '../credits/client';
import { useDialogs } from '../dialogs/dialogs';
import { announce } from '../ui/announce';
import { useLater } from '../use-later';
import { AnswerCard } from './answer-card';

/** Closer to the end than this, new text keeps the end in view. */
const AT_END_PX = 120;

export const Thread = memo(function Thread({
  conversation,
  sending,
  prices,
}: {
  conversation: OpenConversation;
  /** The message that has no answer yet. */
  sending: Sending | undefined;
  prices: Prices | null;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const { turns: answered } = conversation;
  const turns = useMemo(() => {
    const isSent = sending && !answered.some((turn) => turn.actionId === sending.actionId);
    return isSent ? [...answered, unsentTurn(sending)] : answered;
  }, [answered, sending]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [turns]);
  useAnnounceEnds(turns, prices);

  return (
    <div
      className="thread"
      ref={scroller}
      // Scrolled by keyboard where nothing in it takes the focus.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      role="region"
      aria-label="Conversation"
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {conversation.status === 'loading' && <ThreadSkeleton />}
      {conversation.status === 'failed' && (
        <div className="thread-column">
          <p className="notice notice-line" role="alert">
            {conversation.error}
          </p>
        </div>
      )}
      {turns.map((turn, place) => (
        <TurnView key={turn.actionId} turn={turn} place={place} prices={prices} />
      ))}
    </div>
  );
});

function TurnView({ turn, place, prices }: { turn: Turn; place: number; prices: Prices | null }) {
  const dialogs = useDialogs();
  const later = useLater();
  const isCompared = turn.answers.length > 1;
  return (
    <section
      className="turn"
      data-compared={isCompared || undefined}
      aria-label={`Message ${place + 1} and answer`}
    >
      <div className="thread-column">
        {later && <later.MessageFiles files={turn.files} />}
        {turn.text !== '' && (
          <p className="asked">
            <span className="visually-hidden">You: </span>
            {turn.text}
          </p>
        )}
        {turn.answers.length === 0 && <p className="asked-note">Sending…</p>}
      </div>
      <div
        className={isCompared ? 'answers' : 'thread-column'}
        data-count={isCompared ? turn.answers.length : undefined}
      >
        {turn.answers.map((answer) => (
          <AnswerCard
            key={answer.leg}
            answer={answer}
            asked={turn.text}
            actionId={turn.actionId}
            isOneOfMany={isCompared}
            prices={prices}
            openReceipt={() => {
              dialogs.receipt(turn.actionId);
            }}
          />
        ))}
        {isCompared && !isRunning(turn) && (
          <button
            type="button"
            className="quiet"
            onClick={() => {
              dialogs.receipt(turn.actionId);
            }}
          >
            Receipt for all {turn.answers.length} answers
          </button>
        )}
      </div>
    </section>
  );
}

/** Says when the answers are there, and what they cost. */
function useAnnounceEnds(turns: readonly Turn[], prices: Prices | null): void {
  const running = useRef(new Set<string>());
  useEffect(() => {
    for (const turn of turns) {
      if (isRunning(turn)) {
        running.current.add(turn.actionId);
      } else if (running.current.delete(turn.actionId) && prices) {
        const costs = turn.answers.map(
          (answer) =>
            `${prices.nameOf(answer.model)} ${prices.format(answer.charge ?? '0')} credits`,
        );
        announce(`The answer is complete. Cost: ${costs.join(', ')}.`);
      }
    }
  }, [turns, prices]);
}

function ThreadSkeleton() {
  return (
    <div className="thread-column" aria-hidden>
      <span className="skeleton skeleton-asked" />
      <div className="skeleton-lines">
        <span className="skeleton" />
        <span className="skeleton" />
        <span className="skeleton" />
      </div>
    </div>
  );
}
