// The text of a message, with the menus that `/` and `@` open in it.
import { ComboboxPopover, ComboboxProvider, useComboboxStore, useStoreState } from '@ariakit/react';
import type { ModelId, PriceBook } from '@kumari/credits';
import { memo, useId, useLayoutEffect, useState } from 'react';
import type { Prices } from '../credits/client';
import { MODES } from '../credits/words';
import { withMode, withModel, withText } from './choice';
import type { Draft } from './draft';
import { editBetween } from './edit';
import { ModeOptions } from './mode-options';
import { type ModelOption, ModelOptions, matching } from './model-options';
import type { Trigger } from './trigger';
import { type FieldProps, HINT, MESSAGE_ID, useField } from './use-field';

interface MessageFieldProps extends FieldProps {
  isReadOnly: boolean;
  submit: () => void;
  optionsOf: () => ModelOption[];
  models: readonly ModelId[];
  book: PriceBook | null;
  prices: Prices | null;
}

export const MessageField = memo(function MessageField(props: MessageFieldProps) {
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
