// The editor of a message: CodeMirror, which draws only the lines that are visible, so that a
// pasted book does not slow down the next letter. Loaded after the first paint.
//
// It knows text, cursor and keys. What a message costs, what is offered behind `/` and `@`, and
// what is kept, is the composer's.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { Annotation, Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { StyleModule } from 'style-mod';
import { type Trigger, triggerAt } from './trigger';

/** One change, in UTF-16 code units; those of one event follow each other. */
export interface Edit {
  offset: number;
  deleted: number;
  inserted: string;
}

export interface EditorEvents {
  /** The text changed: by whom, and where a menu is asked for now. */
  changed(edits: readonly Edit[], trigger: Trigger | null, isByPerson: boolean): void;
  /** A key that something else may have taken; `true` where it has. */
  pressed(event: KeyboardEvent): boolean;
  /** The cursor was put somewhere else by hand. */
  pointed(): void;
}

export interface MessageEditor {
  text(): string;
  length(): number;
  /** Makes `text` the whole text, as something that the person did not type. */
  replace(text: string): void;
  /** Takes out a sign and its letters, and puts the cursor there. */
  remove(trigger: Trigger): void;
  select(from: number, to: number): void;
  focus(): void;
  /** What assistive technology is told of a menu beside the text. */
  setAttributes(attributes: Record<string, string>): void;
  destroy(): void;
}

/** A sign and its letters are looked for this far before the cursor. */
const TRIGGER_UNITS_MAX = 64;

const fromOutside = Annotation.define<boolean>();

adoptStyles();

export function createEditor({
  parent,
  text,
  attributes,
  hint,
  events,
}: {
  parent: HTMLElement;
  text: string;
  attributes: Record<string, string>;
  hint: string;
  events: EditorEvents;
}): MessageEditor {
  const spoken = new Compartment();
  const attributesOf = (more: Record<string, string>) =>
    EditorView.contentAttributes.of({ ...attributes, ...more });
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(EditorView.domEventHandlers({ keydown: (event) => events.pressed(event) })),
        EditorView.domEventHandlers({
          pointerdown: () => {
            events.pointed();
          },
        }),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        placeholder(hint),
        spoken.of(attributesOf({})),
        EditorView.updateListener.of(
          ({ changes, docChanged, geometryChanged, state, transactions }) => {
            if (geometryChanged) {
              parent.toggleAttribute('data-full', view.contentHeight > view.scrollDOM.clientHeight);
            }
            if (!docChanged) return;
            const edits: Edit[] = [];
            // Where a change begins in the new text, all before it are made already.
            changes.iterChanges((fromA, toA, fromB, _toB, inserted) => {
              edits.push({ offset: fromB, deleted: toA - fromA, inserted: inserted.toString() });
            });
            const isByPerson = !transactions.some((one) => one.annotation(fromOutside));
            events.changed(edits, isByPerson ? triggerIn(state) : null, isByPerson);
          },
        ),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    length: () => view.state.doc.length,
    replace(text) {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: view.state.toText(text).length },
        annotations: fromOutside.of(true),
      });
    },
    remove({ from, to }) {
      const isSpace = view.state.sliceDoc(to, to + 1) === ' ';
      view.dispatch({
        changes: { from, to: to + (isSpace ? 1 : 0) },
        selection: { anchor: from },
        annotations: fromOutside.of(true),
      });
    },
    select(from, to) {
      const { length } = view.state.doc;
      const within = { anchor: Math.min(from, length), head: Math.min(to, length) };
      view.dispatch({ selection: within });
    },
    focus: () => {
      view.focus();
    },
    setAttributes(more) {
      view.dispatch({ effects: spoken.reconfigure(attributesOf(more)) });
    },
    destroy: () => {
      view.destroy();
    },
  };
}

function triggerIn(state: EditorState): Trigger | null {
  const cursor = state.selection.main.head;
  const from = Math.max(0, cursor - TRIGGER_UNITS_MAX);
  // What is cut off stands as a letter: no message begins here.
  const before = (from > 0 ? 'x' : '') + state.sliceDoc(from, cursor);
  const found = triggerAt(before, before.length);
  const shift = cursor - before.length;
  return found && { ...found, from: found.from + shift, to: found.to + shift };
}

/**
 * CodeMirror writes its styles into a `<style>`, which the server's policy forbids for good reason;
 * sheets that a script makes are allowed. The order is the library's: later ones win.
 */
function adoptStyles(): void {
  const adopted = new Set<StyleModule>();
  StyleModule.mount = (_root, modules) => {
    for (const module of [modules].flat()) {
      if (adopted.has(module)) continue;
      adopted.add(module);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(module.getRules());
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    }
  };
}
