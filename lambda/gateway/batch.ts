// How a batch goes from one state to the next, and how far it has come: pure, so that whoever takes over knows what is left.
import {
  isOpen,
  type BatchProblem,
  type BatchUse,
  type KeptBatch,
  type LinePlace,
  type ResultKind,
  type Setbacks,
} from '#shared/batch.ts';
import { isBelieved, toLease, type LeaseDoubt } from './lease.ts';

/** So far ahead of the first unanswered line others are asked: what is known of them must fit the batch's own record. */
export const WINDOW_LINES = 64;
/** Of its time a batch leaves this part to whatever is paid for; before, it waits for what is free. */
const PAID_PART = 0.1;

type Change = (batch: KeptBatch) => KeptBatch;

/** Whoever holds the lease works on it; one that is no longer believed is anybody's. */
export const toHeld =
  (holder: string, nowMs: number, doubt: LeaseDoubt): Change =>
  (batch) => {
    const isOurs = batch.lease?.holder === holder;
    if (!isOurs && (!isOpen(batch) || isBelieved(batch.lease, doubt))) return batch;
    return { ...batch, lease: toLease(holder, nowMs) };
  };

/** Work on it ends for now. */
export const toReleased =
  (holder: string): Change =>
  (batch) =>
    batch.lease?.holder === holder ? { ...batch, lease: null } : batch;

/** Its file was looked through: so many requests, which begin now. */
export const toStarted =
  (found: Pick<KeptBatch, 'total' | 'model'>, nowMs: number): Change =>
  (batch) =>
    batch.status === 'validating' ? { ...batch, ...found, status: 'in_progress', startedAtMs: nowMs } : batch;

/** It can't go on, or could not begin. */
export const toFailed =
  (problems: readonly BatchProblem[], nowMs: number): Change =>
  (batch) =>
    isOpen(batch) ? { ...batch, status: 'failed', problems: [...problems], endedAtMs: nowMs } : batch;

/** Nothing further is to be asked. */
export const toCancelling =
  (nowMs: number): Change =>
  (batch) =>
    batch.status === 'validating' || batch.status === 'in_progress'
      ? { ...batch, status: 'cancelling', cancellingAtMs: nowMs }
      : batch;

/** It has come to its end: every line has a result, its time is over, or nobody wants the rest. */
export const toEnded =
  (nowMs: number, how: 'completed' | 'expired'): Change =>
  (batch) => {
    if (batch.status === 'cancelling') return { ...batch, status: 'cancelled', endedAtMs: nowMs };
    return batch.status === 'in_progress' ? { ...batch, status: how, endedAtMs: nowMs } : batch;
  };

/** What has come of a line. `bytes` of its result. */
export interface LineOutcome {
  readonly kind: ResultKind;
  readonly bytes: number;
  /** What it used; null: nothing. */
  readonly use: BatchUse | null;
}

export const noUse: BatchUse = {
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costUsd: 0,
  free: 0,
  paid: 0,
};

const addUse = (a: BatchUse, b: BatchUse): BatchUse => ({
  inputTokens: a.inputTokens + b.inputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  costUsd: a.costUsd + b.costUsd,
  ...((a.isCostUnsure ?? b.isCostUnsure) && { isCostUnsure: true }),
  free: a.free + b.free,
  paid: a.paid + b.paid,
});

/** How far a batch has come, as whoever works on it knows. */
export type Progress = Pick<
  KeptBatch,
  'completed' | 'failed' | 'late' | 'outputBytes' | 'errorBytes' | 'use' | 'next' | 'ahead' | 'setbacks' | 'waiting'
>;

/** Writes down how far it has come, if it is still ours. */
export const toProgressed =
  (holder: string, progress: Progress): Change =>
  (batch) =>
    batch.lease?.holder === holder ? { ...batch, ...progress } : batch;

/** Keeps account of a batch while it is worked on. */
export interface Account {
  /** The first line without a result. */
  readonly nextLine: number;
  /** Whether a line has a result. */
  isDone(line: number): boolean;
  /** A line was read; the one after it begins at `after`. */
  read(line: number, after: LinePlace): void;
  done(line: number, outcome: LineOutcome): void;
  setbacksOf(line: number): Setbacks;
  note(line: number, setbacks: Setbacks): void;
  progress(): Progress;
  /** Why nothing goes on; null: it goes on. */
  waiting: KeptBatch['waiting'];
}

