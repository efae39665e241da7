// The text of a message between its editor and its draft.
//
// The editor is loaded after the first paint; until it is there a plain field takes its place, and
// hands text, cursor and focus over. The draft has the text of a long message only when the person
// pauses: to hand a book on with each letter would cost more than all the rest.
import {
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import { withText } from './choice';
import type { Draft } from './draft';
import type { ChangeDraft } from './use-draft';
import { editBetween } from './edit';
import type { Edit, EditorEvents, MessageEditor } from './editor';
import { type Trigger, triggerAt, without } from './trigger';

/** Where the page's other parts put the cursor. */
export const MESSAGE_ID = 'message';
export const HINT = 'Ask anything';
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

export interface FieldProps {
  handle: RefObject<FieldHandle | null>;
  draft: Draft;
  change: ChangeDraft;
  /** Told of each change at once. */
  told: (edits: readonly Edit[]) => void;
}

/** Keeps field and draft at one text, each told by the other of what it did not know. */
export function useField(
  { handle, draft, change, told }: FieldProps,
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
  const latest = useRef({ told, pressed, setTrigger });
  useLayoutEffect(() => {
    latest.current = { told, pressed, setTrigger };
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
      change((draft) => withText(draft, now));
    }
    return now;
  }, [change, text]);
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
  /** The same for the plain field. */
  const plainlyChanged = useCallback(
    ({ value, selectionStart }: HTMLTextAreaElement) => {
      changed([editBetween(known.current, value)], triggerAt(value, selectionStart), true);
    },
    [changed],
  );
  const remove = useCallback(
    (trigger: Trigger) => {
      if (current.current) {
        current.current.remove(trigger);
        flush();
      } else {
        change((draft) => withText(draft, without(draft.text, trigger)));
      }
    },
    [change, flush],
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
    const start = (create: typeof import('./editor').createEditor) => {
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
      // At once: until the plain field is gone there are two of one name.
      flushSync(() => {
        setEditor(current.current);
      });
    };
    // Where it cannot be loaded the plain field stays.
    loadEditor(area).then(start, () => undefined);
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
  return { host, area, editor, plainlyChanged, remove };
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
