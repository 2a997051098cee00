// Batches: how far each is, what it cost, its results, and an end to what is no longer wanted.
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, type ReactNode } from 'react';
import { Failed } from '../../components/failed.tsx';
import { Older } from '../../components/older.tsx';
import { useMessages } from '../../lib/messages.ts';
import { isOpen, joinPages, useBatches } from './data.ts';
import { batchMessages } from './messages.ts';
import { BatchRow } from './row.tsx';

const example = (origin: string): string => `client = OpenAI(base_url="${origin}/v1", api_key="fwy_...")
file = client.files.create(file=open("requests.jsonl", "rb"), purpose="batch")
client.batches.create(
    input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")`;

function Nothing(): ReactNode {
  const t = useMessages(batchMessages);
  return (
    <div className="rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
      <p className="text-sm font-medium">{t.none}</p>
      <p className="mt-1 text-sm text-muted">{t.noneText}</p>
      <pre
        tabIndex={0}
        role="region"
        aria-label={t.none}
        dir="ltr"
        className="mx-auto mt-4 max-w-full overflow-x-auto rounded-xl bg-code p-3 text-start text-xs"
      >
        <code>{example(location.origin)}</code>
      </pre>
      <Link to="/keys" className="mt-4 inline-flex min-h-8 items-center text-sm font-medium text-accent underline">
        {t.toKeys}
      </Link>
    </div>
  );
}

/** The page. */
export function BatchesPage(): ReactNode {
  const t = useMessages(batchMessages);
  const pages = useBatches();
  const { data, error, refetch } = pages;
  const batches = useMemo(() => data && joinPages(data.pages), [data]);
  const open = batches?.filter(isOpen).length ?? 0;
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        {data === undefined && error === null && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {error !== null && data === undefined && (
          <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        )}
        {batches?.length === 0 && <Nothing />}
        {batches !== undefined && batches.length > 0 && (
          <ul className="divide-y divide-line rounded-2xl border border-line bg-raised px-4">
            {batches.map((batch) => (
              <BatchRow key={batch.id} batch={batch} open={open} />
            ))}
          </ul>
        )}
        <Older of={pages} />
      </div>
    </main>
  );
}
