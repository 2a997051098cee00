// POST /v1/batches and what belongs to it: many requests at leisure, answered by what is free, in OpenAI's format.
import { batchEndpoints, isOpen, type KeptBatch } from '#shared/batch.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import * as z from 'zod/mini';
import { BATCH, toBatchView } from '../wire/batch/view.ts';
import { allow } from './api/route.ts';
import { beginBatch, cancelBatch, checkControls, findBatch, lookAfter, type BatchDesk } from './batch-begin.ts';
import { toFileActs } from './batch-files.ts';
import { toMessageActs } from './batch-messages.ts';
import { findAct, readPage, toPageAfter, type Acts } from './batch-pages.ts';
import { createBatchRunner, type BatchDeps } from './batch-runner.ts';
import { principalOf, replyJson, type Endpoint, type Visit } from './endpoint.ts';
import { readJsonBody } from './read-body.ts';

export interface Batches {
  /** Everything below /v1/batches, /v1/files and /v1/messages/batches. */
  readonly endpoint: Endpoint;
  /** Goes on with the batches that whoever worked on them has left. Never rejects. */
  readonly resume: () => Promise<void>;
  /** Ends and deletes all batches and files of a person. */
  readonly forget: (personId: string) => Promise<void>;
}

const PAGE = 20;
const MOST_PAGE = 100;

const newBatchSchema = z.looseObject({
  input_file_id: z.string().check(z.minLength(1)),
  endpoint: z.enum(batchEndpoints),
  completion_window: z._default(z.literal('24h'), '24h'),
  metadata: z.optional(z.nullable(z.record(z.string().check(z.maxLength(64)), z.string().check(z.maxLength(512))))),
});
type NewBatch = z.output<typeof newBatchSchema>;

/** Most pairs of metadata, as OpenAI takes them. */
const MOST_METADATA = 16;

function readNewBatch(json: unknown): NewBatch {
  const parsed = newBatchSchema.safeParse(json);
  if (parsed.success) {
    if (Object.keys(parsed.data.metadata ?? {}).length <= MOST_METADATA) return parsed.data;
    throw new CallerError('invalid_request', `"metadata" holds more than ${MOST_METADATA} values.`, {
      param: 'metadata',
    });
  }
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  const example = '{"input_file_id": "file-...", "endpoint": "/v1/chat/completions", "completion_window": "24h"}';
  const message = `"${path}" can not be used: expected ${tellExpected(issue)}. For example ${example}.`;
  throw new CallerError('invalid_request', message, { param: path });
}

const find = (desk: BatchDesk, visit: Visit, id: string): Promise<KeptBatch> =>
  findBatch(desk, visit, { id, prefix: BATCH });

const reply = ({ deps }: BatchDesk, visit: Visit, batch: KeptBatch): void =>
  replyJson(visit, 200, toBatchView(batch, deps.clock.now()));

async function create(desk: BatchDesk, visit: Visit): Promise<void> {
  const { deps } = desk;
  const { input_file_id, endpoint, metadata = null } = readNewBatch((await readJsonBody(visit)).json);
  const file = await deps.files.get(principalOf(visit).id, input_file_id);
  if (file === null)
    throw new CallerError('not_found', 'There is no such file. Send it first: POST /v1/files with purpose=batch.', {
      param: 'input_file_id',
    });
  checkControls(visit);
  const id = `${BATCH}${deps.newSecretId()}`;
  reply(desk, visit, await beginBatch(desk, visit, { id, fileId: file.id, endpoint, metadata, total: 0 }));
}

async function cancel(desk: BatchDesk, visit: Visit, id: string): Promise<void> {
  const batch = await find(desk, visit, id);
  if (!isOpen(batch))
    throw new CallerError('invalid_request', `The batch can not be cancelled any more: it is ${batch.status}.`);
  reply(desk, visit, await cancelBatch(desk, visit, batch));
}

async function list({ deps }: BatchDesk, visit: Visit): Promise<void> {
  const page = readPage(visit.exchange.query, { page: PAGE, most: MOST_PAGE });
  const batches = (await deps.batches.list(principalOf(visit).id)).filter(({ id }) => id.startsWith(BATCH));
  const nowMs = deps.clock.now();
  const views = batches.toSorted((a, b) => b.createdAtMs - a.createdAtMs).map((batch) => toBatchView(batch, nowMs));
  replyJson(visit, 200, { object: 'list', ...toPageAfter(views, page, 'after') });
}

const toBatchActs = (desk: BatchDesk): Acts => ({
  '/v1/batches': { GET: (visit) => list(desk, visit), POST: (visit) => create(desk, visit) },
  '/v1/batches/*': {
    GET: async (visit, id) => reply(desk, visit, await lookAfter(desk, visit, await find(desk, visit, id))),
  },
  '/v1/batches/*/cancel': { POST: (visit, id) => cancel(desk, visit, id) },
});

async function forget({ deps, runner }: BatchDesk, personId: string): Promise<void> {
  for (const batch of await deps.batches.list(personId)) {
    runner.halt(batch.id);
    await deps.batches.close(batch);
    await deps.batches.remove(batch);
  }
  for (const file of await deps.files.list(personId)) await deps.files.remove(file);
}

/** Batches in all formats, over their services. */
export function createBatches(deps: BatchDeps): Batches {
  const desk: BatchDesk = { deps, runner: createBatchRunner(deps) };
  const acts = { ...toBatchActs(desk), ...toMessageActs(desk), ...toFileActs(deps) };
  return {
    endpoint: async (visit) => {
      allow(visit, 'use', { kind: 'inference' });
      const { act, id } = findAct(acts, visit.exchange);
      await act(visit, id);
    },
    resume: () => desk.runner.resume(),
    forget: (personId) => forget(desk, personId),
  };
}
