// API keys: made and shown once, bounded, rolled, revoked.
import { Gauge, Plus, RefreshCw, Trash2 } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import type { KeyView } from '#shared/api/keys.ts';
import { quotaNames } from '#shared/quotas.ts';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FindList } from '../../components/find-list.tsx';
import { Failed } from '../../components/failed.tsx';
import type { MenuItem } from '../../components/menu.tsx';
import { ApiError } from '../../lib/api.ts';
import { formatBound, formatMoment, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { quotaMessages } from '../../lib/quotas.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { CreateDialog, ShownKeyDialog } from './create.tsx';
import { useKeyActions, useKeys, useOwner, useOwners } from './data.ts';
import { keyMessages } from './messages.ts';
import { QuotaDialog } from './quota.tsx';
import { Snippets } from './snippet-panel.tsx';

/** What is left of its money; what it may spend while that is not known. */
function useMoney({ usd, usd_remaining: left }: KeyView): string | null {
  const { spend, spendLeft } = useMessages(quotaMessages);
  const language = useLanguage();
  if (usd === null) return null;
  const most = formatUsd(usd.max, language);
  return left === null ? spend[usd.per](most) : spendLeft[usd.per](formatUsd(left, language), most);
}

function useFacts(apiKey: KeyView): string {
  const { start, last4, last_used_at, expires_at, left, tier, privacy, strategy } = apiKey;
  const money = useMoney(apiKey);
  const t = useMessages(keyMessages);
  const owner = useOwner(apiKey, t.ofOther);
  const { strategies: orders } = useMessages(policyMessages);
  const q = useMessages(quotaMessages);
  const language = useLanguage();
  const moment = (at: string): string => formatMoment(Date.parse(at), language);
  return [
    owner,
    `${start}…${last4}`,
    last_used_at === null ? t.neverUsed : t.lastUsed(moment(last_used_at)),
    expires_at === null ? null : t.expiresAt(moment(expires_at)),
    ...quotaNames.map((name) => {
      const one = left[name];
      return one === null ? null : q.left[name](formatBound(one.remaining, language), formatBound(one.limit, language));
    }),
    money,
    tier === 'free' ? t.tiers.free : null,
    privacy === 'no_training' ? t.privacies.no_training : null,
    strategy === null ? null : orders[strategy],
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
}

function RevokeDialog({ apiKey, onClose }: { readonly apiKey: KeyView; readonly onClose: () => void }): ReactNode {
  const t = useMessages(keyMessages);
  const { revoke } = useKeyActions();
  const { show } = useToasts();
  return (
    <ConfirmDialog
      title={t.revokeTitle(apiKey.name)}
      cancel={t.cancel}
      confirm={t.revoke}
      run={async () => {
        await revoke(apiKey.id);
        show(t.revoked(apiKey.name));
      }}
      onClose={onClose}
    >
      <p className="text-sm text-muted">{t.revokeText}</p>
    </ConfirmDialog>
  );
}

function Row({ apiKey, onShown }: { readonly apiKey: KeyView; readonly onShown: (key: string) => void }): ReactNode {
  const t = useMessages(keyMessages);
  const facts = useFacts(apiKey);
  const { roll } = useKeyActions();
  const { show } = useToasts();
  const [open, setOpen] = useState<'quota' | 'revoke' | null>(null);
  const close = (): void => setOpen(null);
  const { id, name, status } = apiKey;
  const runRoll = async (): Promise<void> => {
    try {
      onShown(await roll(id));
      show(t.rolled);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
    }
  };
  const items: MenuItem[] = [
    { id: 'quota', label: t.changeQuota, icon: <Gauge size={16} />, run: () => setOpen('quota') },
    { id: 'roll', label: t.roll, icon: <RefreshCw size={16} />, run: () => void runRoll() },
    { id: 'revoke', label: t.revoke, icon: <Trash2 size={16} />, danger: true, run: () => setOpen('revoke') },
  ];
  return (
    <li className="flex items-center gap-3 py-3.5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span dir="auto" className="min-w-0 wrap-anywhere">
            {name}
          </span>
          <span
            className={`rounded-full px-2.5 py-0.5 text-xs ${status === 'active' ? 'bg-free-tint text-free' : 'bg-tint text-muted'}`}
          >
            {status === 'active' ? t.active : t.expired}
          </span>
        </p>
        <p className="text-xs text-muted">{facts}</p>
      </div>
      <ActionsMenu label={t.actions(name)} items={items} />
      {open === 'quota' && <QuotaDialog apiKey={apiKey} onClose={close} />}
      {open === 'revoke' && <RevokeDialog apiKey={apiKey} onClose={close} />}
    </li>
  );
}

function KeyList({
  keys,
  onShown,
}: {
  readonly keys: readonly KeyView[];
  readonly onShown: (key: string) => void;
}): ReactNode {
  const t = useMessages(keyMessages);
  const owners = useOwners(keys);
  if (keys.length === 0)
    return (
      <div className="rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
        <p className="text-sm font-medium">{t.none}</p>
        <p className="mt-1 text-sm text-muted">{t.noneText}</p>
      </div>
    );
  return (
    <FindList
      items={keys}
      label={t.find}
      toText={({ name, start, last4, person_id: personId }) =>
        `${name} ${start} ${last4} ${owners.get(personId) ?? ''}`
      }
    >
      {(shown) => (
        <ul className="divide-y divide-line rounded-2xl border border-line bg-raised px-4">
          {shown.map((key) => (
            <Row key={key.id} apiKey={key} onShown={onShown} />
          ))}
        </ul>
      )}
    </FindList>
  );
}

/** The page. */
export function KeysPage(): ReactNode {
  const t = useMessages(keyMessages);
  const { keys, failure, retry } = useKeys();
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
          <Button small look="primary" onClick={() => setCreating(true)}>
            <Plus size={15} aria-hidden />
            {t.create}
          </Button>
        </div>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        {failure !== null && keys === undefined && (
          <Failed title={t.failed} message={failure.message} retry={t.retry} onRetry={retry} />
        )}
        {failure === null && keys === undefined && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {keys !== undefined && <KeyList keys={keys} onShown={setShown} />}
        {keys !== undefined && keys.length > 0 && <Snippets apiKey={t.placeholder} heading="h2" />}
        {creating && (
          <CreateDialog
            onClose={() => setCreating(false)}
            onMade={(key) => {
              setCreating(false);
              setShown(key);
            }}
          />
        )}
        {shown !== null && <ShownKeyDialog apiKey={shown} onClose={() => setShown(null)} />}
      </div>
    </main>
  );
}
