// /v1/messages/batches: batches in Anthropic's format.
import { isOpen, type KeptBatch } from '#shared/batch.ts';
import { CallerError } from '#shared/failures.ts';
import type { KeptResult } from '../ports-batches.ts';
import { isProblem, readLine } from '../wire/batch/line.ts';
import { MESSAGES, readRequests, toMessageBatchView, toMessageResult, toUnasked } from '../wire/batch/messages.ts';
import { toPage } from '../wire/batch/view.ts';
import {
  beginBatch,
  cancelBatch,
  checkControls,
  findBatch,
  KEPT_MS,
  lookAfter,
  type BatchDesk,
} from './batch-begin.ts';
import { readLines } from './batch-lines.ts';
import { findPlace, readPage, replyParts, toPageAfter, type Acts } from './batch-pages.ts';
import { principalOf, replyJson, type Visit } from './endpoint.ts';
import { readJsonBody } from './read-body.ts';

const PREFIX = 'msgbatch_';
const PAGE = 20;
const MOST_PAGE = 1_000;

const find = (desk: BatchDesk, visit: Visit, id: string): Promise<KeptBatch> =>
  findBatch(desk, visit, { id, prefix: PREFIX });

const reply = ({ deps }: BatchDesk, visit: Visit, batch: KeptBatch): void =>
  replyJson(visit, 200, toMessageBatchView(batch, deps.clock.now()));

async function* toText(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield `${line}\n`;
}

async function create(desk: BatchDesk, visit: Visit): Promise<void> {
  const { deps } = desk;
  const lines = readRequests((await readJsonBody(visit)).json);
  checkControls(visit);
  const nowMs = deps.clock.now();
  const { id: personId } = principalOf(visit);
  const name = deps.newSecretId();
  const place = {
    id: `requests-${name}`,
    personId,
    name: 'requests',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + KEPT_MS,
  };
  const file = await deps.files.create(place, toText(lines));
  const wanted = { id: `${PREFIX}${name}`, fileId: file.id, endpoint: MESSAGES, metadata: null, total: lines.length };
  const batch = await beginBatch(desk, visit, wanted).catch(async (error: unknown) => {
    // Nothing else leads to it.
    await deps.files.remove(file).catch(() => undefined);
    throw error;
  });
  reply(desk, visit, batch);
}

/** One result for each request, in their order: what is kept, or why there is nothing. */
async function* readResults({ deps }: BatchDesk, batch: KeptBatch): AsyncGenerator<string> {
  const file = await deps.files.get(batch.personId, batch.fileId);
  const kept = deps.batches.readResults(batch)[Symbol.asyncIterator]();
  let next: IteratorResult<KeptResult, unknown> = await kept.next();
  const from = { line: 0, part: 0, offset: 0 };
  for await (const { line, text } of readLines(deps.files, batch, { parts: file?.parts ?? 0, from })) {
    if (next.done !== true && next.value.line === line) {
      yield toMessageResult(next.value);
      next = await kept.next();
      continue;
    }
    const read = readLine(text, batch.endpoint);
    if (!isProblem(read)) yield toUnasked(read.customId, batch);
  }
}

async function tell(desk: BatchDesk, visit: Visit, id: string): Promise<void> {
  const batch = await find(desk, visit, id);
  if (isOpen(batch))
    throw new CallerError(
      'invalid_request',
      'There are no results yet: the batch has not ended. Look again when its processing_status is "ended".',
    );
  const { requestId } = visit;
  const headers = { 'content-type': 'application/x-jsonl', 'request-id': requestId, 'x-freeway-request-id': requestId };
  await replyParts(visit, headers, readResults(desk, batch));
}

async function remove(desk: BatchDesk, visit: Visit, id: string): Promise<void> {
  const { deps } = desk;
  const batch = await find(desk, visit, id);
  if (isOpen(batch)) throw new CallerError('invalid_request', 'A batch under way can not be deleted. Cancel it first.');
  const file = await deps.files.get(batch.personId, batch.fileId);
  if (file !== null) await deps.files.remove(file);
  await deps.batches.remove(batch);
  replyJson(visit, 200, { id, type: 'message_batch_deleted' });
}

async function list({ deps }: BatchDesk, visit: Visit): Promise<void> {
  const page = readPage(visit.exchange.query, { page: PAGE, most: MOST_PAGE });
  const { limit, params } = page;
  const batches = (await deps.batches.list(principalOf(visit).id)).filter(({ id }) => id.startsWith(PREFIX));
  const nowMs = deps.clock.now();
  const newest = batches.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const views = newest.map((batch) => toMessageBatchView(batch, nowMs));
  const before = params.get('before_id');
  if (before === null) return replyJson(visit, 200, toPageAfter(views, page, 'after_id'));
  // Pages backwards end where the one before ended.
  const end = findPlace(views, before, 'before_id');
  const start = Math.max(0, end - limit);
  replyJson(visit, 200, { ...toPage(views.slice(0, end), { start, limit }), has_more: start > 0 });
}

async function cancel(desk: BatchDesk, visit: Visit, id: string): Promise<void> {
  const batch = await find(desk, visit, id);
  reply(desk, visit, isOpen(batch) ? await cancelBatch(desk, visit, batch) : batch);
}

/** What is done with batches in this format. */
export const toMessageActs = (desk: BatchDesk): Acts => ({
  '/v1/messages/batches': { GET: (visit) => list(desk, visit), POST: (visit) => create(desk, visit) },
  '/v1/messages/batches/*': {
    GET: async (visit, id) => reply(desk, visit, await lookAfter(desk, visit, await find(desk, visit, id))),
    DELETE: (visit, id) => remove(desk, visit, id),
  },
  '/v1/messages/batches/*/results': { GET: (visit, id) => tell(desk, visit, id) },
  '/v1/messages/batches/*/cancel': { POST: (visit, id) => cancel(desk, visit, id) },
});
