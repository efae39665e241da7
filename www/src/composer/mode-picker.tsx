import { Menu, MenuButton, MenuItemCheck, MenuItemRadio, MenuProvider } from '@ariakit/react';
import { memo } from 'react';
import { type Mode, modeName } from '../credits/words';
import { ModeName } from './mode-name';
import { MODE_SAYS } from './mode-words';

export const ModePicker = memo(function ModePicker({
  mode,
  modes,
  pick,
}: {
  mode: Mode;
  /** Those that can be chosen. */
  modes: readonly Mode[];
  pick: (mode: Mode) => void;
}) {
  return (
    <MenuProvider placement="top-start" values={{ mode }}>
      <MenuButton className="chip chip-mode">
        <ModeName mode={mode} />
      </MenuButton>
      <Menu className="popover menu" gutter={8} aria-label="Mode" unmountOnHide>
        {modes.map((one) => (
          <MenuItemRadio
            key={one}
            className="menu-item menu-item-tall"
            name="mode"
            value={one}
            hideOnClick
            onClick={() => {
              pick(one);
            }}
          >
            <span className="menu-check">
              <MenuItemCheck />
            </span>
            <span className="menu-name">
              {modeName(one)}
              <small>{MODE_SAYS[one]}</small>
            </span>
          </MenuItemRadio>
        ))}
      </Menu>
    </MenuProvider>
  );
});
