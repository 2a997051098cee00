// Usage: how much was free, what that saved, what was absorbed, by day and by whatever one asks; and every request.
import { Link } from '@tanstack/react-router';
import { Layers } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Failed } from '../../components/failed.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useUsage } from './data.ts';
import { UsageBars } from './bars.tsx';
import { Figures } from './figures.tsx';
import { GroupTable } from './groups.tsx';
import { UsageLog } from './log.tsx';
import { Quotas } from './quotas.tsx';
import { RangeFields, useRange } from './range-fields.tsx';
import { usageMessages } from './messages.ts';

function Head(): ReactNode {
  const t = useMessages(usageMessages);
  return (
    <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
      <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
      <div className="flex max-w-full flex-wrap items-center gap-2">
        <Link
          to="/batches"
          className="inline-flex min-h-9 items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.8125rem] font-medium hover:bg-hover pointer-coarse:min-h-11"
        >
          <Layers size={15} aria-hidden />
          {t.batches}
        </Link>
        <RangeFields />
      </div>
    </div>
  );
}

/** The page. */
export function UsagePage(): ReactNode {
  const t = useMessages(usageMessages);
  const [range] = useRange();
  const { data, error, refetch } = useUsage(range, range.step === 'hour' ? 'hour' : 'day');
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-8 md:px-8 md:py-12">
        <Head />
        {error !== null && data === undefined && (
          <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        )}
        {data === undefined && error === null && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {data !== undefined && (
          <>
            <Figures total={data.total} />
            <Quotas />
            <UsageBars groups={data.groups} range={data.range} />
            {data.total.requests === 0 ? (
              <div className="mt-8 rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
                <p className="text-sm font-medium">{t.none}</p>
                <p className="mt-1 text-sm text-muted">{t.noneText}</p>
              </div>
            ) : (
              <>
                <GroupTable range={range} />
                <UsageLog range={range} />
              </>
            )}
          </>
        )}
      </div>
    </main>
  );
}
