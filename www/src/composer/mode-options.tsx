// The modes that `/` offers in the text.
import { ComboboxGroup, ComboboxItem } from '@ariakit/react';
import { MODES, type Mode } from '../credits/words';

export function ModeOptions({
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
