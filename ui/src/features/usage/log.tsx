// The log of requests, newest first; each opens its receipt.
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { UsageRecord } from '#shared/api/usage.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Failed } from '../../components/failed.tsx';
import { Older } from '../../components/older.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { useCost } from '../../lib/cost.ts';
import { formatDuration, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { toQuery, useRecords, useUsage, type LogFilter } from './data.ts';
import { usageMessages } from './messages.ts';
import type { Range } from './range.ts';
import { ReceiptView } from './receipt.tsx';

function Row({ record, onOpen }: { readonly record: UsageRecord; readonly onOpen: () => void }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const toCost = useCost();
  const { at, route, credential, requested_model: requested, outcome, tier, cost_usd: cost, attempts } = record;
  const ms = record.duration_ms;
  return (
    <li>
      <button
        type="button"
        onClick={onOpen}
        className="flex min-h-12 w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-start text-sm hover:bg-hover"
      >
        <span className="sr-only">{t.receipt}</span>
        <span className="w-28 shrink-0 text-xs text-muted tabular-nums">{formatMoment(Date.parse(at), language)}</span>
        <span className={`min-w-0 flex-[1_1_10rem] wrap-anywhere ${route === null ? 'text-danger' : ''}`}>
          <span>{route ?? t.outcomes[outcome] ?? outcome.replaceAll('_', ' ')}</span>
          {route === null && requested !== undefined && (
            <span className="ms-2 text-muted">
              <span className="sr-only">{t.requested}: </span>
              {requested}
            </span>
          )}
          {credential !== null && <span className="text-muted"> ({credential})</span>}
        </span>
        {attempts.length > 0 && route !== null && (
          <span className="rounded-full bg-tint px-2 text-xs text-muted">+{attempts.length}</span>
        )}
        {tier !== null && (
          <TierBadge
            tier={tier}
            {...(cost !== null && cost > 0 ? { note: toCost(cost, record.cost_estimated) } : {})}
          />
        )}
        <span className="w-14 shrink-0 text-end text-xs text-muted tabular-nums">{formatDuration(ms, language)}</span>
      </button>
    </li>
  );
}

interface FilterProps {
  readonly range: Range;
  readonly filter: LogFilter;
  readonly onFilter: (filter: LogFilter) => void;
}

/** Names by which a range of usage can be told apart. */
const useNames = (range: Range, by: 'provider' | 'outcome'): readonly string[] =>
  (useUsage(range, by).data?.groups ?? []).map(({ name }) => name).filter((name) => name !== '');

function Filters({ range, filter, onFilter }: FilterProps): ReactNode {
  const t = useMessages(usageMessages);
  const choices = [
    { name: 'provider', all: t.allProviders, options: useNames(range, 'provider') },
    { name: 'outcome', all: t.allOutcomes, options: useNames(range, 'outcome') },
  ] as const;
  return (
    <div role="group" aria-label={t.filters} className="flex max-w-full flex-wrap items-center gap-2">
      {choices.map(({ name, all, options }) => (
        <select
          key={name}
          aria-label={all}
          value={filter[name]}
          onChange={({ target }) => onFilter({ ...filter, [name]: target.value })}
          className="min-h-9 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
        >
          <option value="">{all}</option>
          {options.map((option) => (
            <option key={option} value={option}>
              {t.outcomes[option] ?? option.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
      ))}
      <a
        href={`/api/usage/records?format=csv&${toQuery(range, filter)}`}
        download="usage.csv"
        className="inline-flex min-h-9 items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.8125rem] font-medium hover:bg-hover"
      >
        <Download size={15} aria-hidden />
        {t.export}
      </a>
    </div>
  );
}

/** The log. */
export function UsageLog({ range }: { readonly range: Range }): ReactNode {
  const t = useMessages(usageMessages);
  const [filter, setFilter] = useState<LogFilter>({ provider: '', outcome: '' });
  const pages = useRecords(range, filter);
  const { data, error, refetch } = pages;
  const [open, setOpen] = useState<UsageRecord | null>(null);
  const records = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <section aria-label={t.log} className="mt-8">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-base font-semibold">{t.log}</h2>
        <Filters range={range} filter={filter} onFilter={setFilter} />
      </div>
      {error !== null && data === undefined && (
        <div className="mt-3">
          <Failed title={t.logFailed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        </div>
      )}
      {data !== undefined && records.length === 0 && (
        <p
          role="status"
          className="mt-3 rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center text-sm text-muted"
        >
          {t.noMatch}
        </p>
      )}
      {records.length > 0 && (
        <ul className="mt-3 divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised">
          {records.map((record) => (
            <Row key={record.request_id} record={record} onOpen={() => setOpen(record)} />
          ))}
        </ul>
      )}
      <Older of={pages} />
      <Dialog form="sheet" open={open !== null} onClose={() => setOpen(null)} title={t.receipt}>
        {open && <ReceiptView record={open} />}
      </Dialog>
    </section>
  );
}
