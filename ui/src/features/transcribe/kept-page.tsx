// One finished transcript, at an address of its own.
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Notice } from '../../components/notice.tsx';
import { useMessages } from '../../lib/messages.ts';
import { KeptActions } from './history.tsx';
import { transcribeMessages } from './messages.ts';
import { Result } from './result.tsx';
import type { Kept } from './transcript.ts';
import { useTranscripts } from './world.ts';

/** The page. */
export function KeptPage(): ReactNode {
  const t = useMessages(transcribeMessages);
  const { transcriptId } = useParams({ from: '/transcribe/$transcriptId' });
  const navigate = useNavigate();
  const { all, write } = useTranscripts();
  // What is typed shows at once; the list learns of it a moment later, when the cursor would jump.
  const [typed, setTyped] = useState<Kept | null>(null);
  const kept = [typed, ...(all ?? [])].find((one) => one?.id === transcriptId) ?? null;
  const change = (changed: Kept): void => {
    setTyped(changed);
    write(changed);
  };
  const name = kept?.name ?? t.title;
  useEffect(() => {
    document.title = `${name} · Freeway`;
  }, [name]);
  return (
    <main aria-busy={all === undefined} className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <Link
          to="/transcribe"
          className="inline-flex min-h-11 items-center gap-2 rounded-lg text-sm text-muted hover:text-ink"
        >
          <ArrowLeft size={16} aria-hidden className="rtl:-scale-x-100" />
          {t.back}
        </Link>
        <div className="mt-1 mb-2 flex items-center gap-2">
          <h1 dir="auto" className="min-w-0 flex-1 text-2xl font-semibold tracking-tight break-words">
            {name}
          </h1>
          {kept && <KeptActions kept={kept} onRename={change} onRemoved={() => void navigate({ to: '/transcribe' })} />}
        </div>
        {kept && <Result kept={kept} file={null} onChange={change} />}
        {all !== undefined && kept === null && (
          <Notice tone="info" title={t.gone}>
            {t.goneText}
          </Notice>
        )}
      </div>
    </main>
  );
}
