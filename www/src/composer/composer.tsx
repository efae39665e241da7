// The place to write: what is asked, of which models, at what price, and why it may not be sent.
import {
  Combobox,
  ComboboxGroup,
  ComboboxItem,
  ComboboxPopover,
  ComboboxProvider,
  useComboboxStore,
} from '@ariakit/react';
import type { Denial, ModelId, PriceBook } from '@kumari/credits';
import { ArrowUp, Square } from 'lucide-react';
import {
  type ComponentProps,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { History } from '../chat/turns';
import { type Prices, useClient, useCredits } from '../credits/client';
import { DENIAL_TITLES, MODES, type Mode, levelWords, sumWords } from '../credits/words';
import { Blocked } from './blocked';
import { chosen, requestOf, withMode, withModel, withRequest, withText } from './choice';
import type { Draft } from './draft';
import { EstimateView } from './estimate-view';
import { type ModelOption, ModelOptions, matching } from './model-options';
import { ModePicker } from './mode-picker';
import { ModelPicker } from './model-picker';
import { type Trigger, triggerAt, withoutTrigger } from './trigger';
import { useSend } from './use-send';
import type { TokenCount } from './use-token-count';

export function Composer({
  conversationId,
  draft,
  setDraft,
  history,
  count,
  prices,
  running,
}: {
  conversationId: string | null;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  history: History;
  count: (text: string) => TokenCount;
  prices: Prices | null;
  /** The action whose answers are being written here, if any. */
  running: string | null;
}) {
  const client = useClient();
  const credits = useCredits();
  const book = credits.price_book;
  const choice = useMemo(() => (book ? chosen(draft, book) : null), [draft, book]);
  const counted = useMemo(() => count(draft.text), [count, draft.text]);
  const isEmpty = draft.text.trim() === '';

  const request = useMemo(() => {
    if (!choice || !prices) return null;
    return requestOf(choice, history, counted.tokens, prices.flags(draft.text));
  }, [choice, counted, draft.text, history, prices]);
  useLayoutEffect(() => {
    client?.setRequest(request);
  }, [client, request]);

  const send = useSend({ conversationId, draft, setDraft, choice });
  const verdict = credits.draft?.eligibility ?? null;
  const denial = verdict?.verdict === 'denied' ? verdict : null;
  const shownDenial = denial && (isAboutCredits(denial) || !isEmpty) ? denial : null;
  const reason = whyNot({ credits, denial, isEmpty, isSending: send.isSending });
  const estimate = isEmpty ? null : (credits.draft?.estimate ?? denial?.estimate ?? null);

  const optionsOf = useModelOptions(prices, history, counted, draft.text);
  const submit = () => {
    if (reason === null && running === null) void send.send();
  };
  const reasonId = useId();

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
          draft={draft}
          setDraft={setDraft}
          isReadOnly={send.isSending}
          submit={submit}
          optionsOf={optionsOf}
          models={choice?.models ?? []}
          book={book}
          prices={prices}
        />
        <div className="composer-bar">
          <div className="composer-choice">
            <ModePicker
              mode={draft.mode}
              pick={(mode) => {
                setDraft(withMode(draft, mode));
              }}
            />
            {choice && book && prices && choice.mode !== 'routing' && (
              <ModelPicker
                models={choice.models}
                optionsOf={optionsOf}
                isCompare={choice.mode === 'compare'}
                modelsMax={book.compare.models_max}
                nameOf={prices.nameOf}
                format={prices.format}
                pick={(model) => {
                  setDraft(withModel(draft, book, model));
                }}
              />
            )}
            {choice?.mode === 'routing' && (
              <span className="chip-note">Kumari picks the model</span>
            )}
          </div>
          <div className="composer-send">
            <EstimateView
              estimate={estimate}
              isExact={counted.isExact}
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

/** Where the page's other parts put the cursor. */
export const MESSAGE_ID = 'message';

/** Denials that hold whatever the message says, so they are shown before anything is typed. */
function isAboutCredits(denial: Denial): boolean {
  return ['account_closed', 'payment_disputed', 'credits_exhausted', 'credits_held'].includes(
    denial.code,
  );
}

function whyNot({
  credits,
  denial,
  isEmpty,
  isSending,
}: {
  credits: ReturnType<typeof useCredits>;
  denial: Denial | null;
  isEmpty: boolean;
  isSending: boolean;
}): string | null {
  if (credits.status === 'offline') return 'You are offline. Send waits for the connection.';
  if (isSending) return 'Sending…';
  if (denial && (isAboutCredits(denial) || !isEmpty)) return DENIAL_TITLES[denial.code];
  if (isEmpty) return 'Write a message first.';
  if (!credits.draft?.eligibility) return 'Prices are still loading.';
  return null;
}

/** Each model with what this message would cost with it alone; computed where a menu is open. */
function useModelOptions(
  prices: Prices | null,
  history: History,
  counted: TokenCount,
  text: string,
): () => ModelOption[] {
  return useCallback(() => {
    if (!prices) return [];
    const flags = prices.flags(text);
    return prices.models.map((model) => {
      const direct = { mode: 'direct', models: [model.id] } as const;
      const request = requestOf(
        { ...direct, models: [...direct.models] },
        history,
        counted.tokens,
        flags,
      );
      return { model, price: prices.estimate(request) };
    });
  }, [prices, history, counted, text]);
}

/** The text, with the menus that `/` and `@` open in it. */
function MessageField({
  draft,
  setDraft,
  isReadOnly,
  submit,
  optionsOf,
  models,
  book,
  prices,
}: {
  draft: Draft;
  setDraft: (draft: Draft) => void;
  isReadOnly: boolean;
  submit: () => void;
  optionsOf: () => ModelOption[];
  models: readonly ModelId[];
  book: PriceBook | null;
  prices: Prices | null;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [trigger, setTrigger] = useState<Trigger | null>(null);
  /** Where the cursor goes when the text was changed for the person. */
  const cursor = useRef<number | null>(null);
  const menu = useComboboxStore({ placement: 'top-start' });

  useEffect(() => {
    // A phone's keyboard would cover the page before it was seen.
    if (window.matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    if (!field.current) return;
    autoGrow(field.current);
    if (cursor.current !== null) field.current.setSelectionRange(cursor.current, cursor.current);
    cursor.current = null;
  }, [draft.text]);

  const modes = MODES.filter((one) =>
    one.name.toLowerCase().startsWith(trigger?.search.toLowerCase() ?? ''),
  );
  const found = trigger?.sign === '@' ? matching(optionsOf(), trigger.search) : [];
  const hasMatches = trigger?.sign === '/' ? modes.length > 0 : found.length > 0;
  const isOpen = trigger !== null && hasMatches;
  useLayoutEffect(() => {
    menu.setOpen(isOpen);
  }, [isOpen, menu]);

  const close = () => {
    setTrigger(null);
  };
  const chosenFrom = (next: Draft) => {
    const text = trigger ? withoutTrigger(draft.text, trigger) : draft.text;
    cursor.current = trigger?.from ?? null;
    close();
    setDraft(withText(next, text));
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // The menu has taken the key, and may be closed by now.
    if (event.defaultPrevented) return;
    if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      close();
    } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      close();
    } else if (
      event.key === 'Enter' &&
      !isOpen &&
      !event.shiftKey &&
      !event.nativeEvent.isComposing
    ) {
      event.preventDefault();
      submit();
    }
  };

  return (
    <ComboboxProvider store={menu}>
      <Combobox
        store={menu}
        autoSelect
        value={draft.text}
        showOnClick={false}
        showOnChange={false}
        showOnKeyPress={false}
        setValueOnChange={false}
        setValueOnClick={false}
        id={MESSAGE_ID}
        aria-label="Message"
        className="composer-field"
        onChange={(event) => {
          const { value, selectionStart } = event.target as unknown as HTMLTextAreaElement;
          setDraft(withText(draft, value));
          const found = triggerAt(value, selectionStart);
          setTrigger(found);
          menu.setInputValue(found?.search ?? '');
        }}
        render={
          <TextArea
            ref={field}
            rows={1}
            placeholder="Ask anything"
            readOnly={isReadOnly}
            onKeyDown={onKeyDown}
            onPointerDown={close}
          />
        }
      />
      <ComboboxPopover
        className="popover menu"
        aria-label={trigger?.sign === '/' ? 'Modes' : 'Models'}
        gutter={10}
        unmountOnHide
        hideOnEscape={false}
        getAnchorRect={() => field.current?.closest('form')?.getBoundingClientRect() ?? null}
      >
        {trigger?.sign === '/' ? (
          <ModeOptions
            modes={modes}
            pick={(mode) => {
              chosenFrom(withMode(draft, mode));
            }}
          />
        ) : (
          prices &&
          book && (
            <div className="menu-list">
              <ModelOptions
                options={found}
                selected={models}
                isFull={draft.mode === 'compare' && models.length >= book.compare.models_max}
                format={prices.format}
                pick={(model) => {
                  chosenFrom(withModel(draft, book, model));
                }}
              />
            </div>
          )
        )}
      </ComboboxPopover>
    </ComboboxProvider>
  );
}

/** A text area is no combobox, whatever opens beside it: it keeps its own role. */
function TextArea(props: ComponentProps<'textarea'>) {
  const { role: _role, 'aria-expanded': _isExpanded, ...own } = props;
  return <textarea {...own} />;
}

function ModeOptions({
  modes,
  pick,
}: {
  modes: readonly (typeof MODES)[number][];
  pick: (mode: Mode) => void;
}) {
  return (
    <ComboboxGroup className="menu-group" aria-label="Modes">
      {modes.map((one) => (
        <ComboboxItem
          key={one.mode}
          className="menu-item menu-item-tall"
          value={one.mode}
          setValueOnClick={false}
          hideOnClick={false}
          focusOnHover
          onClick={() => {
            pick(one.mode);
          }}
        >
          <span className="menu-name">
            {one.name}
            <small>{one.says}</small>
          </span>
        </ComboboxItem>
      ))}
    </ComboboxGroup>
  );
}

function autoGrow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
