// POST /v1/batches and what belongs to it: many requests at leisure, answered by what is free, in OpenAI's format.
import { batchEndpoints, type KeptBatch } from '#shared/batch.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import { can, type Principal } from '#shared/people.ts';
import * as z from 'zod/mini';
import { isOpen, noUse, toCancelling } from '../gateway/batch.ts';
import type { Headers } from '../ports.ts';
import { toBatchView, toPage } from '../wire/batch/view.ts';
import { toFileActs } from './batch-files.ts';
import { findAct, readPage, type Acts } from './batch-pages.ts';
import { createBatchRunner, type BatchDeps, type BatchRunner } from './batch-runner.ts';
import { principalOf, replyJson, type Endpoint, type Visit } from './endpoint.ts';
import { readJsonBody } from './read-body.ts';

export interface BatchDesk {
  /** Everything below /v1/batches and /v1/files. */
  readonly endpoint: Endpoint;
  /** Goes on with the batches that whoever worked on them has left. Never rejects. */
  readonly resume: () => Promise<void>;
}

const DAY_MS = 86_400_000;
/** Results are kept as long as files. */
const KEPT_DAYS = 30;
/** Of one person, that have not come to an end. */
const MOST_OPEN = 50;
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
  throw new CallerError(
    'invalid_request',
    `"${path}" can not be used: expected ${tellExpected(issue)}. For example ${example}.`,
    {
      param: path,
    },
  );
}

/** Controls of routing, which hold for every request. */
const toControls = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-freeway-')));

interface Desk {
  readonly deps: BatchDeps;
  readonly runner: BatchRunner;
}

/** One's own batch. Throws CallerError `not_found`, also for those of others. */
async function find({ deps }: Desk, visit: Visit, id: string): Promise<KeptBatch> {
  const batch = await deps.batches.get(principalOf(visit).id, id);
  if (batch !== null) return batch;
  throw new CallerError(
    'not_found',
    'There is no such batch: its id is mistyped, or it was made more than 30 days ago.',
  );
}

async function create({ deps, runner }: Desk, visit: Visit): Promise<void> {
  const { id: personId, email, key } = principalOf(visit);
  const wanted = readNewBatch((await readJsonBody(visit)).json);
  const file = await deps.files.get(personId, wanted.input_file_id);
  if (file === null)
    throw new CallerError('not_found', 'There is no such file. Send it first: POST /v1/files with purpose=batch.', {
      param: 'input_file_id',
    });
  if ((await deps.batches.list(personId)).filter(isOpen).length >= MOST_OPEN)
    throw new CallerError(
      'invalid_request',
      `${MOST_OPEN} batches are under way already. Wait for one, or cancel one.`,
    );
  const nowMs = deps.clock.now();
  const batch: KeptBatch = {
    id: `batch_${deps.newSecretId()}`,
    personId,
    email,
    keyId: key?.id ?? null,
    fileId: file.id,
    endpoint: wanted.endpoint,
    metadata: wanted.metadata ?? null,
    headers: toControls(visit.exchange.headers),
    status: 'validating',
    createdAtMs: nowMs,
    endsAtMs: nowMs + DAY_MS,
    keptUntilMs: nowMs + KEPT_DAYS * DAY_MS,
    startedAtMs: null,
    cancellingAtMs: null,
    endedAtMs: null,
    problems: [],
    total: 0,
    completed: 0,
    failed: 0,
    outputBytes: 0,
    errorBytes: 0,
    model: null,
    use: noUse,
    next: { line: 0, part: 0, offset: 0 },
    ahead: [],
    waiting: null,
    lease: null,
  };
  await deps.batches.create(batch);
  // Where requests do the work, those who look after it do it.
  if (!deps.freezes) await runner.goOn(batch, null);
  replyJson(visit, 200, toBatchView(batch, nowMs));
}

/** How it stands; asking makes it go on, where it was left by whoever worked on it. */
async function look(desk: Desk, visit: Visit, id: string): Promise<void> {
  const batch = await find(desk, visit, id);
  await desk.runner.goOn(batch, visit.exchange.deadlineAtMs);
  const now = desk.deps.freezes ? await find(desk, visit, id) : batch;
  replyJson(visit, 200, toBatchView(now, desk.deps.clock.now()));
}

async function cancel(desk: Desk, visit: Visit, id: string): Promise<void> {
  const { deps, runner } = desk;
  const batch = await find(desk, visit, id);
  if (!isOpen(batch))
    throw new CallerError('invalid_request', `The batch can not be cancelled any more: it is ${batch.status}.`);
  const changed = await deps.batches.change(batch.personId, id, toCancelling(deps.clock.now()));
  runner.halt(id);
  if (changed !== null) await runner.goOn(changed, visit.exchange.deadlineAtMs);
  await look(desk, visit, id);
}

async function list({ deps }: Desk, visit: Visit): Promise<void> {
  const { after, limit } = readPage(visit.exchange.query, { page: PAGE, most: MOST_PAGE });
  const batches = await deps.batches.list(principalOf(visit).id);
  const nowMs = deps.clock.now();
  const views = batches.toSorted((a, b) => b.createdAtMs - a.createdAtMs).map((batch) => toBatchView(batch, nowMs));
  replyJson(visit, 200, toPage(views, { after, limit }));
}

/** Throws CallerError unless whoever asks may make requests. */
function admit(visit: Visit): Principal {
  const principal = principalOf(visit);
  if (can(principal, 'use', { kind: 'inference' })) return principal;
  throw new CallerError(
    'forbidden',
    `The API key "${principal.key?.name ?? ''}" may not make requests: its scopes are ${principal.key?.scopes.join(', ') ?? 'none'}.`,
  );
}

const toBatchActs = (desk: Desk): Acts => ({
  '/v1/batches': { GET: (visit) => list(desk, visit), POST: (visit) => create(desk, visit) },
  '/v1/batches/*': { GET: (visit, id) => look(desk, visit, id) },
  '/v1/batches/*/cancel': { POST: (visit, id) => cancel(desk, visit, id) },
});

/** The desk over its services. */
export function createBatchDesk(deps: BatchDeps): BatchDesk {
  const runner = createBatchRunner(deps);
  const acts = { ...toBatchActs({ deps, runner }), ...toFileActs(deps) };
  return {
    endpoint: async (visit) => {
      admit(visit);
      const { act, id } = findAct(acts, visit.exchange);
      await act(visit, id);
    },
    resume: () => runner.resume(),
  };
}
