// How far a recording has come: what has arrived, its pieces with who serves them, how long the rest takes, and what can be done about it.
import { Check, CircleAlert, Clock3, LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import type { JobPiece, JobView } from '#shared/api/transcriptions.ts';
import { Button } from '../../components/button.tsx';
import { useErrorText } from '../../components/error-text.ts';
import { Notice } from '../../components/notice.tsx';
import { formatCountdown } from '../../lib/format.ts';
import { useMessages } from '../../lib/messages.ts';
import { tellRefusal } from '../../lib/refusals.ts';
import { toWho } from '../../lib/who.ts';
import { transcribeMessages } from './messages.ts';
import { toTime } from './transcript.ts';
import type { Work } from './work.ts';

const icons = { waiting: Clock3, running: LoaderCircle, done: Check, failed: CircleAlert } as const;

interface PieceProps {
  readonly piece: JobPiece;
  readonly onRetry: () => void;
}

/** What went wrong with a job, which came in as no error. */
function useProblemText(): (problem: NonNullable<JobView['error']>) => string {
  const toText = useErrorText();
  return (problem) => tellRefusal(problem.why) ?? toText({ ...problem, failures: [] });
}

function Piece({ piece, onRetry }: PieceProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const toText = useProblemText();
  const { status, route, credential, error, attempts } = piece;
  const Icon = icons[status];
  const span = t.span(toTime(piece.start), toTime(piece.end));
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-2 py-1.5 text-sm">
      <Icon
        size={16}
        aria-hidden
        className={`shrink-0 ${status === 'failed' ? 'text-danger' : status === 'running' ? 'animate-spin text-accent motion-reduce:animate-none' : 'text-muted'}`}
      />
      <span className="tabular-nums">{span}</span>
      <span className="text-muted">{t.pieceStatus[status]}</span>
      {route !== null && status !== 'waiting' && (
        <span className="min-w-0 truncate text-muted">{t.servedBy(toWho(route, credential))}</span>
      )}
      {attempts > 1 && <span className="text-muted">{t.pieces(attempts)}</span>}
      {error !== null && <span className="w-full text-xs break-words text-muted">{toText(error)}</span>}
      {status === 'failed' && (
        <Button small aria-label={t.retryPiece(span)} onClick={onRetry}>
          {t.retry}
        </Button>
      )}
    </li>
  );
}

interface BarProps {
  readonly label: string;
  readonly share: number;
}

/** A bar with its share in words. */
export function Bar({ label, share }: BarProps): ReactNode {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="h-2 overflow-hidden rounded-full bg-tint"
    >
      <div className="h-full bg-accent transition-[width]" style={{ width: `${percent}%` }} />
    </div>
  );
}

function Actions({ job, work }: { readonly job: JobView; readonly work: Work }): ReactNode {
  const t = useMessages(transcribeMessages);
  const { status, pieces } = job;
  const hasSome = pieces.some((piece) => piece.status === 'done');
  return (
    <div className="mt-4 flex flex-wrap gap-2">
      {status === 'running' && (
        <Button small onClick={() => void work.pause()}>
          {t.pause}
        </Button>
      )}
      {(status === 'paused' || status === 'failed' || status === 'cancelled') && (
        <Button small look="primary" onClick={() => void work.goOn()}>
          {status === 'paused' ? t.goOn : t.retry}
        </Button>
      )}
      {status !== 'running' && hasSome && (
        <Button small onClick={() => void work.settle()}>
          {t.showPart}
        </Button>
      )}
      <Button small look="quiet" onClick={() => void work.cancel()}>
        {t.cancel}
      </Button>
    </div>
  );
}

/** The job as it stands. */
export function Progress({ job, work }: { readonly job: JobView; readonly work: Work }): ReactNode {
  const t = useMessages(transcribeMessages);
  const toText = useProblemText();
  const { status, seconds, done_seconds: done, eta_seconds: eta, pieces, error } = job;
  const count = (wanted: JobPiece['status']): number => pieces.filter((piece) => piece.status === wanted).length;
  const [finished, failed] = [count('done'), count('failed')];
  const retryAt = pieces
    .map(({ retry_at: at }) => (at === null ? Infinity : Date.parse(at)))
    .toSorted((a, b) => a - b)[0];
  const waitMs = (retryAt ?? Infinity) - Date.now();
  const isResting =
    status === 'running' && Number.isFinite(waitMs) && pieces.every((piece) => piece.status !== 'running');
  return (
    <div className="mt-4">
      {status === 'failed' && error !== null && (
        <div className="mb-3">
          <Notice tone="danger" title={t.failed}>
            {failed === 0 ? toText(error) : t.notDone(failed, toText(error))}
          </Notice>
        </div>
      )}
      <Bar label={t.progress} share={seconds === null ? 0 : done / seconds} />
      <p role="status" className="mt-2 text-sm">
        {pieces.length > 0 ? t.done(finished, pieces.length) : status === 'running' && t.preparing}
        {status === 'paused' && ` · ${t.paused}`}
        {eta !== null && !isResting && ` · ${t.eta(formatCountdown(eta * 1_000))}`}
        {isResting && ` · ${t.resting(formatCountdown(waitMs))}`}
      </p>
      <ol aria-label={t.piecesLabel} className="mt-3 divide-y divide-line">
        {pieces.map((piece) => (
          <Piece key={`${piece.start}-${piece.end}`} piece={piece} onRetry={() => void work.goOn([piece.index])} />
        ))}
      </ol>
      <Actions job={job} work={work} />
    </div>
  );
}
