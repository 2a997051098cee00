// The sums of a range as figures.
import type { ReactNode } from 'react';
import { useCost } from '../../lib/cost.ts';
import { formatCount, formatDuration, formatUsd, toLocale } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import type { Usage } from './data.ts';
import { usageMessages } from './messages.ts';

function Figure({
  name,
  value,
  hint,
}: {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
}): ReactNode {
  return (
    <div className="min-w-0 rounded-2xl border border-line bg-raised p-3 sm:p-4">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="mt-1 text-xl font-semibold break-words sm:text-2xl tracking-tight tabular-nums">{value}</dd>
      {hint !== undefined && <dd className="mt-1 text-xs text-muted">{hint}</dd>}
    </div>
  );
}

/** The figures. */
export function Figures({ total }: { readonly total: Usage['total'] }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const toCost = useCost();
  const answered = total.requests - total.failed;
  // Never rounded up: all is said to be free only if it was.
  const percent = new Intl.NumberFormat(toLocale(language), {
    style: 'percent',
    maximumFractionDigits: 1,
    roundingMode: 'floor',
  });
  const share = answered === 0 ? '–' : percent.format(total.free / answered);
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,9.5rem),1fr))] gap-2 sm:grid-cols-2 sm:gap-3 lg:grid-cols-3">
      <Figure
        name={t.freeShare}
        value={share}
        hint={
          total.failed === 0
            ? t.requestCount(total.requests, formatCount(total.requests, language))
            : t.answeredCount(formatCount(answered, language), formatCount(total.requests, language))
        }
      />
      <Figure name={t.saved} value={formatUsd(total.saved_usd, language)} hint={t.savedHint} />
      <Figure name={t.paid} value={toCost(total.cost_usd, total.estimated_usd > 0)} />
      <Figure name={t.absorbed} value={formatCount(total.absorbed, language)} hint={t.absorbedHint} />
      <Figure name={t.felt} value={formatCount(total.failed, language)} hint={t.feltHint} />
      <Figure
        name={t.meanTime}
        value={total.requests === 0 ? '–' : formatDuration(total.duration_ms / total.requests, language)}
        {...(total.requests === 0
          ? {}
          : { hint: t.waitedHint(formatDuration(total.wait_ms / total.requests, language)) })}
      />
    </dl>
  );
}
