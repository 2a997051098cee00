// What stands around every page: the rail (a bar on phones), the palette, shortcuts, and who is signed in.
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Command } from 'lucide-react';
import { Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';
import { IconButton } from '../components/button.tsx';
import { Logo } from '../components/logo.tsx';
import { AddressContext, type AddressQuery } from '../lib/address.ts';
import { useNoDrops } from '../lib/dropping.ts';
import { usePreferences } from '../lib/preferences.ts';
import { useSession } from '../lib/session.tsx';
import { useShortcuts } from '../lib/shortcuts.ts';
import { useAppMessages } from './messages.ts';
import { useDestinations, isWithin, type Destination } from './navigation.tsx';
import { lazily, patiently } from '../lib/patiently.ts';

const SessionEndedDialog = lazily(
  patiently(() => import('./sign-in.tsx').then(({ SessionEndedDialog }) => SessionEndedDialog)),
);
const MoreMenu = lazily(patiently(() => import('./menus.tsx').then(({ MoreMenu }) => MoreMenu)));
const AccountMenu = lazily(patiently(() => import('./menus.tsx').then(({ AccountMenu }) => AccountMenu)));
const Palette = lazily(patiently(() => import('./palette.tsx').then(({ Palette }) => Palette)));
const ShortcutsDialog = lazily(
  patiently(() => import('./shortcuts-dialog.tsx').then(({ ShortcutsDialog }) => ShortcutsDialog)),
);

/** Pages that have a place of their own in the bar on phones; the others stand behind "More". */
const IN_BAR = 4;

interface NavigationLinkProps {
  readonly to: Destination;
  readonly path: string;
  readonly inBar: boolean;
}

function NavigationLink({ to, path, inBar }: NavigationLinkProps): ReactNode {
  const t = useAppMessages();
  const current = isWithin(path, to);
  const Icon = to.icon;
  return (
    <Link
      to={to.path}
      aria-current={current ? 'page' : undefined}
      className={`flex min-h-12 min-w-0 flex-1 flex-col items-center justify-center gap-1 rounded-xl py-1.5 bar-words font-medium md:flex-none ${inBar ? '' : 'max-md:hidden'} ${
        current ? 'bg-accent-tint text-accent' : 'text-muted hover:bg-hover hover:text-ink'
      }`}
    >
      <Icon size={20} aria-hidden strokeWidth={1.8} />
      <span className="max-w-full truncate">{t[to.name]}</span>
    </Link>
  );
}

function Rail({ path, onPalette }: { readonly path: string; readonly onPalette: () => void }): ReactNode {
  const t = useAppMessages();
  const shown = useDestinations();
  const inBar = shown.length > IN_BAR ? IN_BAR - 1 : IN_BAR;
  return (
    <nav
      aria-label={t.navigation}
      className="order-last flex border-t border-line bg-side p-1 md:order-first md:w-[5.75rem] md:flex-col md:gap-1 md:overflow-y-auto md:border-e md:border-t-0 md:p-2"
    >
      <Link to="/" aria-label="Freeway" className="mb-2 hidden place-items-center rounded-xl py-2 md:grid">
        <Logo size={34} />
      </Link>
      {shown.map((to, index) => (
        <NavigationLink key={to.path} to={to} path={path} inBar={index < inBar} />
      ))}
      {shown.length > inBar && (
        <Suspense fallback={<span className="min-h-12 flex-1 md:hidden" />}>
          <MoreMenu to={shown.slice(inBar)} path={path} />
        </Suspense>
      )}
      <div className="hidden flex-1 md:block" />
      <div className="flex items-center justify-center gap-1 md:flex-col">
        <IconButton label={t.palette} onClick={onPalette} className="max-md:hidden">
          <Command size={20} aria-hidden strokeWidth={1.8} />
        </IconButton>
        <Suspense fallback={<span className="size-10" />}>
          <AccountMenu />
        </Suspense>
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

function useAddress(): AddressQuery {
  const query: AddressQuery['query'] = useRouterState({ select: ({ location }) => location.search });
  const navigate = useNavigate();
  return useMemo(
    () => ({ query, setQuery: (search) => void navigate({ to: '.', search, replace: true }) }),
    [query, navigate],
  );
}

/** The shell with the page of the present address. */
export function Shell(): ReactNode {
  const t = useAppMessages();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const address = useAddress();
  const navigate = useNavigate();
  const { preferences } = usePreferences();
  const { state } = useSession();
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  // A dialog tells of its end a moment later, when another one may be open already.
  const close = (one: 'palette' | 'shortcuts'): void => setOpen((now) => (now === one ? null : now));
  const online = useOnline();
  useNoDrops();
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
    <div className="flex h-full flex-col md:flex-row">
      <a
        href="#page"
        className="sr-only z-50 rounded-xl bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        {t.skip}
      </a>
      <Rail path={path} onPalette={() => setOpen('palette')} />
      <div id="page" tabIndex={-1} className="bg-page flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {!online && (
          <p role="status" className="bg-paid-tint px-4 py-2 text-center text-sm text-paid">
            {t.offline}
          </p>
        )}
        <AddressContext value={address}>
          <Outlet />
        </AddressContext>
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
