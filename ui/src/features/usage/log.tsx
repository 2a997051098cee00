// The log of requests, newest first; each opens its receipt.
import { useState, type ReactNode } from 'react';
import type { UsageRecord } from '#shared/api/usage.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { formatDuration, formatMoment, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useRecords } from './data.ts';
import { usageMessages } from './messages.ts';
import { ReceiptView } from './receipt.tsx';

function Row({ record, onOpen }: { readonly record: UsageRecord; readonly onOpen: () => void }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const { at, route, outcome, tier, cost_usd: cost, duration_ms: ms, attempts } = record;
  return (
    <li>
      <button
        type="button"
        onClick={onOpen}
        className="flex min-h-12 w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-start text-sm hover:bg-hover"
      >
        <span className="sr-only">{t.receipt}</span>
        <span className="w-28 shrink-0 text-xs text-muted tabular-nums">{formatMoment(Date.parse(at), language)}</span>
        <span className={`min-w-0 flex-1 truncate ${route === null ? 'text-danger' : ''}`}>
          {route ?? outcome.replaceAll('_', ' ')}
        </span>
        {attempts.length > 0 && route !== null && (
          <span className="rounded-full bg-tint px-2 text-xs text-muted">+{attempts.length}</span>
        )}
        {tier !== null && (
          <TierBadge tier={tier} {...(cost !== null && cost > 0 ? { note: formatUsd(cost, language) } : {})} />
        )}
        <span className="w-14 shrink-0 text-end text-xs text-muted tabular-nums">{formatDuration(ms, language)}</span>
      </button>
    </li>
  );
}

/** The log. */
export function UsageLog({ days }: { readonly days: number }): ReactNode {
  const t = useMessages(usageMessages);
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useRecords(days);
  const [open, setOpen] = useState<UsageRecord | null>(null);
  const records = data?.pages.flatMap((page) => page.data) ?? [];
  if (records.length === 0) return null;
  return (
    <section aria-label={t.log} className="mt-8">
      <h2 className="text-base font-semibold">{t.log}</h2>
      <ul className="mt-3 divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised">
        {records.map((record) => (
          <Row key={record.request_id} record={record} onOpen={() => setOpen(record)} />
        ))}
      </ul>
      {hasNextPage && (
        <Button small className="mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t.older}
        </Button>
      )}
      <Dialog form="sheet" open={open !== null} onClose={() => setOpen(null)} title={t.receipt}>
        {open && <ReceiptView record={open} />}
      </Dialog>
    </section>
  );
}
