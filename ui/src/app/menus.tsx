// The menus of the rail: the account, and on phones the pages that the bar has no room for. Loaded after the rail itself.
import { useNavigate } from '@tanstack/react-router';
import { Ellipsis, LogOut, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '../components/button.tsx';
import { Menu } from '../components/menu.tsx';
import { Popover } from '../components/popover.tsx';
import { useSession } from '../lib/session.tsx';
import { useAppMessages } from './messages.ts';
import type { Destination } from './navigation.tsx';

/** On phones: the pages that the bar has no room for. */
export function MoreMenu({ to }: { readonly to: readonly Destination[] }): ReactNode {
  const t = useAppMessages();
  const navigate = useNavigate();
  return (
    <Popover
      label={t.more}
      align="end"
      className="w-60"
      trigger={(props) => (
        <button
          type="button"
          {...props}
          className="flex min-h-12 flex-1 flex-col items-center justify-center gap-1 rounded-xl px-1 py-1.5 text-2xs font-medium text-muted hover:bg-hover md:hidden"
        >
          <Ellipsis size={20} aria-hidden />
          {t.more}
        </button>
      )}
    >
      {(close) => (
        <Menu
          label={t.more}
          close={close}
          items={to.map(({ path, name, icon: Icon }) => ({
            id: path,
            label: t[name],
            icon: <Icon size={17} aria-hidden />,
            run: () => void navigate({ to: path }),
          }))}
        />
      )}
    </Popover>
  );
}

/** Who is signed in, and the way out. */
export function AccountMenu(): ReactNode {
  const t = useAppMessages();
  const { state, signOut } = useSession();
  if (state.kind !== 'in') return null;
  const name = state.person.email ?? state.person.role;
  return (
    <Popover
      label={t.account}
      className="w-60"
      trigger={(props) => (
        <IconButton {...props} label={t.account}>
          <UserRound size={20} aria-hidden strokeWidth={1.8} />
        </IconButton>
      )}
    >
      {(close) => (
        <>
          <p className="truncate border-b border-line px-4 py-3 text-sm text-muted">{name}</p>
          <Menu
            label={t.account}
            close={close}
            items={[{ id: 'out', label: t.signOut, icon: <LogOut size={16} aria-hidden />, run: () => void signOut() }]}
          />
        </>
      )}
    </Popover>
  );
}
