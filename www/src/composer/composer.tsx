// The place to write: what is asked, of which models, at what price, and why it may not be sent.
import type { Denial, Encoding, ModelId, Request } from '@kumari/credits';
import { ArrowUp, Square } from 'lucide-react';
import { useCallback, useId, useLayoutEffect, useMemo, useRef } from 'react';
import type { History, Tokens } from '../chat/turns';
import { type Credits, type Prices, useClient, useCredits, useDraftPrice } from '../credits/client';
import { DENIAL_TITLES, type Mode, levelWords, sumWords } from '../credits/words';
import { Blocked } from './blocked';
import { chosen, requestOf, withMode, withModel, withRequest } from './choice';
import type { Draft } from './draft';
import { EstimateView } from './estimate-view';
import { MessageField } from './message-field';
import type { ModelOption } from './model-options';
import { ModePicker } from './mode-picker';
import { ModelPicker } from './model-picker';
import type { FieldHandle } from './use-field';
import { useSend } from './use-send';
import { useDraftCount } from './use-token-count';

export function Composer({
  conversationId,
  draft,
  setDraft,
  history,
  encodings,
  prices,
  running,
}: {
  conversationId: string | null;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  history: History;
  encodings: readonly Encoding[];
  prices: Prices | null;
  /** The action whose answers are being written here, if any. */
  running: string | null;
}) {
  const client = useClient();
  const credits = useCredits();
  const price = useDraftPrice();
  const book = credits.price_book;
  const choice = useMemo(() => (book ? chosen(draft, book) : null), [draft, book]);
  const field = useRef<FieldHandle | null>(null);
  const kept = useRef(draft.text);
  const read = useCallback(() => field.current?.text() ?? kept.current, []);
  const { count, edit, exact } = useDraftCount(encodings, read);
  const isEmpty = draft.text.trim() === '';

  const send = useSend({ conversationId, draft, setDraft, choice });
  // Where prices were refused for want of a vocabulary, each byte counts: that is never too few.
  const isCareful = !count.isExact && send.notice?.code === 'price_changed';
  const tokens = useMemo(
    () => (isCareful ? bytesOf(draft.text, encodings) : count.tokens),
    [count, draft.text, encodings, isCareful],
  );
  const flags = useMemo(() => prices?.flags(draft.text), [draft.text, prices]);
  const request = useMemo(() => {
    if (!choice || !prices) return null;
    return requestOf(choice, history, tokens, flags);
  }, [choice, flags, history, prices, tokens]);
  useLayoutEffect(() => {
    client?.setRequest(request);
  }, [client, request]);

  const verdict = price?.eligibility ?? null;
  const denial = verdict?.verdict === 'denied' ? verdict : null;
  const shownDenial = denial && (isAboutCredits(denial) || !isEmpty) ? denial : null;
  const reason = whyNot({
    credits,
    isPriced: price?.eligibility != null,
    denial,
    isEmpty,
    isSending: send.isSending,
  });
  const estimate = isEmpty ? null : (price?.estimate ?? denial?.estimate ?? null);

  const optionsOf = useModelOptions(prices, history, tokens, flags);
  const submit = () => {
    if (reason !== null || running !== null) return;
    const text = read();
    field.current?.flush();
    void send.send(text, async () => {
      const last = await exact();
      if (last && choice && prices) {
        client?.setRequest(requestOf(choice, history, last.tokens, prices.flags(text)));
      }
    });
  };
  const reasonId = useId();

  const pickMode = useLatest((mode: Mode) => {
    setDraft(withMode(draft, mode));
  });
  const pickModel = useLatest((model: ModelId) => {
    if (book) setDraft(withModel(draft, book, model));
  });
  const submitLatest = useLatest(submit);
  const optionsLatest = useLatest(optionsOf);

  return (
    <div className="composer-area">
      {shownDenial && prices && (
        <Blocked
          denial={shownDenial}
          prices={prices}
          takeCheaper={(remedy) => {
            setDraft(withRequest(draft, remedy.request));
          }}
        />
      )}
      {send.notice && !shownDenial && (
        <p className="notice notice-line" role="alert" data-code={send.notice.code}>
          {send.notice.words}
        </p>
      )}
      <form
        className="composer"
        aria-label="New message"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <MessageField
          handle={field}
          draft={draft}
          setDraft={setDraft}
          told={edit}
          isReadOnly={send.isSending}
          submit={submitLatest}
          optionsOf={optionsLatest}
          models={choice?.models ?? NO_MODELS}
          book={book}
          prices={prices}
        />
        <div className="composer-bar">
          <div className="composer-choice">
            <ModePicker mode={draft.mode} pick={pickMode} />
            {choice && book && prices && choice.mode !== 'routing' && (
              <ModelPicker
                models={choice.models}
                optionsOf={optionsLatest}
                isCompare={choice.mode === 'compare'}
                modelsMax={book.compare.models_max}
                nameOf={prices.nameOf}
                format={prices.format}
                pick={pickModel}
              />
            )}
            {choice?.mode === 'routing' && (
              <span className="chip-note">Kumari picks the model</span>
            )}
          </div>
          <div className="composer-send">
            <EstimateView
              estimate={estimate}
              isExact={count.isExact}
              isNew={send.notice?.code === 'price_changed'}
              prices={prices}
            />
            {running === null ? (
              <button
                type="submit"
                className="send"
                aria-label="Send"
                aria-disabled={reason !== null}
                aria-describedby={reason === null ? undefined : reasonId}
              >
                {send.isSending ? (
                  <span className="spinner" aria-hidden />
                ) : (
                  <ArrowUp aria-hidden size={18} strokeWidth={2.4} />
                )}
              </button>
            ) : (
              <button
                type="button"
                className="send send-stop"
                aria-label="Stop"
                onClick={() => {
                  void send.stop(running);
                }}
              >
                <Square aria-hidden size={14} fill="currentColor" />
              </button>
            )}
          </div>
        </div>
        <p id={reasonId} className="visually-hidden">
          {reason}
        </p>
      </form>
      <p className="composer-hint">
        {choice?.mode === 'compare' && estimate ? (
          <span className="composer-sum">
            {levelWords(estimate.level)} — {sumWords(choice.models.length)}
          </span>
        ) : credits.status === 'offline' ? (
          <strong>You are offline. Your draft is kept; Send waits for the connection.</strong>
        ) : (
          <>
            <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> makes a new line, <kbd>/</kbd>{' '}
            chooses a mode, <kbd>@</kbd> names a model
          </>
        )}
      </p>
    </div>
  );
}

