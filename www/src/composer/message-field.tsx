// The text of a message, with the menus that `/` and `@` open in it.
//
// The editor is loaded after the first paint; until it is there a plain field takes its place, and
// hands text, cursor and focus over. The draft has the text of a long message only when the person
// pauses: to hand a book on with each letter would cost more than all the rest.
import {
  ComboboxGroup,
  ComboboxItem,
  ComboboxPopover,
  ComboboxProvider,
  useComboboxStore,
  useStoreState,
} from '@ariakit/react';
import type { ModelId, PriceBook } from '@kumari/credits';
import {
  type RefObject,
  memo,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import type { Prices } from '../credits/client';
import { MODES, type Mode } from '../credits/words';
import { withMode, withModel, withText } from './choice';
import type { Draft } from './draft';
import { editBetween } from './edit';
import type { Edit, EditorEvents, MessageEditor } from './editor';
import { type ModelOption, ModelOptions, matching } from './model-options';
import type { Trigger } from './trigger';

/** Where the page's other parts put the cursor. */
export const MESSAGE_ID = 'message';
const HINT = 'Ask anything';
/** From this many code units on, the draft gets the text only in a pause of so long. */
const LONG_UNITS = 10_000;
const PAUSE_MS = 250;

/** What the composer asks of the field. */
export interface FieldHandle {
  /** The text as it is now. */
  text: () => string;
  /** Brings the draft up to it. */
  flush: () => void;
}

interface FieldProps {
  handle: RefObject<FieldHandle | null>;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** Told of each change at once. */
  told: (edits: readonly Edit[]) => void;
  isReadOnly: boolean;
  submit: () => void;
  optionsOf: () => ModelOption[];
  models: readonly ModelId[];
  book: PriceBook | null;
  prices: Prices | null;
}

export const MessageField = memo(function MessageField(props: FieldProps) {
  const { draft, setDraft, isReadOnly, optionsOf, models, book, prices } = props;
  const [trigger, setTrigger] = useState<Trigger | null>(null);
  const menuId = useId();
  const menu = useComboboxStore({
    placement: 'top-start',
    setOpen: (isOpen) => {
      if (!isOpen) setTrigger(null);
    },
  });

  const modes = MODES.filter((one) =>
    one.name.toLowerCase().startsWith(trigger?.search.toLowerCase() ?? ''),
  );
  const found = trigger?.sign === '@' ? matching(optionsOf(), trigger.search) : [];
  const hasMatches = trigger?.sign === '/' ? modes.length > 0 : found.length > 0;
  const isOpen = trigger !== null && hasMatches;
  const activeId = useActiveItem(menu, isOpen);

  const pressed = (event: KeyboardEvent): boolean => {
    const { key } = event;
    if (isOpen && (key === 'ArrowDown' || key === 'ArrowUp')) {
      menu.move(key === 'ArrowDown' ? menu.down() : menu.up());
      return true;
    }
    if (isOpen && key === 'Escape') {
      setTrigger(null);
      return true;
    }
    if (key === 'ArrowLeft' || key === 'ArrowRight') setTrigger(null);
    if (key !== 'Enter' || event.shiftKey || event.isComposing) return false;
    if (isOpen) menu.item(activeId)?.element?.click();
    else props.submit();
    return true;
  };
  const { host, area, editor, changed, flush } = useField(props, { pressed, setTrigger });

  useLayoutEffect(() => {
    editor?.setReadOnly(isReadOnly);
  }, [editor, isReadOnly]);
  useLayoutEffect(() => {
    const active: Record<string, string> = activeId ? { 'aria-activedescendant': activeId } : {};
    editor?.setAttributes(
      isOpen ? { 'aria-autocomplete': 'list', 'aria-controls': menuId, ...active } : {},
    );
  }, [activeId, editor, isOpen, menuId]);

  const chosenFrom = (next: Draft) => {
    if (trigger) editor?.remove(trigger);
    const text = flush();
    setTrigger(null);
    setDraft(withText(next, text));
    editor?.focus();
  };

  return (
    <ComboboxProvider store={menu}>
      {editor === null && (
        <textarea
          ref={area}
          id={MESSAGE_ID}
          aria-label="Message"
          className="composer-field"
          rows={1}
          placeholder={HINT}
          readOnly={isReadOnly}
          value={draft.text}
          onChange={(event) => {
            changed([editBetween(draft.text, event.target.value)], null, true);
          }}
          onKeyDown={(event) => {
            if (pressed(event.nativeEvent)) event.preventDefault();
          }}
        />
      )}
      <div ref={host} className="composer-field" hidden={editor === null} />
      <ComboboxPopover
        id={menuId}
        className="popover menu"
        aria-label={trigger?.sign === '/' ? 'Modes' : 'Models'}
        gutter={10}
        unmountOnHide
        hideOnEscape={false}
        getAnchorRect={() => host.current?.closest('form')?.getBoundingClientRect() ?? null}
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
});

/** Opens and closes the menu; its first option is active until another one is. */
function useActiveItem(menu: ReturnType<typeof useComboboxStore>, isOpen: boolean): string | null {
  const items = useStoreState(menu, 'renderedItems');
  useLayoutEffect(() => {
    menu.setOpen(isOpen);
  }, [isOpen, menu]);
  useLayoutEffect(() => {
    menu.setActiveId(isOpen ? (menu.first() ?? null) : null);
  }, [isOpen, items, menu]);
  return useStoreState(menu, 'activeId') ?? null;
}

/** Keeps field and draft at one text, each told by the other of what it did not know. */
function useField(
  { handle, draft, setDraft, told }: FieldProps,
  {
    pressed,
    setTrigger,
  }: Pick<EditorEvents, 'pressed'> & { setTrigger: (found: Trigger | null) => void },
) {
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const [editor, setEditor] = useState<MessageEditor | null>(null);
  const current = useRef<MessageEditor | null>(null);
  /** The text that both know. */
  const known = useRef(draft.text);
  /** What the plain field had when the editor took its place. */
  const takenOver = useRef<{ hasFocus: boolean; from: number; to: number } | null>(null);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef({ draft, setDraft, told, pressed, setTrigger });
  useLayoutEffect(() => {
    latest.current = { draft, setDraft, told, pressed, setTrigger };
  });

  const text = useCallback(
    () => current.current?.text() ?? area.current?.value ?? known.current,
    [],
  );
  const flush = useCallback(() => {
    clearTimeout(pause.current);
    const now = text();
    if (now !== known.current) {
      known.current = now;
      const { draft, setDraft } = latest.current;
      setDraft(withText(draft, now));
    }
    return now;
  }, [text]);
  const changed = useCallback(
    (edits: readonly Edit[], found: Trigger | null, isByPerson: boolean) => {
      latest.current.told(edits);
      clearTimeout(pause.current);
      if ((current.current?.length() ?? 0) < LONG_UNITS) flush();
      else pause.current = setTimeout(flush, PAUSE_MS);
      if (isByPerson) latest.current.setTrigger(found);
    },
    [flush],
  );

  useLayoutEffect(() => {
    return () => {
      flush();
    };
  }, [flush]);
  useImperativeHandle(handle, () => ({ text, flush }), [flush, text]);
  useEffect(() => {
    window.addEventListener('pagehide', flush);
    return () => {
      window.removeEventListener('pagehide', flush);
    };
  }, [flush]);
  // A phone's keyboard would cover the page before it was seen.
  useEffect(() => {
    if (window.matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, []);
  useEffect(() => {
    let isGone = false;
    void loadEditor(area).then((create) => {
      const parent = host.current;
      if (isGone || !parent) return;
      current.current = create({
        parent,
        text: known.current,
        attributes: { id: MESSAGE_ID, 'aria-label': 'Message', spellcheck: 'true' },
        hint: HINT,
        events: {
          changed,
          pressed: (event) => latest.current.pressed(event),
          pointed: () => {
            latest.current.setTrigger(null);
          },
        },
      });
      const field = area.current;
      takenOver.current = field && {
        hasFocus: document.activeElement === field,
        from: field.selectionStart,
        to: field.selectionEnd,
      };
      setEditor(current.current);
    });
    return () => {
      isGone = true;
      current.current?.destroy();
      current.current = null;
      setEditor(null);
    };
  }, [changed]);
  useLayoutEffect(() => {
    if (!editor || !takenOver.current) return;
    const { hasFocus, from, to } = takenOver.current;
    editor.select(from, to);
    if (hasFocus) editor.focus();
  }, [editor]);
  useLayoutEffect(() => {
    if (draft.text === known.current) return;
    const before = known.current;
    known.current = draft.text;
    clearTimeout(pause.current);
    if (current.current) current.current.replace(draft.text);
    else latest.current.told([editBetween(before, draft.text)]);
  }, [draft.text]);
  return { host, area, editor, changed, flush };
}

/** Waits for the end of what an input method composes: it would be lost with the plain field. */
async function loadEditor(
  area: RefObject<HTMLTextAreaElement | null>,
): Promise<typeof import('./editor').createEditor> {
  const now = { isComposing: false };
  const note = ({ type }: CompositionEvent) => {
    now.isComposing = type === 'compositionstart';
  };
  const field = area.current;
  field?.addEventListener('compositionstart', note);
  field?.addEventListener('compositionend', note);
  const { createEditor } = await import('./editor');
  if (now.isComposing) {
    await new Promise((resolve) =>
      field?.addEventListener('compositionend', resolve, { once: true }),
    );
  }
  return createEditor;
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
