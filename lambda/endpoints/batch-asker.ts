// Asks one request of a batch through the app, as its owner would, and keeps what comes of it.
import type { BatchUse, KeptBatch } from '#shared/batch.ts';
import { isGivenUp, judgeReply, noUse, payAtMs, type LineOutcome } from '../gateway/batch.ts';
import type { BatchResult } from '../ports-batches.ts';
import type { Handler, Headers } from '../ports.ts';
import { readUse, writeReply, writeUnasked } from '../wire/batch/line.ts';
import type { PendingLine } from './batch-queue.ts';
import type { BatchDeps } from './batch-runner.ts';
import { askOwn, type OwnReply } from './own-request.ts';

/** A batch under way. */
export interface BatchWork {
  readonly deps: BatchDeps;
  /** As it was when the work began. */
  readonly batch: KeptBatch;
  readonly change: (change: (batch: KeptBatch) => KeptBatch) => Promise<KeptBatch | null>;
  /** The name under which the lease is held. */
  readonly holder: string;
  /** Aborted when nothing further is to be asked. */
  readonly halt: AbortController;
  /** When the runtime will stop us, ms since the epoch; null when it never does. */
  readonly deadlineAtMs: number | null;
}

/** What came of asking: a result that is kept, or a while to wait. */
export type Asked =
  | { readonly kind: 'done'; readonly outcome: LineOutcome }
  | {
      readonly kind: 'wait';
      readonly untilMs: number;
      readonly why: string;
      /** The code of the error that says so; null: there is none. */
      readonly code: string | null;
      readonly isWhole: boolean;
      readonly isSetback: boolean;
    }
  /** Nothing free could ever serve it: it may be asked without that bound. */
  | { readonly kind: 'loosen' };

/** Nothing came of it, since nothing further is to be asked here: it is asked when the batch goes on. */
export const putDown = { kind: 'wait', untilMs: 0, why: '', code: null, isWhole: false, isSetback: false } as const;

export type LineAsker = (pending: PendingLine) => Promise<Asked>;

const encoder = new TextEncoder();

const noError = { code: null, message: '' };
const late = {
  code: 'batch_expired',
  message: 'This request was not answered before the time of the batch was over.',
};

const interrupted = {
  code: 'interrupted',
  message:
    'This request was begun five times, and each time the process ended before it had an answer. Ask for a shorter answer, or send less in it.',
};

/** The error of a reply, in any of the formats of a batch. */
function readError(body: string): { readonly code: string | null; readonly message: string } {
  try {
    const { error } = JSON.parse(body) as { readonly error?: { code?: unknown; type?: unknown; message?: unknown } };
    const code = typeof error?.code === 'string' ? error.code : null;
    return { code, message: typeof error?.message === 'string' ? error.message : '' };
  } catch {
    return { code: null, message: '' };
  }
}

function toUse({ headers, body }: OwnReply): BatchUse {
  const isPaid = headers['x-freeway-tier'] === 'paid';
  const cost = headers['x-freeway-cost-usd'];
  return {
    ...noUse,
    ...readUse(body),
    costUsd: Number(cost ?? 0),
    ...(isPaid && cost === undefined && { isCostUnsure: true }),
    free: isPaid ? 0 : 1,
    paid: isPaid ? 1 : 0,
  };
}

const readRetryMs = ({ headers }: OwnReply): number | null => {
  const seconds = Number(headers['retry-after'] ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : null;
};

/** The asker of a batch over the app. Rejects only with faults of ours. */
export function createLineAsker({ deps, batch, deadlineAtMs }: BatchWork, app: Handler): LineAsker {
  const { clock, batches } = deps;
  const freeUntilMs = payAtMs(batch);
  const toHeaders = (isFreeOnly: boolean): Headers => {
    const { 'x-freeway-max-wait-ms': _, ...controls } = batch.headers;
    const json = { 'content-type': 'application/json', ...controls };
    // It waits here, not in the queue of those who have somebody waiting for them.
    return isFreeOnly ? { ...json, 'x-freeway-tier': 'free', 'x-freeway-max-wait-ms': '0' } : json;
  };
  const keep = async (line: number, result: BatchResult): Promise<Asked> => {
    await batches.writeResult(batch, line, result);
    const { kind, text, use } = result;
    return { kind: 'done', outcome: { kind, bytes: Buffer.byteLength(text), use } };
  };
  return async ({ line, read, setbacks, isLoose }) => {
    const isLate = clock.now() >= batch.endsAtMs;
    if (isLate || isGivenUp(setbacks)) {
      const text = writeUnasked(deps.newRequestId(), read.customId, isLate ? late : interrupted);
      return keep(line, { kind: isLate ? 'late' : 'error', text, use: null });
    }
    const isFreeOnly = !isLoose && clock.now() < freeUntilMs;
    const reply = await askOwn(app, {
      method: 'POST',
      path: batch.endpoint,
      headers: toHeaders(isFreeOnly),
      body: encoder.encode(JSON.stringify(read.body)),
      deadlineAtMs,
      gone: deps.background.cutting,
    });
    const { code, message } = reply.status < 300 ? noError : readError(reply.body);
    // Put down in the middle: nothing came of it, and nothing was wrong with it.
    if (deps.background.cutting.aborted && (code !== null || reply.status === 0)) return { ...putDown, why: message };
    const verdict = judgeReply(
      { status: reply.status, code, retryAfterMs: readRetryMs(reply) },
      { setbacks, isFreeOnly },
    );
    if (verdict.kind === 'loosen') return verdict;
    if (verdict.kind === 'wait') {
      const { ms, isWhole, isSetback } = verdict;
      // What is free may come back later than the moment from which it may be paid for.
      const untilMs = Math.min(clock.now() + ms, isFreeOnly ? freeUntilMs : Infinity);
      return { kind: 'wait', untilMs, why: message, code, isWhole, isSetback };
    }
    const requestId = reply.headers['x-freeway-request-id'] ?? deps.newRequestId();
    const text = writeReply(read.customId, { status: reply.status, requestId, body: reply.body });
    return keep(line, { kind: verdict.kind, text, use: verdict.kind === 'output' ? toUse(reply) : null });
  };
}
