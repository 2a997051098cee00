// The sums of a range, as figures, and by day as bars.
import type { ReactNode } from 'react';
import { formatCount, formatDay, formatDuration, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { toFrom, type Usage } from './data.ts';
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
  const answered = total.requests - total.failed;
  const share = answered === 0 ? '–' : `${Math.round((total.free / Math.max(1, answered)) * 100)} %`;
  return (
    <dl className="grid grid-cols-2 gap-2 sm:gap-3 lg:grid-cols-3">
      <Figure
        name={t.freeShare}
        value={share}
        hint={t.requestCount(total.requests, formatCount(total.requests, language))}
      />
      <Figure name={t.saved} value={formatUsd(total.saved_usd, language)} hint={t.savedHint} />
      <Figure name={t.paid} value={formatUsd(total.cost_usd, language)} />
      <Figure name={t.absorbed} value={formatCount(total.absorbed, language)} hint={t.absorbedHint} />
      <Figure name={t.felt} value={formatCount(total.failed, language)} hint={t.feltHint} />
      <Figure
        name={t.meanTime}
        value={total.requests === 0 ? '–' : formatDuration(total.duration_ms / total.requests, language)}
        hint={t.waitedHint(formatDuration(total.wait_ms / Math.max(1, total.requests), language))}
      />
    </dl>
  );
}

function Key({ colour, name }: { readonly colour: string; readonly name: string }): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`bar size-2.5 rounded-sm ${colour}`} />
      {name}
    </span>
  );
}

/** One bar a day, its free part below; told in words to who does not see it. */
export function DayBars({ groups, days }: { readonly groups: Usage['groups']; readonly days: number }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const byDay = new Map(groups.map((group) => [group.name, group]));
  const first = Date.parse(toFrom(days));
  const bars = Array.from({ length: days }, (_, index) =>
    new Date(first + index * 86_400_000).toISOString().slice(0, 10),
  );
  const most = Math.max(1, ...groups.map(({ requests }) => requests));
  return (
    <section aria-label={t.perDay} className="mt-8">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="text-base font-semibold">{t.perDay}</h2>
        <p aria-hidden className="flex gap-4 text-xs text-muted">
          <Key colour="bg-accent" name={t.freeBar} />
          <Key colour="bg-paid" name={t.otherBar} />
          <span>{t.most(formatCount(most, language))}</span>
        </p>
      </div>
      <ul className="mt-3 flex h-36 items-end gap-px rounded-2xl border border-line bg-raised p-4 sm:gap-0.5">
        {bars.map((day) => {
          const { requests = 0, free = 0 } = byDay.get(day) ?? {};
          const height = requests === 0 ? 1 : Math.max(3, (requests / most) * 100);
          return (
            <li
              key={day}
              title={t.dayBar(day, requests, free)}
              className="flex h-full min-w-0 flex-1 flex-col justify-end"
            >
              <span className="sr-only">{t.dayBar(day, requests, free)}</span>
              <span
                aria-hidden
                className={`bar flex flex-col justify-end overflow-hidden rounded-t-sm ${requests === 0 ? 'bg-line' : 'bg-paid'}`}
                style={{ height: `${height}%` }}
              >
                <span className="bg-accent" style={{ height: `${requests === 0 ? 0 : (free / requests) * 100}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
      <p aria-hidden className="mt-1 flex justify-between px-1 text-xs text-muted">
        <span>{formatDay(bars[0] ?? '', language)}</span>
        <span>{formatDay(bars.at(-1) ?? '', language)}</span>
      </p>
    </section>
  );
}
