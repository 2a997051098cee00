// /v1/files: the files that batches read and write, in OpenAI's format.
import { isSent, SENT_FILE, type KeptBatch, type KeptFile } from '#shared/batch.ts';
import { CallerError } from '#shared/failures.ts';
import type { Spooled } from '../ports.ts';
import { BATCH, readResultId, toFileView, toResultView, type ResultFile } from '../wire/batch/view.ts';
import { KEPT_MS } from './batch-begin.ts';
import { readPage, replyParts, toPageAfter, type Acts } from './batch-pages.ts';
import type { BatchDeps } from './batch-runner.ts';
import { principalOf, replyJson, type Visit } from './endpoint.ts';
import { readUploadForm } from './read-form.ts';

const LEAST_SECONDS = 3_600;
/** The largest file that is taken, where that much can be sent at once. */
const MOST_BYTES = 100 * 1024 * 1024;
/** Of one person. */
const MOST_FILES = 100;
const CHUNK = 1024 * 1024;
const PAGE = 10_000;

/** The content as text, piece by piece. Throws CallerError where it is none. */
async function* readText({ size, read }: Spooled): AsyncGenerator<string> {
  // A mark at the beginning stays where it is: the file is given back as it came.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (let at = 0; at < size; at += CHUNK)
      yield decoder.decode(await read(at, Math.min(at + CHUNK, size)), { stream: true });
    const last = decoder.decode();
    if (last !== '') yield last;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CallerError(
      'invalid_request',
      'The file is not valid UTF-8 text. Send JSON Lines: one JSON object on each line.',
      { param: 'file' },
    );
  }
}

type Fields = Readonly<Record<string, readonly string[] | undefined>>;

/** How long the file is to be kept, ms. */
function readLifeMs(fields: Fields): number {
  const [seconds] = fields['expires_after[seconds]'] ?? [];
  if (seconds === undefined) return KEPT_MS;
  const most = KEPT_MS / 1_000;
  const life = Number(seconds);
  if (Number.isInteger(life) && life >= LEAST_SECONDS && life <= most) return life * 1_000;
  throw new CallerError(
    'invalid_request',
    `"expires_after[seconds]" must be a whole number from ${LEAST_SECONDS} to ${most}.`,
    {
      param: 'expires_after[seconds]',
    },
  );
}

function checkPurpose(fields: Fields): void {
  const [purpose] = fields['purpose'] ?? [];
  if (purpose === 'batch') return;
  throw new CallerError(
    'invalid_request',
    'Only files for batches are kept here: send the field "purpose" with the value "batch".',
    {
      param: 'purpose',
    },
  );
}

async function create(deps: BatchDeps, visit: Visit): Promise<void> {
  const { id: personId } = principalOf(visit);
  const { spool, files, clock } = deps;
  const { fields, file } = await readUploadForm(
    visit.exchange,
    { ...spool, maxBytes: Math.min(spool.maxBytes, MOST_BYTES) },
    { what: 'the file', fields: ['file', 'purpose'] },
  );
  try {
    checkPurpose(fields);
    const lifeMs = readLifeMs(fields);
    const nowMs = clock.now();
    const place = { id: `${SENT_FILE}${deps.newSecretId()}`, personId, name: file.name, createdAtMs: nowMs };
    if (!(await files.enter(place, MOST_FILES)))
      throw new CallerError('invalid_request', `There are ${MOST_FILES} files already. Delete some of them first.`);
    const kept = await files.create({ ...place, expiresAtMs: nowMs + lifeMs }, readText(file.content));
    replyJson(visit, 200, toFileView(kept));
  } finally {
    await file.content.drop();
  }
}

/** A file by its id: one that was sent, or the results of a batch. */
type Found =
  | { readonly kept: KeptFile }
  | { readonly batch: KeptBatch; readonly kind: ResultFile; readonly view: Readonly<Record<string, unknown>> };

