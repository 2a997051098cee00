// Usage: how much was free, what that saved, what was absorbed, by day and by whatever one asks; and every request.
import { Download } from 'lucide-react';
import { useEffect, useId, useState, type ReactNode } from 'react';
import type { UsageGroup } from '#shared/api/usage.ts';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/button.tsx';
import { formatCompact, formatCount, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { toFrom, useUsage, type Usage } from './data.ts';
import { UsageLog } from './log.tsx';
import { usageMessages } from './messages.ts';

const ranges = [7, 30, 90] as const;

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
    <div className="rounded-2xl border border-line bg-raised p-4">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
      {hint !== undefined && <dd className="mt-1 text-xs text-muted">{hint}</dd>}
    </div>
  );
}

function Figures({ total }: { readonly total: Usage['total'] }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const answered = total.requests - total.failed;
  const share = answered === 0 ? '–' : `${Math.round((total.free / Math.max(1, answered)) * 100)} %`;
  return (
    <dl className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
      <Figure name={t.freeShare} value={share} hint={`${formatCount(total.requests, language)} ${t.requests}`} />
      <Figure name={t.saved} value={formatUsd(total.saved_usd, language)} hint={t.savedHint} />
      <Figure name={t.paid} value={formatUsd(total.cost_usd, language)} />
      <Figure name={t.absorbed} value={formatCount(total.absorbed, language)} hint={t.absorbedHint} />
    </dl>
  );
}

/** One bar a day, its free part below; told in words to who does not see it. */
function DayBars({ groups, days }: { readonly groups: Usage['groups']; readonly days: number }): ReactNode {
  const t = useMessages(usageMessages);
  const byDay = new Map(groups.map((group) => [group.name, group]));
  const first = Date.parse(toFrom(days));
  const bars = Array.from({ length: days }, (_, index) =>
    new Date(first + index * 86_400_000).toISOString().slice(0, 10),
  );
  const most = Math.max(1, ...groups.map(({ requests }) => requests));
  return (
    <section aria-label={t.perDay} className="mt-8">
      <h2 className="text-base font-semibold">{t.perDay}</h2>
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
                className={`flex flex-col justify-end overflow-hidden rounded-t-sm ${requests === 0 ? 'bg-line' : 'bg-paid'}`}
                style={{ height: `${height}%` }}
              >
                <span className="bg-accent" style={{ height: `${requests === 0 ? 0 : (free / requests) * 100}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const groupings = ['provider', 'model', 'key', 'operation', 'tier', 'person'] as const satisfies readonly UsageGroup[];
type Grouping = (typeof groupings)[number];

const cell = 'px-4 py-2.5 text-end tabular-nums';

function GroupRow({ group }: { readonly group: Usage['groups'][number] }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  return (
    <tr>
      <th scope="row" className="max-w-64 truncate px-4 py-2.5 text-start font-normal">
        {group.name === '' ? t.nobody : group.name}
      </th>
      <td className={cell}>{formatCount(group.requests, language)}</td>
      <td className={cell}>{formatCompact(group.input_tokens + group.output_tokens, language)}</td>
      <td className={cell}>{formatUsd(group.cost_usd, language)}</td>
      <td className={cell}>{formatUsd(group.saved_usd, language)}</td>
    </tr>
  );
}

function GroupTable({ days }: { readonly days: number }): ReactNode {
  const t = useMessages(usageMessages);
  const id = useId();
  const [by, setBy] = useState<Grouping>('provider');
  const { data } = useUsage(days, by);
  return (
    <div className="mt-8">
      <div className="flex items-center gap-2">
        <label id={id} htmlFor={`${id}-by`} className="text-base font-semibold">
          {t.by}
        </label>
        <select
          id={`${id}-by`}
          value={by}
          onChange={({ target }) => setBy(groupings.find((one) => one === target.value) ?? by)}
          className="min-h-9 rounded-xl border border-line-strong bg-page px-2 text-sm"
        >
          {groupings.map((one) => (
            <option key={one} value={one}>
              {t.groups[one]}
            </option>
          ))}
        </select>
      </div>
      {/* Wide tables scroll inside, and are reached by keyboard. */}
      <div
        tabIndex={0}
        role="region"
        aria-labelledby={id}
        className="mt-3 overflow-x-auto rounded-2xl border border-line bg-raised"
      >
        <table className="w-full text-sm">
          <thead>
            <tr className="text-xs text-muted">
              <th scope="col" className="px-4 py-2.5 text-start font-medium">
                {t.groups[by]}
              </th>
              {[t.requests, t.tokens, t.paid, t.saved].map((name) => (
                <th key={name} scope="col" className="px-4 py-2.5 text-end font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {(data?.groups ?? []).map((group) => (
              <GroupRow key={group.name} group={group} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Head({ days, onDays }: { readonly days: number; readonly onDays: (days: number) => void }): ReactNode {
  const t = useMessages(usageMessages);
  return (
    <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
      <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
      <div className="flex flex-wrap items-center gap-2">
        <select
          aria-label={t.days}
          value={days}
          onChange={({ target }) => onDays(Number(target.value))}
          className="min-h-9 rounded-xl border border-line-strong bg-page px-2 text-sm"
        >
          {ranges.map((range) => (
            <option key={range} value={range}>
              {t.lastDays(range)}
            </option>
          ))}
        </select>
        <a
          href={`/api/usage/records?format=csv&from=${toFrom(days)}`}
          download="usage.csv"
          className="inline-flex min-h-9 items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.8125rem] font-medium hover:bg-hover"
        >
          <Download size={15} aria-hidden />
          {t.export}
        </a>
      </div>
    </div>
  );
}

/** The page. */
export function UsagePage(): ReactNode {
  const t = useMessages(usageMessages);
  const [days, setDays] = useState<number>(30);
  const { data, error, refetch } = useUsage(days, 'day');
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-8 md:px-8 md:py-12">
        <Head days={days} onDays={setDays} />
        {error !== null && data === undefined && (
          <Notice
            tone="danger"
            title={t.failed}
            actions={
              <Button small onClick={() => void refetch()}>
                {t.retry}
              </Button>
            }
          >
            {error.message}
          </Notice>
        )}
        {data !== undefined && (
          <>
            <Figures total={data.total} />
            <DayBars groups={data.groups} days={days} />
            {data.total.requests === 0 ? (
              <div className="mt-8 rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
                <p className="text-sm font-medium">{t.none}</p>
                <p className="mt-1 text-sm text-muted">{t.noneText}</p>
              </div>
            ) : (
              <>
                <GroupTable days={days} />
                <UsageLog days={days} />
              </>
            )}
          </>
        )}
      </div>
    </main>
  );
}
