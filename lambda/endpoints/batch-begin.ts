// What batches of all formats begin with: the controls of their headers, bounds, and their first step.
import type { KeptBatch } from '#shared/batch.ts';
import { CallerError } from '#shared/failures.ts';
import { noUse, toCancelling } from '../gateway/batch.ts';
import { readControls } from '../gateway/asked-controls.ts';
import type { BatchDeps, BatchRunner } from './batch-runner.ts';
import { principalOf, type Visit } from './endpoint.ts';
import { toControls } from './own-request.ts';

/** What batches of all formats stand on. */
export interface BatchDesk {
  readonly deps: BatchDeps;
  readonly runner: BatchRunner;
}

export const DAY_MS = 86_400_000;
/** So long results are kept, and files unless told otherwise. */
export const KEPT_MS = 30 * DAY_MS;
/** Of one person, that have not come to an end. */
const MOST_OPEN = 50;

/** How long a batch waits may be longer than anybody waits for one request. */
const MAX_WAIT = 'x-freeway-max-wait-ms';

/** Throws CallerError for controls by which every request of a batch would be refused. */
export function checkControls({ exchange }: Visit): void {
  const { [MAX_WAIT]: maxWait, ...controls } = toControls(exchange.headers);
  readControls(null, controls);
  if (maxWait === undefined || /^\d+$/.test(maxWait)) return;
  throw new CallerError('invalid_request', `${MAX_WAIT} is wrong: expected a whole number of milliseconds from 0 on.`, {
    param: MAX_WAIT,
  });
}

/** Begins a batch over a file that is kept. Where requests do the work, those who look after it do it. Throws CallerError when this person has too many under way. */
export async function beginBatch(
  { deps, runner }: BatchDesk,
  visit: Visit,
  wanted: Pick<KeptBatch, 'id' | 'fileId' | 'endpoint' | 'metadata' | 'total'>,
): Promise<KeptBatch> {
  const { id: personId, email, key } = principalOf(visit);
  const nowMs = deps.clock.now();
  const batch: KeptBatch = {
    ...wanted,
    personId,
    email,
    key: key === null ? null : { id: key.id, name: key.name },
    headers: toControls(visit.exchange.headers),
    status: 'validating',
    createdAtMs: nowMs,
    endsAtMs: nowMs + DAY_MS,
    keptUntilMs: nowMs + KEPT_MS,
    startedAtMs: null,
    cancellingAtMs: null,
    endedAtMs: null,
    problems: [],
    completed: 0,
    failed: 0,
    late: 0,
    outputBytes: 0,
    errorBytes: 0,
    model: null,
    use: noUse,
    next: { line: 0, part: 0, offset: 0 },
    ahead: [],
    waiting: null,
    lease: null,
  };
  if (!(await deps.batches.create(batch, MOST_OPEN)))
    throw new CallerError(
      'invalid_request',
      `${MOST_OPEN} batches are under way already. Wait for one, or cancel one.`,
    );
  if (!deps.freezes) await runner.goOn(batch, null);
  return batch;
}

/** One's own batch, of the format whose ids begin so. Throws CallerError `not_found`, also for those of others. */
export async function findBatch(
  { deps }: BatchDesk,
  visit: Visit,
  { id, prefix }: { readonly id: string; readonly prefix: string },
): Promise<KeptBatch> {
  const batch = id.startsWith(prefix) ? await deps.batches.get(principalOf(visit).id, id) : null;
  if (batch !== null) return batch;
  throw new CallerError(
    'not_found',
    'There is no such batch: its id is mistyped, it was deleted, or it was made more than 30 days ago.',
  );
}

/** How it stands; asking makes it go on, where it was left by whoever worked on it. */
export async function lookAfter({ deps, runner }: BatchDesk, visit: Visit, batch: KeptBatch): Promise<KeptBatch> {
  await runner.goOn(batch, visit.exchange.deadlineAtMs);
  return deps.freezes ? ((await deps.batches.get(batch.personId, batch.id)) ?? batch) : batch;
}

/** Has nothing further of it asked; answers how it stands then. */
export async function cancelBatch(desk: BatchDesk, visit: Visit, batch: KeptBatch): Promise<KeptBatch> {
  const { deps, runner } = desk;
  const changed = await deps.batches.change(batch.personId, batch.id, toCancelling(deps.clock.now()));
  runner.halt(batch.id);
  if (changed !== null) await lookAfter(desk, visit, changed);
  return (await deps.batches.get(batch.personId, batch.id)) ?? batch;
}
