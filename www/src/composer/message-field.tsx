// The text of a message, with the menus that `/` and `@` open in it.
import { ComboboxPopover, ComboboxProvider, useComboboxStore, useStoreState } from '@ariakit/react';
import type { ModelId, PriceBook } from '@kumari/credits';
import { memo, useId, useLayoutEffect, useMemo, useState } from 'react';
import type { Prices } from '../credits/client';
import { type Mode, modeName } from '../credits/words';
import { useLater } from '../use-later';
import { withMode, withModel } from './choice';
import { type ModelOption, ModelOptions, matching } from './model-options';
import type { Trigger } from './trigger';
import type { ChangeDraft } from './use-draft';
import { type FieldProps, HINT, MESSAGE_ID, useField } from './use-field';

interface MessageFieldProps extends FieldProps {
  submit: () => void;
  optionsOf: () => ModelOption[];
  models: readonly ModelId[];
  /** The modes that can be chosen. */
  modes: readonly Mode[];
  book: PriceBook | null;
  prices: Prices | null;
}

export const MessageField = memo(function MessageField(props: MessageFieldProps) {
  const { draft, change, optionsOf, models, book, prices } = props;
  const [trigger, setTrigger] = useState<Trigger | null>(null);
  const menuId = useId();
  const menu = useComboboxStore({
    placement: 'top-start',
    setOpen: (isOpen) => {
      if (!isOpen) setTrigger(null);
    },
  });

  const later = useLater();
  const search = trigger?.search.toLowerCase() ?? '';
  const modes = props.modes.filter((mode) => modeName(mode).toLowerCase().startsWith(search));
  const found = trigger?.sign === '@' ? matching(optionsOf(), trigger.search) : [];
  const hasMatches = trigger?.sign === '/' ? later && modes.length > 0 : found.length > 0;
  const isOpen = trigger !== null && hasMatches === true;
  const activeId = useActiveItem(menu, isOpen);

  const pickFirst = () => {
    const [mode] = modes;
    const [model] = found;
    if (trigger?.sign === '/' && mode) pickMode(mode);
    else if (model) pickModel(model.model.id);
  };
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
    if (!isOpen) props.submit();
    // Before the menu is drawn, what would be its first option.
    else if (activeId === null) pickFirst();
    else menu.item(activeId)?.element?.click();
    return true;
  };
  const { host, area, editor, plainlyChanged, remove } = useField(props, { pressed, setTrigger });

  const spoken = useMemo((): Record<string, string> => {
    const active: Record<string, string> = activeId ? { 'aria-activedescendant': activeId } : {};
    return isOpen ? { 'aria-autocomplete': 'list', 'aria-controls': menuId, ...active } : {};
  }, [activeId, isOpen, menuId]);
  useLayoutEffect(() => {
    editor?.setAttributes(spoken);
  }, [editor, spoken]);

  const choose = (chosen: Parameters<ChangeDraft>[0]) => {
    if (trigger) remove(trigger);
    setTrigger(null);
    change(chosen);
    editor?.focus();
  };
  const pickMode = (mode: Mode) => {
    choose((draft) => withMode(draft, mode));
  };
  const pickModel = (model: ModelId) => {
    if (book) choose((draft) => withModel(draft, book, model));
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
          value={draft.text}
          onChange={(event) => {
            plainlyChanged(event.target);
          }}
          onKeyDown={(event) => {
            if (pressed(event.nativeEvent)) event.preventDefault();
          }}
          {...spoken}
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
        // When the editor takes the plain field's place the focus moves, and the menu stays.
        hideOnInteractOutside={({ target }) => !host.current?.contains(target as Node)}
        getAnchorRect={() => host.current?.closest('form')?.getBoundingClientRect() ?? null}
      >
        {trigger?.sign === '/'
          ? later && <later.ModeOptions modes={modes} pick={pickMode} />
          : prices &&
            book && (
              <div className="menu-list">
                <ModelOptions
                  options={found}
                  selected={models}
                  isFull={draft.mode === 'compare' && models.length >= book.compare.models_max}
                  format={prices.format}
                  pick={pickModel}
                />
              </div>
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
