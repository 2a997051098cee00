// The receipt of one request: who answered, what was tried before, what it took.
import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { UsageRecord } from '#shared/api/usage.ts';
import { failureMessages } from '../../components/failure-messages.ts';
import { TierBadge } from '../../components/tier-badge.tsx';
import { useCost } from '../../lib/cost.ts';
import { formatCount, formatDuration, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { toWho } from '../../lib/who.ts';
import { usageMessages } from './messages.ts';

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex justify-between gap-4 py-2">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 text-end wrap-anywhere tabular-nums">{children}</dd>
    </div>
  );
}

function Attempts({ record }: { readonly record: UsageRecord }): ReactNode {
  const t = useMessages(usageMessages);
  const failures = useMessages(failureMessages);
  const language = useLanguage();
  return (
    <section aria-label={t.attempts} className="mt-5">
      <h3 className="text-sm font-semibold">{t.attempts}</h3>
      <ol className="mt-2 space-y-1.5 text-sm">
        {record.attempts.map((attempt, index) => (
          <li key={`${index}-${attempt.route}`} className="flex gap-2 text-muted">
            <X size={16} aria-hidden className="mt-0.5 shrink-0 text-danger" />
            {t.attemptFailed(
              toWho(attempt.route, attempt.credential),
              failures[attempt.failure ?? ''] ?? (attempt.failure ?? '').replaceAll('_', ' '),
              formatDuration(attempt.ms, language),
            )}
          </li>
        ))}
        {record.route === null ? (
          <li className="text-danger">{t.nobodyAnswered}</li>
        ) : (
          <li className="flex gap-2">
            <Check size={16} aria-hidden className="mt-0.5 shrink-0 text-free" />
            {t.answeredBy(toWho(record.route, record.credential))}
          </li>
        )}
      </ol>
    </section>
  );
}

/** All of it. */
export function ReceiptView({ record }: { readonly record: UsageRecord }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const cost = useCost();
  const usd = (amount: number | null, isEstimated = false): string =>
    amount === null ? '–' : cost(amount, isEstimated);
  const count = (amount: number | null): string => (amount === null ? '–' : formatCount(amount, language));
  return (
    <div>
      <p className="flex flex-wrap items-center gap-2 text-sm">
        {record.tier !== null && <TierBadge tier={record.tier} />}
        <span className="font-medium">
          {record.route ?? t.outcomes[record.outcome] ?? record.outcome.replaceAll('_', ' ')}
        </span>
      </p>
      <dl className="mt-3 divide-y divide-line text-sm">
        <Fact name={t.time}>{formatMoment(Date.parse(record.at), language)}</Fact>
        {record.requested_model !== undefined && <Fact name={t.requested}>{record.requested_model}</Fact>}
        {record.credential !== null && <Fact name={t.credential}>{record.credential}</Fact>}
        <Fact name={t.duration}>{formatDuration(record.duration_ms, language)}</Fact>
        {record.wait_ms > 0 && <Fact name={t.waited}>{formatDuration(record.wait_ms, language)}</Fact>}
        <Fact name={t.input}>{count(record.input_tokens)}</Fact>
        <Fact name={t.output}>{count(record.output_tokens)}</Fact>
        <Fact name={t.cost}>{usd(record.cost_usd, record.cost_estimated)}</Fact>
        <Fact name={t.list}>{usd(record.list_usd)}</Fact>
      </dl>
      <Attempts record={record} />
      <p className="mt-5 text-xs break-all text-muted">{record.request_id}</p>
    </div>
  );
}
