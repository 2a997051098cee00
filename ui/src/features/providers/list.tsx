// The credentials a person has: whose they are, how they stand, and what can be done with them.
import { FlaskConical, KeyRound, Pencil, Power, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { CredentialView, TestOutcome } from '#shared/api/credentials.ts';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import { Button } from '../../components/button.tsx';
import type { MenuItem } from '../../components/menu.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { refusalMessages } from '../../lib/refusal-messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { findProvider } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { EditDialog, ReplaceDialog } from './edit.tsx';
import { providerMessages } from './messages.ts';
import { useTestText } from './test-text.ts';

const tones: Readonly<Record<TestOutcome, string>> = {
  works: 'bg-free-tint text-free',
  limited: 'bg-paid-tint text-paid',
  wrong_key: 'bg-danger-tint text-danger',
  wrong_url: 'bg-danger-tint text-danger',
  no_such_model: 'bg-paid-tint text-paid',
  unreachable: 'bg-paid-tint text-paid',
  refused: 'bg-paid-tint text-paid',
};

function Status({ credential }: { readonly credential: CredentialView }): ReactNode {
  const t = useMessages(providerMessages);
  const toTestText = useTestText();
  const { enabled, last_test: test, source, locked } = credential;
  if (!enabled) return <span className="rounded-full bg-tint px-2.5 py-0.5 text-xs text-muted">{t.off}</span>;
  if (locked !== null)
    return (
      <span className="rounded-full bg-danger-tint px-2.5 py-0.5 text-xs font-medium text-danger">{t.locked}</span>
    );
  if (test === null) return source === 'own' ? <span className="text-xs text-muted">{t.untested}</span> : null;
  return (
    <span title={toTestText(test)} className={`rounded-full px-2.5 py-0.5 text-xs font-medium ${tones[test.outcome]}`}>
      {t.outcomes[test.outcome]}
    </span>
  );
}

function useFacts(credential: CredentialView): string {
  const t = useMessages(providerMessages);
  const { provider, secrets, source, owner, sharing, name } = credential;
  const providerName = findProvider(provider)?.name ?? provider;
  const ending = secrets.find((secret) => secret.ending !== '')?.ending;
  const shared = sharing === 'private' ? null : sharing === 'all' ? t.sharing.all : t.sharing.some(sharing.length);
  return [
    providerName === name ? null : t.ofCatalog(providerName),
    ending === undefined ? null : t.ending(ending),
    source === 'shared' && owner !== null ? t.sharedBy(owner) : null,
    source === 'own' ? shared : null,
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
}

type Open = 'edit' | 'replace' | null;

interface Work {
  readonly testing: boolean;
  readonly test: () => Promise<void>;
  readonly toggle: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

function useWork(credential: CredentialView): Work {
  const t = useMessages(providerMessages);
  const { test, change, remove, restore } = useCredentialActions();
  const { show } = useToasts();
  const toTestText = useTestText();
  const [testing, setTesting] = useState(false);
  const { id, name, enabled } = credential;
  const guarded = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
    }
  };
  return {
    testing,
    test: async () => {
      setTesting(true);
      await guarded(async () => {
        const result = await test(id);
        const { outcome } = result;
        show(`${name}: ${t.outcomes[outcome]}. ${outcome === 'works' ? '' : toTestText(result)}`);
      });
      setTesting(false);
    },
    toggle: () => guarded(() => change(id, { enabled: !enabled })),
    remove: () =>
      guarded(async () => {
        await remove(id);
        show(t.removed(name), { label: t.undo, run: () => void guarded(() => restore(id)) });
      }),
  };
}

/** What is wrong with it, and whose it is to put right. */
function Trouble({ credential }: { readonly credential: CredentialView }): ReactNode {
  const t = useMessages(providerMessages);
  const { locked: why } = useMessages(refusalMessages);
  const toTestText = useTestText();
  const { provider, editable, enabled, locked, held_back: heldBack, last_test: last } = credential;
  const isForOthers = locked === 'lost' && !editable;
  return (
    <>
      {locked !== null && <p className="mt-1 text-xs text-danger">{isForOthers ? t.lockedOther : why[locked]}</p>}
      {enabled && locked === null && last !== null && last.outcome !== 'works' && (
        <p className="mt-1 text-xs text-muted">{toTestText(last)}</p>
      )}
      {heldBack !== null && <p className="mt-1 text-xs text-paid">{t.heldBack(heldBack, findProvider(provider))}</p>}
    </>
  );
}

function Row({ credential }: { readonly credential: CredentialView }): ReactNode {
  const t = useMessages(providerMessages);
  const facts = useFacts(credential);
  const { testing, test, toggle, remove } = useWork(credential);
  const [open, setOpen] = useState<Open>(null);
  const { name, plan, editable, enabled, locked } = credential;
  const items: MenuItem[] = [
    { id: 'edit', label: t.edit, icon: <Pencil size={16} />, run: () => setOpen('edit') },
    { id: 'replace', label: t.replace, icon: <KeyRound size={16} />, run: () => setOpen('replace') },
    { id: 'toggle', label: enabled ? t.turnOff : t.turnOn, icon: <Power size={16} />, run: () => void toggle() },
    { id: 'remove', label: t.remove, icon: <Trash2 size={16} />, danger: true, run: () => void remove() },
  ];
  return (
    <li className="py-3.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className={`min-w-0 flex-1 basis-48 ${enabled ? '' : 'opacity-70'}`}>
          <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
            <span dir="auto" className="min-w-0 wrap-anywhere">
              {name}
            </span>
            <TierBadge tier={plan} />
            <Status credential={credential} />
          </p>
          <p className="text-xs wrap-anywhere text-muted">{facts}</p>
        </div>
        {editable && (
          <>
            {locked === 'lost' ? (
              <Button small onClick={() => setOpen('replace')}>
                <KeyRound size={15} aria-hidden />
                {t.enterAgain}
              </Button>
            ) : (
              <Button small disabled={testing} onClick={() => void test()}>
                <FlaskConical size={15} aria-hidden />
                {testing ? t.testing : t.test}
              </Button>
            )}
            <ActionsMenu label={t.actions(name)} items={items} width="w-56" />
          </>
        )}
      </div>
      <Trouble credential={credential} />
      {open === 'edit' && <EditDialog credential={credential} onClose={() => setOpen(null)} />}
      {open === 'replace' && <ReplaceDialog credential={credential} onClose={() => setOpen(null)} />}
    </li>
  );
}

interface GroupProps {
  readonly title: string;
  readonly hint?: string;
  readonly credentials: readonly CredentialView[];
}

function Group({ title, hint, credentials }: GroupProps): ReactNode {
  if (credentials.length === 0) return null;
  return (
    <section className="mt-8" aria-label={title}>
      <h2 className="text-base font-semibold">{title}</h2>
      {hint !== undefined && <p className="text-sm text-muted">{hint}</p>}
      <ul className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised px-4">
        {credentials.map((credential) => (
          <Row key={credential.id} credential={credential} />
        ))}
      </ul>
    </section>
  );
}

/** All of them, by where they come from. */
export function CredentialList({ credentials }: { readonly credentials: readonly CredentialView[] }): ReactNode {
  const t = useMessages(providerMessages);
  const from = (source: CredentialView['source']): CredentialView[] =>
    credentials.filter((one) => one.source === source);
  if (credentials.length === 0)
    return (
      <div className="mt-8 rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
        <p className="text-sm font-medium">{t.none}</p>
        <p className="mt-1 text-sm text-muted">{t.noneText}</p>
      </div>
    );
  return (
    <>
      <Group title={t.yours} credentials={from('own')} />
      <Group title={t.shared} credentials={from('shared')} />
      <Group title={t.environment} hint={t.environmentHint} credentials={from('environment')} />
    </>
  );
}
