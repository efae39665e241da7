import { Menu, MenuButton, MenuItemCheck, MenuItemRadio, MenuProvider } from '@ariakit/react';
import { memo } from 'react';
import { MODES, type Mode } from '../credits/words';
import { ModeName } from './mode-name';

export const ModePicker = memo(function ModePicker({
  mode,
  pick,
}: {
  mode: Mode;
  pick: (mode: Mode) => void;
}) {
  return (
    <MenuProvider placement="top-start" values={{ mode }}>
      <MenuButton className="chip chip-mode">
        <ModeName mode={mode} />
      </MenuButton>
      <Menu className="popover menu" gutter={8} aria-label="Mode" unmountOnHide>
        {MODES.map((one) => (
          <MenuItemRadio
            key={one.mode}
            className="menu-item menu-item-tall"
            name="mode"
            value={one.mode}
            hideOnClick
            onClick={() => {
              pick(one.mode);
            }}
          >
            <span className="menu-check">
              <MenuItemCheck />
            </span>
            <span className="menu-name">
              {one.name}
              <small>{one.says}</small>
            </span>
          </MenuItemRadio>
        ))}
      </Menu>
    </MenuProvider>
  );
});
