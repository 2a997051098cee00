// /r/:id: the receipt of one request on a page of its own, to be linked to.
import { useParams } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { Notice } from '../../components/notice.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useReceipt } from './data.ts';
import { usageMessages } from './messages.ts';
import { ReceiptView } from './receipt.tsx';

/** The page. */
export function ReceiptPage(): ReactNode {
  const t = useMessages(usageMessages);
  const { requestId } = useParams({ strict: false });
  const { data, error } = useReceipt(requestId ?? '');
  useEffect(() => {
    document.title = `${t.receipt} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="mb-6 text-2xl font-semibold tracking-tight">{t.receipt}</h1>
        {error !== null && (
          <Notice tone="danger" title={t.notFound}>
            {t.notFoundText}
          </Notice>
        )}
        {data && (
          <div className="rounded-2xl border border-line bg-raised p-5">
            <ReceiptView record={data} />
          </div>
        )}
      </div>
    </main>
  );
}
