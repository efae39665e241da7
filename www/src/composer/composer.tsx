// The place to write: what is asked, and of which models. What it costs and whether it may be sent
// follows the price by itself: nothing here is rendered for it.
import type { Encoding, Flag, ModelId, Request } from '@kumari/credits';
import { Square } from 'lucide-react';
import { useCallback, useLayoutEffect, useMemo, useRef } from 'react';
import type { History } from '../chat/turns';
import { type Prices, useCredits } from '../credits/client';
import { MODES, type Mode } from '../credits/words';
import { useLater } from '../use-later';
import { chosen, withAmounts, withMode, withModel, withRequest } from './choice';
import { AttachButton, type Attaching } from './attach-button';
import { partOf, waitsFor } from './draft-files';
import { EstimateView } from './estimate-view';
import { MessageField } from './message-field';
import { ModeName } from './mode-name';
import { usePricing, useTerms } from './pricing';
import { Hint, Notice, Routed, SendButton, whyNot } from './readiness';
import type { KeptDraft } from './use-draft';
import type { FieldHandle } from './use-field';
import { useSend } from './use-send';

export function Composer({
  conversationId,
  kept,
  history,
  encodings,
  prices,
  running,
}: {
  conversationId: string | null;
  kept: KeptDraft;
  history: History;
  encodings: readonly Encoding[];
  prices: Prices | null;
  /** The action whose answers are being written here, if any. */
  running: string | null;
}) {
  const credits = useCredits();
  const book = credits.price_book;
  const { draft, change } = kept;
  const { mode, model, made, amounts, compared } = draft;
  const served = credits.session?.tasks;
  const choice = useMemo(
    () => (book ? chosen({ mode, model, made, amounts, compared }, book, served) : null),
    [amounts, book, compared, made, mode, model, served],
  );
  const modes = useMemo(() => MODES.filter((one) => served?.includes(one)), [served]);
  const field = useRef<FieldHandle | null>(null);
  const first = useRef(draft.text);
  const read = useCallback(() => field.current?.text() ?? first.current, []);
  const files = useMemo(() => partOf(draft.files), [draft.files]);
  const isEmpty = draft.text.trim() === '' && files.length === 0;
  const later = useLater();
  const attaching = useRef<Attaching | null>(null);

  const pricing = usePricing(read);
  const flush = () => {
    field.current?.flush();
  };
  const send = useSend({ conversationId, kept, choice, pricing, flush });
  const isNew = send.notice?.code === 'price_changed';
  const flags = useFlags(prices, draft.text);
  const terms = useMemo(() => {
    const priced = files.map(({ file_id: id, content }) => ({ id, content }));
    return { choice, prices, history, flags, files: priced, encodings, isCareful: isNew };
  }, [choice, encodings, files, flags, history, isNew, prices]);
  useTerms(pricing, terms);
  const facts = {
    status: credits.status,
    isEmpty,
    isSending: send.isSending,
    waitsFor: waitsFor(files, history.attachmentBytes, choice?.mode),
  };

  const submit = () => {
    if (whyNot(pricing.price(), facts) !== null || running !== null) return;
    void send.send(read());
  };
  const pickMode = useLatest((mode: Mode) => {
    change((draft) => withMode(draft, mode));
  });
  const pickModel = useLatest((model: ModelId) => {
    if (book) change((draft) => withModel(draft, book, model));
  });
  const takeRequest = (request: Request) => {
    change((draft) => withRequest(draft, request));
  };
  const submitLatest = useLatest(submit);

  return (
    <div className="composer-area">
      <Notice
        pricing={pricing}
        prices={prices}
        isEmpty={isEmpty}
        notice={send.notice}
        task={choice?.mode}
        refused={{
          files,
          earlier: history.attachments.length,
          mode: choice?.mode ?? mode,
          models: choice?.models ?? NO_MODELS,
          optionsOf: pricing.options,
          remove: (file) => attaching.current?.remove(file),
          take: takeRequest,
        }}
        takeCheaper={({ request }) => {
          takeRequest(request);
        }}
      />
      <form
        className="composer"
        aria-label="New message"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        onPasteCapture={(event) => {
          const { types, files: pasted } = event.clipboardData;
          // A text may have a picture of itself beside it.
          if (types.includes('text/plain') || pasted.length === 0) return;
          event.preventDefault();
          attaching.current?.attach([...pasted]);
        }}
      >
        {later && (
          <later.AttachedFiles
            handle={attaching}
            kept={kept}
            encodings={encodings}
            models={choice?.models ?? NO_MODELS}
            pricing={pricing}
            prices={prices}
          />
        )}
        <MessageField
          handle={field}
          draft={draft}
          change={change}
          told={pricing.edit}
          submit={submitLatest}
          optionsOf={pricing.options}
          models={choice?.models ?? NO_MODELS}
          modes={modes}
          book={book}
          prices={prices}
        />
        <div className="composer-bar">
          <div className="composer-choice">
            <AttachButton attaching={attaching} isReady={later !== null && book !== null} />
            {later ? (
              <later.ModePicker mode={choice?.mode ?? mode} modes={modes} pick={pickMode} />
            ) : (
              <button type="button" className="chip chip-mode" disabled>
                <ModeName mode={choice?.mode ?? mode} />
              </button>
            )}
            {later && choice && book && prices && choice.mode !== 'routing' && (
              <later.ModelPicker
                models={choice.models}
                optionsOf={pricing.options}
                isCompare={choice.mode === 'compare'}
                modelsMax={book.compare.models_max}
                nameOf={prices.nameOf}
                format={prices.format}
                pick={pickModel}
              />
            )}
            {later && choice && book && (
              <later.AmountPicker
                choice={choice}
                book={book}
                pick={(amounts) => {
                  change((draft) => withAmounts(draft, choice.mode, amounts));
                }}
              />
            )}
            {choice?.mode === 'routing' && (
              <Routed pricing={pricing} isEmpty={isEmpty} prices={prices} />
            )}
          </div>
          <div className="composer-send">
            <EstimateView
              pricing={pricing}
              files={files}
              isEmpty={isEmpty}
              isNew={isNew}
              prices={prices}
            />
            {running === null ? (
              <SendButton pricing={pricing} facts={facts} />
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
      </form>
      <p className="composer-hint">
        <Hint
          pricing={pricing}
          prices={prices}
          isEmpty={isEmpty}
          compared={choice?.mode === 'compare' ? choice.models.length : 0}
          isOffline={credits.status === 'offline'}
          waitsFor={facts.waitsFor}
        />
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

/** What the text looks like; the same array as long as it looks the same. */
function useFlags(prices: Prices | null, text: string): Flag[] {
  const names = useMemo(() => (prices?.flags(text) ?? []).join(), [prices, text]);
  return useMemo(() => (names === '' ? [] : (names.split(',') as Flag[])), [names]);
}
