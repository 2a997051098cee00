// The audit: who did what, newest first, by action, and as a table for spreadsheets.
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { auditActions, type AuditAction, type AuditEvent } from '#shared/api/audit.ts';
import { OWNER_ID } from '#shared/people.ts';
import { Failed } from '../../components/failed.tsx';
import { Older } from '../../components/older.tsx';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { Changes } from './changes.tsx';
import { useAudit } from './data.ts';
import { peopleMessages } from './messages.ts';

function Row({ event }: { readonly event: AuditEvent }): ReactNode {
  const t = useMessages(peopleMessages);
  const language = useLanguage();
  // A later version may have written what this page has no words for.
  const events: Readonly<Record<string, string>> = t.events;
  const { at, action, email, person_id: personId, target, detail, address } = event;
  const who = email ?? (personId === OWNER_ID ? t.roles.owner : (personId ?? t.nobody));
  const facts = [who, detail === null ? null : t.detail(detail), address].filter((fact) => fact !== null);
  return (
    <li className="flex flex-wrap gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm">
      <time dateTime={at} className="w-32 shrink-0 text-xs leading-5 text-muted tabular-nums">
        {formatMoment(Date.parse(at), language)}
      </time>
      <div className="min-w-0 flex-1 basis-48">
        <p className="break-words">
          {events[action] ?? action}
          {target !== null && target !== email && <span className="font-medium break-all"> {target}</span>}
        </p>
        <Changes event={event} />
        <p className="text-xs break-words text-muted">{facts.join(' · ')}</p>
      </div>
    </li>
  );
}

interface FilterProps {
  readonly action: AuditAction | null;
  readonly onAction: (action: AuditAction | null) => void;
}

function Filter({ action, onAction }: FilterProps): ReactNode {
  const t = useMessages(peopleMessages);
  const filter = action === null ? '' : `&action=${action}`;
  return (
    <div className="flex max-w-full min-w-0 flex-wrap items-center gap-2">
      <select
        aria-label={t.show}
        value={action ?? ''}
        onChange={({ target }) => onAction(auditActions.find((one) => one === target.value) ?? null)}
        className="min-h-9 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
      >
        <option value="">{t.everything}</option>
        {auditActions.map((one) => (
          <option key={one} value={one}>
            {t.events[one]}
          </option>
        ))}
      </select>
      <a
        href={`/api/audit?format=csv${filter}`}
        download="audit.csv"
        className="inline-flex min-h-9 items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.8125rem] font-medium hover:bg-hover"
      >
        <Download size={15} aria-hidden />
        {t.export}
      </a>
    </div>
  );
}

/** The section. */
export function AuditLog(): ReactNode {
  const t = useMessages(peopleMessages);
  const language = useLanguage();
  const [action, setAction] = useState<AuditAction | null>(null);
  const pages = useAudit(action);
  const { data, error, refetch } = pages;
  const events = data?.pages.flatMap((page) => page.data);
  const searchedTo = data?.pages.at(-1)?.searched_to ?? null;
  return (
    <section aria-label={t.audit} className="mt-10">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-base font-semibold">{t.audit}</h2>
          <p className="text-sm text-muted">{t.auditText}</p>
        </div>
        <Filter action={action} onAction={setAction} />
      </div>
      {error !== null && events === undefined && (
        <Failed title={t.auditFailed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
      )}
      {events?.length === 0 && (
        <p
          role="status"
          className="rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center text-sm text-muted"
        >
          {searchedTo === null ? t.auditNone : t.auditNoneSince(formatMoment(Date.parse(searchedTo), language))}
        </p>
      )}
      {events !== undefined && events.length > 0 && (
        <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised">
          {events.map((event) => (
            <Row key={event.id} event={event} />
          ))}
        </ul>
      )}
      {searchedTo !== null && events !== undefined && events.length > 0 && (
        <p role="status" className="mt-3 text-xs text-muted">
          {t.auditSearched(formatMoment(Date.parse(searchedTo), language))}
        </p>
      )}
      <Older of={pages} {...(searchedTo !== null && { label: t.auditFurther })} />
    </section>
  );
}