/** One's own file. Throws CallerError `not_found`, also for those of others. */
async function find({ files, batches }: BatchDeps, visit: Visit, id: string): Promise<Found> {
  const { id: personId } = principalOf(visit);
  const result = readResultId(id);
  if (result === null) {
    const kept = await files.get(personId, id);
    if (kept !== null && isSent(kept)) return { kept };
  } else {
    const batch = await batches.get(personId, result.batchId);
    const view = batch === null ? null : toResultView(batch, result.kind);
    if (batch !== null && view !== null) return { batch, kind: result.kind, view };
  }
  throw new CallerError('not_found', 'There is no such file: its id is mistyped, it was deleted, or its time is over.');
}

async function look(deps: BatchDeps, visit: Visit, id: string): Promise<void> {
  const found = await find(deps, visit, id);
  replyJson(visit, 200, 'kept' in found ? toFileView(found.kept) : found.view);
}

/** Throws CallerError when it is deleted meanwhile: half of it must not look like all of it. */
async function* readParts({ files }: BatchDeps, kept: KeptFile): AsyncGenerator<string> {
  for (let part = 0; part < kept.parts; part++) {
    const text = await files.readPart(kept, part);
    if (text === null) throw new CallerError('not_found', 'The file was deleted while it was read.');
    yield text;
  }
}

/** The lines of a file of results. */
async function* readLinesOf({ batches }: BatchDeps, batch: KeptBatch, wanted: ResultFile): AsyncGenerator<string> {
  for await (const { kind, text } of batches.readResults(batch))
    if ((kind === 'output') === (wanted === 'output')) yield text;
}

async function tell(deps: BatchDeps, visit: Visit, id: string): Promise<void> {
  const found = await find(deps, visit, id);
  const parts = 'kept' in found ? readParts(deps, found.kept) : readLinesOf(deps, found.batch, found.kind);
  await replyParts(
    visit,
    { 'content-type': 'application/octet-stream', 'x-freeway-request-id': visit.requestId },
    parts,
  );
}

/** Deletes the results of a batch that a file holds; the batch tells of it no more. */
async function removeResults(
  { batches }: BatchDeps,
  { batch, kind }: Extract<Found, { batch: KeptBatch }>,
): Promise<void> {
  const size = kind === 'output' ? 'outputBytes' : 'errorBytes';
  await batches.removeResults(batch, kind === 'output' ? ['output'] : ['error', 'late']);
  await batches.change(batch.personId, batch.id, (now) => ({ ...now, [size]: 0 }));
}

async function remove(deps: BatchDeps, visit: Visit, id: string): Promise<void> {
  const found = await find(deps, visit, id);
  if ('kept' in found) await deps.files.remove(found.kept);
  else await removeResults(deps, found);
  replyJson(visit, 200, { id, object: 'file', deleted: true });
}

async function list(deps: BatchDeps, visit: Visit): Promise<void> {
  const page = readPage(visit.exchange.query, { page: PAGE, most: PAGE });
  const { params } = page;
  const { id: personId } = principalOf(visit);
  const [files, batches] = await Promise.all([deps.files.list(personId), deps.batches.list(personId)]);
  const results = batches
    .filter(({ id }) => id.startsWith(BATCH))
    .flatMap((batch) => [toResultView(batch, 'output'), toResultView(batch, 'error')])
    .filter((view) => view !== null)
    .map((view) => ({ view, atMs: Number(view['created_at']) * 1_000 }));
  const all = [...files.filter(isSent).map((file) => ({ view: toFileView(file), atMs: file.createdAtMs })), ...results];
  const purpose = params.get('purpose');
  const sign = params.get('order') === 'asc' ? 1 : -1;
  const sorted = all
    .toSorted((a, b) => sign * (a.atMs - b.atMs))
    .map(({ view }) => view)
    .filter((view) => purpose === null || view['purpose'] === purpose);
  replyJson(visit, 200, { object: 'list', ...toPageAfter(sorted, page, 'after') });
}

/** What is done with files. */
export const toFileActs = (deps: BatchDeps): Acts => ({
  '/v1/files': { GET: (visit) => list(deps, visit), POST: (visit) => create(deps, visit) },
  '/v1/files/*': { GET: (visit, id) => look(deps, visit, id), DELETE: (visit, id) => remove(deps, visit, id) },
  '/v1/files/*/content': { GET: (visit, id) => tell(deps, visit, id) },
});
