// The menus of the rail: the account, and on phones the pages that the bar has no room for. Loaded after the rail itself.
import { useNavigate } from '@tanstack/react-router';
import { Ellipsis, LogOut, Trash2, UserRound } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, IconButton } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Menu } from '../components/menu.tsx';
import { Popover } from '../components/popover.tsx';
import { useMessages } from '../lib/messages.ts';
import { deleteOwn } from '../lib/own-database.ts';
import { useSession } from '../lib/session.tsx';
import { accountMessages } from './account-messages.ts';
import { useAppMessages } from './messages.ts';
import { isWithin, type Destination } from './navigation.tsx';

/** On phones: the pages that the bar has no room for. */
export function MoreMenu({
  to,
  path: here,
}: {
  readonly to: readonly Destination[];
  readonly path: string;
}): ReactNode {
  const t = useAppMessages();
  const navigate = useNavigate();
  const current = to.some((one) => isWithin(here, one));
  return (
    <Popover
      label={t.more}
      align="end"
      className="w-60"
      trigger={(props) => (
        <button
          type="button"
          {...props}
          aria-current={current ? 'true' : undefined}
          className={`flex min-h-12 min-w-0 flex-1 flex-col items-center justify-center gap-1 rounded-xl py-1.5 bar-words font-medium md:hidden ${current ? 'bg-accent-tint text-accent' : 'text-muted hover:bg-hover'}`}
        >
          <Ellipsis size={20} aria-hidden />
          <span className="max-w-full truncate">{t.more}</span>
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

/** Signs out; whoever comes next begins at the beginning. */
function useLeaving(): () => Promise<void> {
  const navigate = useNavigate();
  const { signOut } = useSession();
  return async () => {
    await navigate({ to: '/' });
    await signOut();
  };
}

interface LeavingProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly personId: string;
}

/** Asks before all of a person's things go with them. */
function LeavingDialog({ open, onClose, personId }: LeavingProps): ReactNode {
  const t = useMessages(accountMessages);
  const leave = useLeaving();
  const leaveNothing = async (): Promise<void> => {
    await leave();
    await deleteOwn(personId);
  };
  return (
    <Dialog open={open} onClose={onClose} title={t.deleteTitle}>
      <p className="text-sm text-muted">{t.deleteText}</p>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button look="danger" onClick={() => void leaveNothing()}>
          {t.deleteNow}
        </Button>
      </div>
    </Dialog>
  );
}

/** Who is signed in, and the ways out. */
export function AccountMenu(): ReactNode {
  const words = useAppMessages();
  const t = useMessages(accountMessages);
  const { state } = useSession();
  const leave = useLeaving();
  const [leaving, setLeaving] = useState(false);
  if (state.kind !== 'in') return null;
  const { id, email, role } = state.person;
  const items = [
    { id: 'out', label: words.signOut, icon: <LogOut size={16} aria-hidden />, run: () => void leave() },
    {
      id: 'delete',
      label: t.leaveNothing,
      icon: <Trash2 size={16} aria-hidden />,
      danger: true,
      run: () => setLeaving(true),
    },
  ];
  return (
    <>
      <Popover
        label={words.account}
        className="w-72"
        trigger={(props) => (
          <IconButton {...props} label={words.account}>
            <UserRound size={20} aria-hidden strokeWidth={1.8} />
          </IconButton>
        )}
      >
        {(close) => (
          <>
            <div className="border-b border-line px-4 py-3 text-sm text-muted">
              <p className="truncate">{email ?? role}</p>
              <p className="mt-1 text-xs">{t.kept}</p>
            </div>
            <Menu label={words.account} close={close} items={items} />
          </>
        )}
      </Popover>
      <LeavingDialog open={leaving} onClose={() => setLeaving(false)} personId={id} />
    </>
  );
}
