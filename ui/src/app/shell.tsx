// What stands around every page: the rail (a bar on phones), the palette, shortcuts, and who is signed in.
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Command, Ellipsis, LogOut, UserRound } from 'lucide-react';
import { Suspense, lazy, useEffect, useState, type ReactNode } from 'react';
import { IconButton } from '../components/button.tsx';
import { Logo } from '../components/logo.tsx';
import { Menu } from '../components/menu.tsx';
import { Popover } from '../components/popover.tsx';
import { useMessages } from '../lib/messages.ts';
import { usePreferences } from '../lib/preferences.ts';
import { useSession } from '../lib/session.tsx';
import { useShortcuts } from '../lib/shortcuts.ts';
import { appMessages } from './messages.ts';
import { useDestinations, isWithin, type Destination } from './navigation.tsx';

const SessionEndedDialog = lazy(() =>
  import('./sign-in.tsx').then(({ SessionEndedDialog }) => ({ default: SessionEndedDialog })),
);
const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })));
const ShortcutsDialog = lazy(() =>
  import('./shortcuts-dialog.tsx').then(({ ShortcutsDialog }) => ({ default: ShortcutsDialog })),
);

/** Pages that have a place of their own in the bar on phones; the others stand behind "More". */
const IN_BAR = 4;

interface NavigationLinkProps {
  readonly to: Destination;
  readonly path: string;
  readonly inBar: boolean;
}

function NavigationLink({ to, path, inBar }: NavigationLinkProps): ReactNode {
  const t = useMessages(appMessages);
  const current = isWithin(path, to);
  const Icon = to.icon;
  return (
    <Link
      to={to.path}
      aria-current={current ? 'page' : undefined}
      className={`flex min-h-12 flex-1 flex-col items-center justify-center gap-1 rounded-xl px-1 py-1.5 text-2xs font-medium md:flex-none ${inBar ? '' : 'max-md:hidden'} ${
        current ? 'bg-accent-tint text-accent' : 'text-muted hover:bg-hover hover:text-ink'
      }`}
    >
      <Icon size={20} aria-hidden strokeWidth={1.8} />
      {t[to.name]}
    </Link>
  );
}

/** On phones: the pages that the bar has no room for. */
function MoreMenu({ to }: { readonly to: readonly Destination[] }): ReactNode {
  const t = useMessages(appMessages);
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

function AccountMenu(): ReactNode {
  const t = useMessages(appMessages);
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

function Rail({ path, onPalette }: { readonly path: string; readonly onPalette: () => void }): ReactNode {
  const t = useMessages(appMessages);
  const shown = useDestinations();
  const inBar = shown.length > IN_BAR ? IN_BAR - 1 : IN_BAR;
  return (
    <nav
      aria-label={t.navigation}
      className="order-last flex border-t border-line bg-side p-1 pb-[max(0.25rem,env(safe-area-inset-bottom))] md:order-first md:w-[5.75rem] md:flex-col md:gap-1 md:overflow-y-auto md:border-e md:border-t-0 md:p-2"
    >
      <Link to="/" aria-label="Freeway" className="mb-2 hidden place-items-center rounded-xl py-2 md:grid">
        <Logo size={34} />
      </Link>
      {shown.map((to, index) => (
        <NavigationLink key={to.path} to={to} path={path} inBar={index < inBar} />
      ))}
      {shown.length > inBar && <MoreMenu to={shown.slice(inBar)} />}
      <div className="hidden flex-1 md:block" />
      <div className="flex items-center justify-center gap-1 md:flex-col">
        <IconButton label={t.palette} onClick={onPalette} className="max-md:hidden">
          <Command size={20} aria-hidden strokeWidth={1.8} />
        </IconButton>
        <AccountMenu />
      </div>
    </nav>
  );
}

function useOnline(): boolean {
  const [online, setOnline] = useState(() => navigator.onLine);
  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine);
    window.addEventListener('online', update);
    window.addEventListener('offline', update);
    return () => {
      window.removeEventListener('online', update);
      window.removeEventListener('offline', update);
    };
  }, []);
  return online;
}

/** The shell with the page of the present address. */
export function Shell(): ReactNode {
  const t = useMessages(appMessages);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const navigate = useNavigate();
  const { preferences } = usePreferences();
  const { state } = useSession();
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  // A dialog tells of its end a moment later, when another one may be open already.
  const close = (one: 'palette' | 'shortcuts'): void => setOpen((now) => (now === one ? null : now));
  const online = useOnline();
  useShortcuts(
    {
      palette: () => setOpen('palette'),
      help: () => setOpen('shortcuts'),
      helpSingle: () => setOpen('shortcuts'),
      newChat: () => void navigate({ to: '/' }),
      settings: () => void navigate({ to: '/settings' }),
    },
    preferences,
  );
  return (
    <div className="flex h-dvh flex-col md:flex-row">
      <a
        href="#page"
        className="sr-only z-50 rounded-xl bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        {t.skip}
      </a>
      <Rail path={path} onPalette={() => setOpen('palette')} />
      <div id="page" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {!online && (
          <p role="status" className="bg-paid-tint px-4 py-2 text-center text-sm text-paid">
            {t.offline}
          </p>
        )}
        <Outlet />
      </div>
      <Suspense>
        {open === 'palette' && (
          <Palette open onClose={() => close('palette')} onShortcuts={() => setOpen('shortcuts')} />
        )}
        {open === 'shortcuts' && <ShortcutsDialog open onClose={() => close('shortcuts')} />}
      </Suspense>
      <Suspense>{state.kind === 'ended' && <SessionEndedDialog mode={state.mode} />}</Suspense>
    </div>
  );
}
