// How a transcription job goes from one state to the next: pure changes, so that two who work on it at once agree on the outcome.
import type { CallerError, CallerErrorCode } from '#shared/failures.ts';
import type { KeptPiece, PieceSpan, TranscriptionJob } from '#shared/transcription-job.ts';
import type { Step } from './answer.ts';
import type { AudioFacts } from './audio-header.ts';
import type { SplitBounds } from './audio-split.ts';
import { isBelieved, toLease, type LeaseDoubt } from './lease.ts';

const fresh = ({ start, end }: PieceSpan): KeptPiece => ({
  start,
  end,
  status: 'waiting',
  route: null,
  credential: null,
  tier: null,
  attempts: 0,
  setbacks: 0,
  error: null,
  retryAtMs: null,
  costUsd: null,
});

type Change = (job: TranscriptionJob) => TranscriptionJob;

const isSame = (piece: PieceSpan, { start, end }: PieceSpan): boolean => piece.start === start && piece.end === end;

const withPiece = (
  job: TranscriptionJob,
  span: PieceSpan,
  change: (piece: KeptPiece) => KeptPiece,
): TranscriptionJob => ({
  ...job,
  pieces: job.pieces.map((piece) => (isSame(piece, span) ? change(piece) : piece)),
});

/** Whoever holds the lease works on it; one that is no longer believed is anybody's. A piece whose worker was killed is nobody's again. */
export const toHeld =
  (holder: string, nowMs: number, doubt: LeaseDoubt): Change =>
  (job) => {
    const isOurs = job.lease?.holder === holder;
    if (!isOurs && (job.status !== 'running' || isBelieved(job.lease, doubt))) return job;
    const pieces = isOurs
      ? job.pieces
      : job.pieces.map((piece) => (piece.status === 'running' ? { ...piece, status: 'waiting' as const } : piece));
    return { ...job, pieces, lease: toLease(holder, nowMs) };
  };

/** Work on it ends for now. */
export const toReleased =
  (holder: string): Change =>
  (job) =>
    job.lease?.holder === holder ? { ...job, lease: null } : job;

/** The recording was looked at: these are its pieces. */
export const toPlanned =
  (facts: AudioFacts, spans: readonly PieceSpan[]): Change =>
  (job) =>
    job.pieces.length > 0 ? job : { ...job, facts, pieces: spans.map(fresh) };

/** A piece was too large for whoever was asked: smaller ones take its place, and no larger ones are sent from now on. */
export const toSmaller =
  (span: PieceSpan, parts: readonly PieceSpan[], most: SplitBounds): Change =>
  (job) => ({
    ...job,
    most: {
      seconds: Math.min(most.seconds, job.most?.seconds ?? Infinity),
      bytes: Math.min(most.bytes, job.most?.bytes ?? Infinity),
    },
    pieces: job.pieces.flatMap((piece) => (isSame(piece, span) ? parts.map(fresh) : [piece])),
  });

/** The next piece to send, if any may be sent now. */
export const nextPiece = ({ status, pieces }: TranscriptionJob, nowMs: number): KeptPiece | null =>
  status === 'running'
    ? (pieces.find((one) => one.status === 'waiting' && (one.retryAtMs ?? 0) <= nowMs) ?? null)
    : null;

/** When the next piece may be sent, ms since the epoch; null when none waits. */
export function nextAtMs({ pieces }: TranscriptionJob): number | null {
  const waiting = pieces.filter(({ status }) => status === 'waiting').map(({ retryAtMs }) => retryAtMs ?? 0);
  return waiting.length === 0 ? null : Math.min(...waiting);
}

export const toBegun =
  (span: PieceSpan): Change =>
  (job) =>
    withPiece(job, span, (piece) => ({ ...piece, status: 'running', error: null, retryAtMs: null }));

/** Somebody is asked for it, or has failed to answer. */
export const toStepped =
  (span: PieceSpan, step: Step): Change =>
  (job) =>
    withPiece(job, span, (piece) => {
      if (step.kind !== 'asking') return piece;
      const { route, credential, tier } = step.candidate;
      return { ...piece, route, credential, tier, attempts: piece.attempts + 1 };
    });

/** When every piece has come to its end, so has the job. */
function toEnded(job: TranscriptionJob): TranscriptionJob {
  if (job.status !== 'running' || job.pieces.length === 0) return job;
  if (job.pieces.every(({ status }) => status === 'done')) return { ...job, status: 'done', error: null };
  if (!job.pieces.every(({ status }) => status === 'done' || status === 'failed')) return job;
  const failed = job.pieces.filter(({ status }) => status === 'failed');
  const [first] = failed;
  const count = failed.length === 1 ? 'One piece' : `${failed.length} pieces`;
  return {
    ...job,
    status: 'failed',
    error: {
      code: first?.error?.code ?? 'internal',
      message: `${count} could not be transcribed: ${first?.error?.message ?? 'nobody could do it.'}`,
      ...(first?.error?.why !== undefined && { why: first.error.why }),
    },
  };
}

