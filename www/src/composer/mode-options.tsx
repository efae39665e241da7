// The modes that `/` offers in the text.
import { ComboboxGroup, ComboboxItem } from '@ariakit/react';
import { type Mode, modeName } from '../credits/words';
import { MODE_SAYS } from './mode-words';

export function ModeOptions({
  modes,
  pick,
}: {
  modes: readonly Mode[];
  pick: (mode: Mode) => void;
}) {
  return (
    <ComboboxGroup className="menu-group" aria-label="Modes">
      {modes.map((mode) => (
        <ComboboxItem
          key={mode}
          className="menu-item menu-item-tall"
          value={mode}
          setValueOnClick={false}
          hideOnClick={false}
          focusOnHover
          onClick={() => {
            pick(mode);
          }}
        >
          <span className="menu-name">
            {modeName(mode)}
            <small>{MODE_SAYS[mode]}</small>
          </span>
        </ComboboxItem>
      ))}
    </ComboboxGroup>
  );
}