/** The account of a batch as it was left. */
export function openAccount(batch: KeptBatch): Account {
  let { completed, failed, late, outputBytes, errorBytes, use, next } = batch;
  const ahead = new Set(batch.ahead);
  const after = new Map<number, LinePlace>();
  const setbacks = new Map(Object.entries(batch.setbacks ?? {}).map(([line, known]) => [Number(line), known]));
  const account: Account = {
    waiting: batch.waiting,
    get nextLine() {
      return next.line;
    },
    isDone: (line) => line < next.line || ahead.has(line),
    read: (line, place) => void after.set(line, place),
    done: (line, outcome) => {
      if (account.isDone(line)) return;
      if (outcome.kind === 'output') {
        completed++;
        outputBytes += outcome.bytes;
      } else {
        failed++;
        if (outcome.kind === 'late') late++;
        errorBytes += outcome.bytes;
      }
      if (outcome.use !== null) use = addUse(use, outcome.use);
      ahead.add(line);
      setbacks.delete(line);
      for (
        let place = after.get(next.line);
        place !== undefined && ahead.has(next.line);
        place = after.get(next.line)
      ) {
        ahead.delete(next.line);
        after.delete(next.line);
        next = place;
      }
    },
    setbacksOf: (line) => setbacks.get(line) ?? { count: 0, untilMs: 0 },
    note: (line, known) => {
      if (known.count === 0) setbacks.delete(line);
      else setbacks.set(line, known);
    },
    progress: () => ({
      completed,
      failed,
      late,
      outputBytes,
      errorBytes,
      use,
      next,
      ahead: [...ahead],
      setbacks: Object.fromEntries(setbacks),
      waiting: account.waiting,
    }),
  };
  return account;
}

/** From when on requests of a batch may be paid for, ms since the epoch: as long as it was told to wait, else in the last tenth of its time. */
export function payAtMs({
  createdAtMs,
  endsAtMs,
  headers,
}: Pick<KeptBatch, 'createdAtMs' | 'endsAtMs' | 'headers'>): number {
  const wished = Number(headers['x-freeway-max-wait-ms'] ?? NaN);
  return Number.isFinite(wished) ? createdAtMs + wished : endsAtMs - (endsAtMs - createdAtMs) * PAID_PART;
}

/** Refusals that say nothing of when they end are tried again after so long. */
const UNKNOWN_PAUSE_MS = 60_000;
const FIRST_PAUSE_MS = 2_000;
/** A request that has failed so often is not begun once more after the next time. */
const MOST_SETBACKS = 4;

/** Whether it was begun as often as any is: whoever was at work on it ended each time before it had an answer. */
export const isGivenUp = (setbacks: number): boolean => setbacks > MOST_SETBACKS;

/** Limits, quotas and budgets: they begin anew by themselves. */
const limited: ReadonlySet<number> = new Set([402, 429, 503]);

/** What to do about a reply: it is the result, or the request is made again. */
export type Verdict =
  | { readonly kind: 'output' | 'error' }
  /** `isWhole`: everything that asks for the same model waits as well. `isSetback`: it counts against the request. */
  | { readonly kind: 'wait'; readonly ms: number; readonly isWhole: boolean; readonly isSetback: boolean }
  /** Nothing free could ever serve it: whatever is permitted may. */
  | { readonly kind: 'loosen' };

/** Judges a reply to a request of a batch. `retryAfterMs`: as the reply says; null: it does not. */
export function judgeReply(
  {
    status,
    code,
    retryAfterMs,
  }: { readonly status: number; readonly code: string | null; readonly retryAfterMs: number | null },
  { setbacks, isFreeOnly }: { readonly setbacks: number; readonly isFreeOnly: boolean },
): Verdict {
  if (status >= 200 && status < 300) return { kind: 'output' };
  if (isFreeOnly && code === 'no_candidate') return { kind: 'loosen' };
  if (limited.has(status))
    return { kind: 'wait', ms: retryAfterMs ?? UNKNOWN_PAUSE_MS, isWhole: true, isSetback: false };
  if (status < 500 || setbacks >= MOST_SETBACKS) return { kind: 'error' };
  return { kind: 'wait', ms: retryAfterMs ?? FIRST_PAUSE_MS * 4 ** setbacks, isWhole: false, isSetback: true };
}