/** Its transcript is kept. */
export const toDone =
  (span: PieceSpan, { costUsd, workedMs }: { readonly costUsd: number | null; readonly workedMs: number }): Change =>
  (job) => {
    const next = withPiece(job, span, (piece) => ({ ...piece, status: 'done', error: null, retryAtMs: null, costUsd }));
    const { pace } = job;
    const seconds = pace.seconds + span.end - span.start;
    return toEnded({ ...next, pace: { workedMs: pace.workedMs + workedMs, seconds } });
  };

/** Failures that may pass by themselves, however often they come: limits that begin anew. */
const patient: ReadonlySet<CallerErrorCode> = new Set<CallerErrorCode>(['exhausted', 'rate_limited']);
/** Failures that may pass, but not for ever. */
const hopeful: ReadonlySet<CallerErrorCode> = new Set<CallerErrorCode>(['upstream_failed', 'deadline']);
/** Failures that every other piece would meet as well. */
const general: ReadonlySet<CallerErrorCode> = new Set<CallerErrorCode>([
  'unauthenticated',
  'forbidden',
  'budget_exceeded',
  'model_not_found',
  'no_candidate',
]);
const MOST_SETBACKS = 4;
const FIRST_PAUSE_MS = 2_000;
/** Limits whose end nobody knows are tried again after so long. */
const UNKNOWN_PAUSE_MS = 60_000;

/** When to try it again, ms since the epoch; null when not. */
function retryAtMs({ code, retryAfterMs }: CallerError, { setbacks }: KeptPiece, nowMs: number): number | null {
  if (patient.has(code)) return nowMs + (retryAfterMs ?? UNKNOWN_PAUSE_MS);
  if (!hopeful.has(code) || setbacks >= MOST_SETBACKS) return null;
  return nowMs + FIRST_PAUSE_MS * 4 ** setbacks;
}

type Problem = NonNullable<TranscriptionJob['error']>;

const toProblem = ({ code, message, reason }: CallerError): Problem => ({
  code,
  message,
  ...(reason !== null && { why: reason }),
});

/** It came back without a transcript: later, or never. */
export const toFailed =
  (span: PieceSpan, error: CallerError, nowMs: number): Change =>
  (job) => {
    const { code } = error;
    const problem = toProblem(error);
    const next = withPiece(job, span, (piece) => {
      const at = retryAtMs(error, piece, nowMs);
      const setbacks = piece.setbacks + (patient.has(code) ? 0 : 1);
      return { ...piece, setbacks, error: problem, retryAtMs: at, status: at === null ? 'failed' : 'waiting' };
    });
    if (general.has(code)) return { ...next, status: 'failed', error: problem };
    return toEnded(next);
  };

/** It was put down: nothing came of it, and nothing was wrong with it. */
export const toPutDown =
  (span: PieceSpan): Change =>
  (job) =>
    withPiece(job, span, (piece) => (piece.status === 'running' ? { ...piece, status: 'waiting' } : piece));

/** The recording itself is at fault, or gone. */
export const toRefused =
  (error: CallerError): Change =>
  (job) => ({ ...job, status: 'failed', error: toProblem(error) });

/** Begins, goes on, or tries failed pieces again: those named, or all. From now on it is this asker's. */
export const toStarted =
  (indices: readonly number[] | undefined, asker: NonNullable<TranscriptionJob['asker']>): Change =>
  (job) => {
    if (job.status === 'done') return job;
    const isMeant = (index: number): boolean => indices === undefined || indices.includes(index);
    return toEnded({
      ...job,
      asker,
      status: 'running',
      error: null,
      pieces: job.pieces.map((piece, index) =>
        piece.status === 'failed' && isMeant(index) ? fresh(piece) : { ...piece, retryAtMs: null },
      ),
    });
  };

/** Sent pieces end by themselves; those whose worker is gone are put down by the next one. */
export const toStatus =
  (status: 'paused' | 'cancelled'): Change =>
  (job) =>
    job.status === 'running' || job.status === 'uploading' ? { ...job, status } : job;

/** Seconds transcribed so far. */
export const doneSeconds = ({ pieces }: TranscriptionJob): number =>
  pieces.filter(({ status }) => status === 'done').reduce((sum, { start, end }) => sum + end - start, 0);

/** How long the rest will take as things go; null when nobody can tell. */
export function etaSeconds(job: TranscriptionJob, nowMs: number): number | null {
  const total = job.facts?.seconds ?? null;
  if (job.status !== 'running' || total === null || job.pieces.length === 0) return null;
  const left = total - doneSeconds(job);
  const { workedMs, seconds } = job.pace;
  if (workedMs === 0 || seconds === 0) return null;
  const wait = nextPiece(job, nowMs) === null ? Math.max(0, (nextAtMs(job) ?? nowMs) - nowMs) : 0;
  return Math.round(wait / 1_000 + (left * workedMs) / 1_000 / seconds);
}
