// A finished transcript: read beside the recording, corrected in place, exported.
import { Copy, Download } from 'lucide-react';
import { memo, useCallback, useEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { transcribeMessages } from './messages.ts';
import {
  exportKinds,
  exportTypes,
  toCorrected,
  toExport,
  toSegments,
  toTime,
  type ExportKind,
  type Kept,
} from './transcript.ts';

function save(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The recording's address as long as it is shown. */
function useUrl(file: File | null): string | null {
  const url = useMemo(() => file && URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(url ?? ''), [url]);
  return url;
}

interface LineProps {
  readonly text: string;
  readonly start: number;
  readonly index: number;
  readonly isNow: boolean;
  /** null: there is nothing to be heard. */
  readonly onPlay: ((seconds: number) => void) | null;
  readonly onChange: (index: number, text: string) => void;
}

const timeLook = 'mt-1 min-h-6 w-14 shrink-0 rounded pt-0.5 text-end text-xs text-muted tabular-nums';

/** Hours of speech are thousands of these: each is drawn again only when something about it changed. */
const Line = memo(function Line({ text, start, index, isNow, onPlay, onChange }: LineProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const time = toTime(start);
  return (
    <li
      aria-current={isNow ? 'true' : undefined}
      className={`flex items-start gap-2 rounded-xl px-2 py-1 ${isNow ? 'bg-accent-tint' : ''}`}
    >
      {onPlay === null ? (
        <span className={timeLook}>{time}</span>
      ) : (
        <button
          type="button"
          onClick={() => onPlay(start)}
          aria-label={t.playFrom(time, text.trim().slice(0, 60))}
          className={`${timeLook} hover:text-accent`}
        >
          {time}
        </button>
      )}
      <textarea
        dir="auto"
        value={text.trimStart()}
        onChange={({ target }) => onChange(index, target.value)}
        rows={Math.max(1, Math.ceil(text.length / 70))}
        aria-label={`${t.text}, ${time}`}
        className="min-w-0 flex-1 resize-none rounded-lg bg-transparent px-2 py-1 text-sm leading-relaxed field-sizing-content"
      />
    </li>
  );
});

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
  const playFrom = useCallback(
    (seconds: number): void => {
      if (!audio.current) return;
      audio.current.currentTime = seconds;
      void audio.current.play();
    },
    [audio],
  );
  return { at, playFrom };
}

interface ResultProps {
  readonly kept: Kept;
  /** null: only its words are there. */
  readonly file: File | null;
  readonly onChange: (kept: Kept) => void;
}

/** Who made it, in how many calls. */
function Facts({ routes, attempts, isPart }: Kept): ReactNode {
  const t = useMessages(transcribeMessages);
  const facts = [
    isPart ? t.isPart : null,
    routes.length === 0 ? null : t.servedBy(routes.join(', ')),
    attempts > 1 ? t.pieces(attempts) : null,
    t.textHint,
  ];
  return <p className="mt-1 text-xs text-muted">{facts.filter((fact) => fact !== null).join(' · ')}</p>;
}

/** Copies it, or saves it as a file. */
function Exports({ kept }: Pick<ResultProps, 'kept'>): ReactNode {
  const t = useMessages(transcribeMessages);
  const { show } = useToasts();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(toExport('txt', kept));
      show(t.copied);
    } catch {
      show(t.notCopied);
    }
  };
  const exportAs = (kind: ExportKind): void => save(`${kept.name}.${kind}`, toExport(kind, kept), exportTypes[kind]);
  return (
    <>
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
    </>
  );
}

/** Corrects the newest of it, by a function that stays the same. */
function useCorrecting(kept: Kept, onChange: (kept: Kept) => void): (index: number, text: string) => void {
  const latest = useRef({ kept, onChange });
  useEffect(() => {
    latest.current = { kept, onChange };
  });
  return useCallback((index, text) => {
    const { current } = latest;
    current.onChange(toCorrected(current.kept, index, text));
  }, []);
}

/** All of it. */
export function Result({ kept, file, onChange }: ResultProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const audio = useRef<HTMLAudioElement>(null);
  const { at, playFrom } = usePlaying(audio);
  const url = useUrl(file);
  const correct = useCorrecting(kept, onChange);
  return (
    <section aria-label={t.text}>
      <div className="sticky top-0 z-10 flex flex-wrap items-center gap-2 bg-page py-2">
        {/* The transcript below is its text. */}
        {url !== null && <audio ref={audio} src={url} controls aria-label={t.player} className="h-10 min-w-0 flex-1" />}
        <Exports kept={kept} />
      </div>
      <Facts {...kept} />
      {kept.transcript.text === '' ? (
        <p className="mt-6 text-sm text-muted">{t.empty}</p>
      ) : (
        <ol aria-label={t.segments} className="mt-4 space-y-0.5">
          {toSegments(kept).map(({ start, end, text }, index) => (
            <Line
              key={`${start}-${index}`}
              text={text}
              start={start}
              index={index}
              isNow={at >= start && at < end}
              onPlay={url === null ? null : playFrom}
              onChange={correct}
            />
          ))}
        </ol>
      )}
    </section>
  );
}