const NO_MODELS: readonly ModelId[] = [];

/**
 * A function that stays one, and does what the last render's did: parts of the page that do not show
 * the price are not rendered with each letter.
 */
function useLatest<A extends unknown[], R>(work: (...given: A) => R): (...given: A) => R {
  const latest = useRef(work);
  useLayoutEffect(() => {
    latest.current = work;
  });
  return useCallback((...given: A) => latest.current(...given), []);
}

/** Denials that hold whatever the message says, so they are shown before anything is typed. */
function isAboutCredits(denial: Denial): boolean {
  return ['account_closed', 'payment_disputed', 'credits_exhausted', 'credits_held'].includes(
    denial.code,
  );
}

function whyNot({
  credits,
  isPriced,
  denial,
  isEmpty,
  isSending,
}: {
  credits: Credits;
  isPriced: boolean;
  denial: Denial | null;
  isEmpty: boolean;
  isSending: boolean;
}): string | null {
  if (credits.status === 'offline') return 'You are offline. Send waits for the connection.';
  if (isSending) return 'Sending…';
  if (denial && (isAboutCredits(denial) || !isEmpty)) return DENIAL_TITLES[denial.code];
  if (isEmpty) return 'Write a message first.';
  if (!isPriced) return 'Prices are still loading.';
  return null;
}

/** Each model with what this message would cost with it alone; computed where a menu is open. */
function useModelOptions(
  prices: Prices | null,
  history: History,
  tokens: Tokens,
  flags: Request['flags'],
): () => ModelOption[] {
  return useCallback(() => {
    if (!prices) return [];
    return prices.models.map((model) => {
      const direct = { mode: 'direct', models: [model.id] } as const;
      const request = requestOf({ ...direct, models: [...direct.models] }, history, tokens, flags);
      return { model, price: prices.estimate(request) };
    });
  }, [prices, history, tokens, flags]);
}

function bytesOf(text: string, encodings: readonly Encoding[]): Tokens {
  const bytes = new TextEncoder().encode(text).length;
  return Object.fromEntries(encodings.map((encoding) => [encoding, bytes]));
}
