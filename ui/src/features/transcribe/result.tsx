// A finished transcript: read beside the recording, corrected in place, exported.
import { Copy, Download } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { transcribeMessages } from './messages.ts';
import type { Shelf } from './shelf.ts';
import { exportKinds, exportTypes, toExport, toTime, type ExportKind, type Segment } from './transcript.ts';
import type { Done } from './work.ts';

function save(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The recording's address as long as it is shown. */
function useUrl(file: File): string {
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return url;
}

interface LineProps {
  readonly segment: Segment;
  readonly isNow: boolean;
  readonly onPlay: () => void;
  readonly onChange: (text: string) => void;
}

function Line({ segment, isNow, onPlay, onChange }: LineProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const time = toTime(segment.start);
  return (
    <li className={`flex items-start gap-2 rounded-xl px-2 py-1 ${isNow ? 'bg-accent-tint' : ''}`}>
      <button
        type="button"
        onClick={onPlay}
        aria-label={t.playFrom(time, segment.text.trim().slice(0, 60))}
        className="mt-1 min-h-6 w-14 shrink-0 rounded text-end text-xs text-muted tabular-nums hover:text-accent"
      >
        {time}
      </button>
      <textarea
        value={segment.text.trimStart()}
        onChange={({ target }) => onChange(target.value)}
        rows={Math.max(1, Math.ceil(segment.text.length / 70))}
        aria-label={`${t.text}, ${time}`}
        className="min-w-0 flex-1 resize-none rounded-lg bg-transparent px-2 py-1 text-sm leading-relaxed field-sizing-content"
      />
    </li>
  );
}

function usePlaying(audio: RefObject<HTMLAudioElement | null>): {
  readonly at: number;
  readonly playFrom: (seconds: number) => void;
} {
  const [at, setAt] = useState(-1);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    const update = (): void => setAt(element.paused ? -1 : element.currentTime);
    for (const event of ['timeupdate', 'pause'] as const) element.addEventListener(event, update);
    return () => {
      for (const event of ['timeupdate', 'pause'] as const) element.removeEventListener(event, update);
    };
  }, [audio]);
  return {
    at,
    playFrom: (seconds) => {
      if (!audio.current) return;
      audio.current.currentTime = seconds;
      void audio.current.play();
    },
  };
}

/** Where a segment stands, also when others come in between. */
const toSpan = ({ start, end }: Segment): string => `${start}-${end}`;

interface Correcting {
  readonly segments: readonly Segment[];
  readonly correct: (index: number, text: string) => void;
}

/** The segments as they have been corrected, which is kept as it is typed. */
function useCorrecting({ jobId, transcript }: Done, shelf: Shelf): Correcting {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => {
    if (jobId === null) return;
    shelf
      .readTexts(jobId)
      .then((kept) => setTexts((typed) => ({ ...kept, ...typed })))
      .catch(() => undefined);
  }, [jobId, shelf]);
  const heard = transcript.segments ?? [{ start: 0, end: transcript.duration ?? 0, text: transcript.text }];
  return {
    segments: heard.map((segment) => ({ ...segment, text: texts[toSpan(segment)] ?? segment.text })),
    correct: (index, text) => {
      const segment = heard[index];
      if (!segment) return;
      const next = { ...texts, [toSpan(segment)]: text };
      setTexts(next);
      if (jobId !== null) void shelf.writeTexts({ jobId, texts: next }).catch(() => undefined);
    },
  };
}

interface ResultProps {
  readonly file: File;
  readonly done: Done;
  readonly shelf: Shelf;
  readonly onOther: () => void;
}

/** Who made it, in how many calls. */
function Facts({ routes, attempts }: Pick<Done, 'routes' | 'attempts'>): ReactNode {
  const t = useMessages(transcribeMessages);
  const facts = [
    routes.length === 0 ? null : t.servedBy(routes.join(', ')),
    attempts > 1 ? t.pieces(attempts) : null,
    t.textHint,
  ];
  return <p className="mt-1 text-xs text-muted">{facts.filter((fact) => fact !== null).join(' · ')}</p>;
}

/** All of it. */
export function Result({ file, done, shelf, onOther }: ResultProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const { show } = useToasts();
  const { transcript, routes, attempts } = done;
  const { segments, correct } = useCorrecting(done, shelf);
  const audio = useRef<HTMLAudioElement>(null);
  const { at, playFrom } = usePlaying(audio);
  const base = file.name.replace(/\.\w+$/, '');
  const exportAs = (kind: ExportKind): void =>
    save(`${base}.${kind}`, toExport(kind, transcript, segments), exportTypes[kind]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(toExport('txt', transcript, segments));
      show(t.copied);
    } catch {
      show(t.notCopied);
    }
  };
  return (
    <section aria-label={t.text}>
      <div className="sticky top-0 z-10 flex flex-wrap items-center gap-2 bg-page py-2">
        {/* The transcript below is its text. */}
        <audio ref={audio} src={useUrl(file)} controls aria-label={t.player} className="h-10 min-w-0 flex-1" />
        <Button small onClick={() => void copy()}>
          <Copy size={15} aria-hidden />
          {t.copy}
        </Button>
        {exportKinds.map((kind) => (
          <Button key={kind} small aria-label={`${t.export} ${kind.toUpperCase()}`} onClick={() => exportAs(kind)}>
            <Download size={15} aria-hidden />
            {kind.toUpperCase()}
          </Button>
        ))}
      </div>
      <Facts routes={routes} attempts={attempts} />
      {transcript.text === '' ? (
        <p className="mt-6 text-sm text-muted">{t.empty}</p>
      ) : (
        <ol aria-label={t.segments} className="mt-4 space-y-0.5">
          {segments.map((segment, index) => (
            <Line
              key={`${segment.start}-${index}`}
              segment={segment}
              isNow={at >= segment.start && at < segment.end}
              onPlay={() => playFrom(segment.start)}
              onChange={(text) => correct(index, text)}
            />
          ))}
        </ol>
      )}
      <Button className="mt-8" onClick={onOther}>
        {t.other}
      </Button>
    </section>
  );
}
