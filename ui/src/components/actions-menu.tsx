// The button with three dots at the end of a row, and the menu of what can be done with what stands there.
import { Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { Popover } from './popover.tsx';

interface ActionsMenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Width of the menu as a class. */
  readonly width?: string;
}

/** Button and menu. */
export function ActionsMenu({ label, items, width = 'w-48' }: ActionsMenuProps): ReactNode {
  return (
    <Popover
      align="end"
      className={width}
      label={label}
      trigger={(props) => (
        <IconButton label={label} compact {...props}>
          <Ellipsis size={18} aria-hidden />
        </IconButton>
      )}
    >
      {(close) => <Menu items={items} close={close} label={label} />}
    </Popover>
  );
}
