// People: who may sign in, and the audit of what was done.
import { UserPlus } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Failed } from '../../components/failed.tsx';
import { useMessages } from '../../lib/messages.ts';
import { AuditLog } from './audit.tsx';
import { useMay, usePeople } from './data.ts';
import { PersonDialog } from './form.tsx';
import { PeopleList } from './list.tsx';
import { peopleMessages } from './messages.ts';

/** The page. */
export function PeoplePage(): ReactNode {
  const t = useMessages(peopleMessages);
  const { data: people, error, refetch, isPending } = usePeople();
  const may = useMay();
  const [inviting, setInviting] = useState(false);
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
          {may('create', 'member') && (
            <Button small look="primary" onClick={() => setInviting(true)}>
              <UserPlus size={15} aria-hidden />
              {t.invite}
            </Button>
          )}
        </div>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        {isPending && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {error !== null && people === undefined && (
          <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        )}
        {people !== undefined && <PeopleList people={people} />}
        <AuditLog />
        {inviting && <PersonDialog person={null} onClose={() => setInviting(false)} />}
      </div>
    </main>
  );
}
