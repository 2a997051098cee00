// Batches in Anthropic's format: requests that come in one body, how they stand, and one result for each.
import type { BatchProblem, KeptBatch, ResultKind } from '#shared/batch.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import * as z from 'zod/mini';
import { toBooks } from './view.ts';

type Json = Readonly<Record<string, unknown>>;

export const MESSAGES = '/v1/messages';

const requestSchema = z.looseObject({
  custom_id: z.string().check(z.regex(/^[a-zA-Z0-9_-]{1,64}$/)),
  params: z.looseObject({}),
});
const bodySchema = z.looseObject({ requests: z.array(requestSchema).check(z.minLength(1)) });

const wrong = (param: string, message: string): CallerError => new CallerError('invalid_request', message, { param });

/** The requests as lines of a batch. Throws CallerError naming the first that can't be used. */
export function readRequests(json: unknown): readonly string[] {
  const parsed = bodySchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') ?? '';
    const example =
      '{"requests": [{"custom_id": "1", "params": {"model": "...", "max_tokens": 1024, "messages": [...]}}]}';
    throw wrong(path, `"${path}" can not be used: expected ${tellExpected(issue)}. For example ${example}.`);
  }
  const seen = new Set<string>();
  return parsed.data.requests.map(({ custom_id, params }, index) => {
    if (seen.has(custom_id))
      throw wrong(`requests.${index}.custom_id`, 'Each request must have a "custom_id" of its own.');
    seen.add(custom_id);
    if (params['stream'] === true)
      throw wrong(`requests.${index}.params.stream`, 'Answers of a batch can not be streamed. Leave "stream" out.');
    return JSON.stringify({ custom_id, method: 'POST', url: MESSAGES, body: params });
  });
}

const toTime = (ms: number): string => new Date(ms).toISOString();
const toTimeOrNone = (ms: number | null): string | null => (ms === null ? null : toTime(ms));

function toStatus({ status, endedAtMs }: KeptBatch): string {
  if (endedAtMs !== null) return 'ended';
  return status === 'cancelling' ? 'canceling' : 'in_progress';
}

function toCounts({ status, endedAtMs, total, completed, failed, late }: KeptBatch): Json {
  const left = total - completed - failed;
  const isOver = endedAtMs !== null;
  return {
    processing: isOver ? 0 : left,
    succeeded: completed,
    errored: failed - late + (isOver && status !== 'cancelled' ? left : 0),
    canceled: isOver && status === 'cancelled' ? left : 0,
    expired: late,
  };
}

/** A batch, with its books in the field `freeway`, and there the model that all its requests ask for. Its results are told at a place of the same server. */
export function toMessageBatchView(batch: KeptBatch, nowMs: number): Json {
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: toStatus(batch),
    request_counts: toCounts(batch),
    created_at: toTime(batch.createdAtMs),
    expires_at: toTime(batch.endsAtMs),
    ended_at: toTimeOrNone(batch.endedAtMs),
    cancel_initiated_at: toTimeOrNone(batch.cancellingAtMs),
    archived_at: null,
    results_url: batch.endedAtMs === null ? null : `${MESSAGES}/batches/${batch.id}/results`,
    freeway: { ...toBooks(batch, nowMs), model: batch.model },
  };
}

/** The result of a request, from the line that is kept of it. */
export function toMessageResult({ kind, text }: { readonly kind: ResultKind; readonly text: string }): string {
  const { custom_id, response } = JSON.parse(text) as { custom_id: string; response: { body: unknown } | null };
  const body = response?.body ?? null;
  if (kind === 'late') return toLine(custom_id, { type: 'expired' });
  return toLine(custom_id, kind === 'output' ? { type: 'succeeded', message: body } : { type: 'errored', error: body });
}

/** The result of a request that nobody was asked: the batch was cancelled, or could not go on. */
export function toUnasked(customId: string, { status, problems }: Pick<KeptBatch, 'status' | 'problems'>): string {
  if (status === 'cancelled') return toLine(customId, { type: 'canceled' });
  const [problem] = problems;
  return toLine(customId, { type: 'errored', error: toError(problem) });
}

const toError = (problem: BatchProblem | undefined): Json => ({
  type: 'error',
  error: {
    type: problem?.code === 'unauthenticated' ? 'authentication_error' : 'api_error',
    message: problem?.message ?? 'The batch ended before this request was made.',
  },
});

const toLine = (customId: string, result: Json): string => `${JSON.stringify({ custom_id: customId, result })}\n`;
