// Usage: how much was free, what that saved, what was absorbed, by day and by whatever one asks; and every request.
import { useEffect, useState, type ReactNode } from 'react';
import { Failed } from '../../components/failed.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useUsage } from './data.ts';
import { DayBars, Figures } from './figures.tsx';
import { GroupTable } from './groups.tsx';
import { UsageLog } from './log.tsx';
import { Quotas } from './quotas.tsx';
import { usageMessages } from './messages.ts';

const ranges = [7, 30, 90] as const;

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
          <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        )}
        {data !== undefined && (
          <>
            <Figures total={data.total} />
            <Quotas />
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
