// The people who may sign in, and what can be done about each.
import { Ban, Pencil, Trash2, UserCheck } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { PersonView } from '#shared/api/people.ts';
import { quotaNames } from '#shared/quotas.ts';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import { FindList } from '../../components/find-list.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import type { MenuItem } from '../../components/menu.tsx';
import { ApiError } from '../../lib/api.ts';
import { useCost } from '../../lib/cost.ts';
import { formatBound, formatMoment, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { quotaMessages } from '../../lib/quotas.ts';
import { usePerson } from '../../lib/session.tsx';
import { useToasts } from '../../lib/toasts.tsx';
import { useMay, usePeopleActions, useSpent } from './data.ts';
import { PersonDialog } from './form.tsx';
import { peopleMessages } from './messages.ts';

interface PersonProps {
  readonly person: PersonView;
}

function useName({ email }: PersonView): string {
  const t = useMessages(peopleMessages);
  return email ?? t.ownerKey;
}

/** Does it and says so, or says why not. */
function useTell(): (work: Promise<unknown>, done: string) => Promise<void> {
  const { show } = useToasts();
  return async (work, done) => {
    try {
      await work;
      show(done);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
    }
  };
}

/** What somebody without a bound on money has spent: of the others it is told beside their bound. A rule for a domain is nobody who spends. */
function useSpentFact({ id, email, budget, budget_left: left }: PersonView): string | null {
  const t = useMessages(peopleMessages);
  const toCost = useCost();
  const spent = useSpent()(id);
  const bounds = [left?.usd_per_day, left?.usd_per_month, budget?.usd_per_day, budget?.usd_per_month];
  if (spent === null || email?.startsWith('*@') === true || bounds.some((one) => (one ?? null) !== null)) return null;
  return t.spent(toCost(spent.usd, spent.isEstimated));
}

function Facts({ person }: PersonProps): ReactNode {
  const t = useMessages(peopleMessages);
  const q = useMessages(quotaMessages);
  const language = useLanguage();
  const spent = useSpentFact(person);
  const { source, role, expires_at: until, last_seen_at: seen, models, quota, quota_left: left } = person;
  const usd = (amount: number): string => formatUsd(amount, language);
  const moment = (at: string): string => formatMoment(Date.parse(at), language);
  const facts = [
    t.sources[source],
    seen !== null ? t.lastSeen(moment(seen)) : role === 'owner' ? null : t.neverSeen,
    until === null ? null : t.until(moment(until)),
    models === null ? null : t.onlyModels(models.join(', ')),
    ...(['day', 'month'] as const).map((time) => {
      const one = person.budget_left?.[`usd_per_${time}`] ?? null;
      if (one !== null) return q.spendLeft[time](usd(one.remaining), usd(one.limit));
      const most = person.budget?.[`usd_per_${time}`] ?? null;
      return most === null ? null : q.spend[time](usd(most));
    }),
    spent,
    ...quotaNames.map((name) => {
      const [one, bound] = [left?.[name] ?? null, quota?.[name] ?? null];
      if (one !== null) return q.left[name](formatBound(one.remaining, language), formatBound(one.limit, language));
      return bound === null ? null : q.bounds[name](formatBound(bound, language));
    }),
  ];
  return <p className="text-xs text-muted">{facts.filter((fact) => fact !== null).join(' · ')}</p>;
}

const badge = 'rounded-full px-2.5 py-0.5 text-xs';

function Badges({ person: { id, role, blocked, expires_at: until } }: PersonProps): ReactNode {
  const t = useMessages(peopleMessages);
  const self = usePerson();
  const expired = until !== null && Date.parse(until) < Date.now();
  return (
    <>
      <span className={`${badge} ${role === 'member' ? 'bg-tint text-muted' : 'bg-accent-tint text-accent'}`}>
        {t.roles[role]}
      </span>
      {self?.id === id && <span className={`${badge} bg-tint text-muted`}>{t.you}</span>}
      {blocked && <span className={`${badge} bg-danger-tint text-danger`}>{t.blocked}</span>}
      {expired && <span className={`${badge} bg-paid-tint text-paid`}>{t.expired}</span>}
    </>
  );
}

function RemoveDialog({ person, onClose }: PersonProps & { readonly onClose: () => void }): ReactNode {
  const t = useMessages(peopleMessages);
  const name = useName(person);
  const { remove } = usePeopleActions();
  const { show } = useToasts();
  return (
    <ConfirmDialog
      title={t.removeTitle(name)}
      cancel={t.cancel}
      confirm={t.remove}
      run={async () => {
        await remove(person.id);
        show(t.removed(name));
      }}
      onClose={onClose}
    >
      <p className="text-sm text-muted">{t.removeText}</p>
    </ConfirmDialog>
  );
}

function Actions({ person }: PersonProps): ReactNode {
  const t = useMessages(peopleMessages);
  const name = useName(person);
  const { change } = usePeopleActions();
  const tell = useTell();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const close = (): void => setOpen(null);
  const { id, blocked } = person;
  const items: MenuItem[] = [
    { id: 'edit', label: t.edit, icon: <Pencil size={16} />, run: () => setOpen('edit') },
    {
      id: 'block',
      label: blocked ? t.unblock : t.block,
      icon: blocked ? <UserCheck size={16} /> : <Ban size={16} />,
      run: () => void tell(change(id, { blocked: !blocked }), (blocked ? t.unblockedNow : t.blockedNow)(name)),
    },
    { id: 'remove', label: t.remove, icon: <Trash2 size={16} />, danger: true, run: () => setOpen('remove') },
  ];
  return (
    <>
      <ActionsMenu label={t.actions(name)} items={items} />
      {open === 'edit' && <PersonDialog person={person} onClose={close} />}
      {open === 'remove' && <RemoveDialog person={person} onClose={close} />}
    </>
  );
}

function Row({ person }: PersonProps): ReactNode {
  const name = useName(person);
  const may = useMay();
  return (
    <li className="flex items-center gap-3 py-3.5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="min-w-0 wrap-anywhere">{name}</span>
          <Badges person={person} />
        </p>
        <Facts person={person} />
      </div>
      {may('change', person.role, person.id) && <Actions person={person} />}
    </li>
  );
}

/** All of them. */
export function PeopleList({ people }: { readonly people: readonly PersonView[] }): ReactNode {
  const t = useMessages(peopleMessages);
  const may = useMay();
  const toText = ({ email, role, blocked }: PersonView): string =>
    `${email ?? t.ownerKey} ${t.roles[role]} ${blocked ? t.blocked : ''}`;
  return (
    <>
      <FindList items={people} label={t.find} toText={toText}>
        {(shown) => (
          <ul className="divide-y divide-line rounded-2xl border border-line bg-raised px-4">
            {shown.map((person) => (
              <Row key={person.id} person={person} />
            ))}
          </ul>
        )}
      </FindList>
      {people.length < 2 && may('create', 'member') && (
        <div className="mt-3 rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
          <p className="text-sm font-medium">{t.alone}</p>
          <p className="mt-1 text-sm text-muted">{t.aloneText}</p>
        </div>
      )}
    </>
  );
}
