// Batches and files as OpenAI's API shows them.
import type { KeptBatch, KeptFile } from '#shared/batch.ts';

type Json = Readonly<Record<string, unknown>>;

const seconds = (ms: number): number => Math.floor(ms / 1_000);
const at = (name: string, ms: number | null): Json => (ms === null ? {} : { [name]: seconds(ms) });

/** What ids of batches in this format begin with. */
export const BATCH = 'batch_';

/** The files that a batch writes have no record of their own: their ids say whose they are. */
const OUTPUT = 'output';
const ERROR = 'error';
export type ResultFile = typeof OUTPUT | typeof ERROR;

/** The id of the file with a batch's results of one kind. */
export const toResultId = (batchId: string, kind: ResultFile): string => `file-${batchId}-${kind}`;

/** The batch whose results a file holds; null: it is a file of its own. */
export function readResultId(id: string): { readonly batchId: string; readonly kind: ResultFile } | null {
  const match = /^file-(batch_.+)-(output|error)$/.exec(id);
  return match?.[1] === undefined ? null : { batchId: match[1], kind: match[2] === OUTPUT ? OUTPUT : ERROR };
}

/** A file of requests. */
export const toFileView = ({ id, name, bytes, createdAtMs, expiresAtMs }: KeptFile): Json => ({
  id,
  object: 'file',
  bytes,
  created_at: seconds(createdAtMs),
  expires_at: seconds(expiresAtMs),
  filename: name,
  purpose: 'batch',
  status: 'processed',
});

/** The file with a batch's results; null: there are none. */
export function toResultView(batch: KeptBatch, kind: ResultFile): Json | null {
  const bytes = kind === OUTPUT ? batch.outputBytes : batch.errorBytes;
  if (bytes === 0 || batch.endedAtMs === null) return null;
  return {
    id: toResultId(batch.id, kind),
    object: 'file',
    bytes,
    created_at: seconds(batch.endedAtMs),
    expires_at: seconds(batch.keptUntilMs),
    filename: `${batch.id}_${kind}.jsonl`,
    purpose: 'batch_output',
    status: 'processed',
  };
}

const resultId = (batch: KeptBatch, kind: ResultFile): Json =>
  toResultView(batch, kind) === null ? {} : { [`${kind}_file_id`]: toResultId(batch.id, kind) };

const endings = {
  completed: ['finalizing_at', 'completed_at'],
  failed: ['failed_at'],
  expired: ['expired_at'],
  cancelled: ['cancelled_at'],
} as const;

function toEnding({ status, endedAtMs }: KeptBatch): Json {
  const names = status in endings ? endings[status as keyof typeof endings] : [];
  return Object.assign({}, ...names.map((name) => at(name, endedAtMs))) as Json;
}

/** What other formats have no place for: money, tiers, and what it waits for. */
export function toBooks({ use, waiting, endedAtMs }: KeptBatch, nowMs: number): Json {
  return {
    cost_usd: use.costUsd,
    ...(use.isCostUnsure && { cost_estimated: true }),
    free: use.free,
    paid: use.paid,
    waiting:
      waiting === null || waiting.untilMs <= nowMs || endedAtMs !== null
        ? null
        : { until: new Date(waiting.untilMs).toISOString(), why: waiting.why, code: waiting.code ?? null },
  };
}

/** A batch, with its books in the field `freeway`. */
export function toBatchView(batch: KeptBatch, nowMs: number): Json {
  const { use, problems } = batch;
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    ...(batch.model === null ? {} : { model: batch.model }),
    errors: problems.length === 0 ? null : { object: 'list', data: problems },
    input_file_id: batch.fileId,
    completion_window: '24h',
    status: batch.status,
    ...resultId(batch, OUTPUT),
    ...resultId(batch, ERROR),
    created_at: seconds(batch.createdAtMs),
    expires_at: seconds(batch.endsAtMs),
    ...at('in_progress_at', batch.startedAtMs),
    ...at('cancelling_at', batch.cancellingAtMs),
    ...toEnding(batch),
    request_counts: { total: batch.total, completed: batch.completed, failed: batch.failed },
    usage: {
      input_tokens: use.inputTokens,
      input_tokens_details: { cached_tokens: use.cachedTokens },
      output_tokens: use.outputTokens,
      output_tokens_details: { reasoning_tokens: use.reasoningTokens },
      total_tokens: use.inputTokens + use.outputTokens,
    },
    metadata: batch.metadata,
    freeway: toBooks(batch, nowMs),
  };
}

/** One page of a list, from a place on, as the official clients turn its pages. */
export function toPage(all: readonly Json[], { start, limit }: { start: number; limit: number }): Json {
  const data = all.slice(start, start + limit);
  return {
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + limit < all.length,
  };
}
