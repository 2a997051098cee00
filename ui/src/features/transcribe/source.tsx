// Where a recording comes from: dropped, chosen or recorded here.
import { AudioLines, Mic, Square } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { useDropped } from '../../lib/dropping.ts';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { transcribeMessages } from './messages.ts';
import { useRecorder } from './recorder.ts';
import type { Shelf } from './shelf.ts';
import { toTime } from './transcript.ts';

const ACCEPT =
  'audio/*,video/mp4,video/webm,video/quicktime,video/x-matroska,.mp3,.m4a,.aac,.wav,.ogg,.opus,.webm,.flac,.mp4,.mov,.mkv';

interface SourceProps {
  readonly shelf: Shelf;
  readonly onFile: (file: File) => void;
  /** The largest recording that is taken, bytes. */
  readonly maxBytes: number;
}

function RecordButton({ shelf, onFile }: Pick<SourceProps, 'shelf' | 'onFile'>): ReactNode {
  const t = useMessages(transcribeMessages);
  const { show } = useToasts();
  const { seconds, level, start, stop } = useRecorder(shelf, onFile);
  if (seconds === null)
    return (
      <Button onClick={() => void start().catch(() => show(t.noMicrophone))}>
        <Mic size={16} aria-hidden />
        {t.record}
      </Button>
    );
  return (
    <Button look="danger" onClick={stop} aria-label={`${t.stop}. ${t.recording(toTime(seconds))}`}>
      <Square size={14} aria-hidden />
      <span className="tabular-nums">{toTime(seconds)}</span>
      <span aria-hidden className="h-1.5 w-16 overflow-hidden rounded-full bg-tint">
        <span className="block h-full bg-danger transition-[width]" style={{ width: `${Math.round(level * 100)}%` }} />
      </span>
    </Button>
  );
}

/** The drop target with its buttons. */
export function AudioSource({ shelf, onFile, maxBytes }: SourceProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const language = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const { show } = useToasts();
  const over = useDropped(([file, ...others]) => {
    if (file === undefined) return;
    onFile(file);
    if (others.length > 0) show(t.onlyOne(file.name));
  });
  return (
    <section
      aria-label={t.drop}
      className={`flex flex-col items-center gap-3 rounded-2xl border-2 border-dashed px-6 py-12 text-center transition-colors ${over ? 'border-accent bg-accent-tint' : 'border-line-strong'}`}
    >
      <AudioLines size={32} aria-hidden className="text-muted" />
      <p className="font-medium pointer-coarse:hidden">{t.drop}</p>
      <p className="hidden font-medium pointer-coarse:block">{t.take}</p>
      <div className="flex flex-wrap justify-center gap-2">
        <Button look="primary" onClick={() => input.current?.click()}>
          {t.choose}
        </Button>
        <RecordButton shelf={shelf} onFile={onFile} />
      </div>
      <p className="text-xs text-muted">{t.formats(formatBytes(maxBytes, language))}</p>
      <input
        ref={input}
        type="file"
        hidden
        accept={ACCEPT}
        aria-label={t.choose}
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) onFile(file);
          target.value = '';
        }}
      />
    </section>
  );
}
