// Works on batches: holds one, asks its requests through the app like any others, some at once, and waits for what is free.
import { isOpen, type KeptBatch, type LinePlace } from '#shared/batch.ts';
import { CallerError } from '#shared/failures.ts';
import type { Principal } from '#shared/people.ts';
import { openAccount, toEnded, toFailed, toHeld, toProgressed, toReleased, toStarted } from '../gateway/batch.ts';
import { toRenewed } from '../gateway/lease.ts';
import type { BatchBook, FileBook } from '../ports-batches.ts';
import type { PrincipalRef } from '../ports-people.ts';
import type { Handler } from '../ports.ts';
import type { ApiDeps } from './api/route.ts';
import { RESERVE_MS } from './ask.ts';
import { createLineAsker, putDown, type BatchWork, type LineAsker } from './batch-asker.ts';
import { hold } from './hold.ts';
import { gone, lookThrough, readLines, type FileLine } from './batch-lines.ts';
import { sendLines } from './batch-sender.ts';
import { createTurns, type Turns } from './batch-turns.ts';
import { startRenewal } from './renewal.ts';

export interface BatchDeps extends ApiDeps {
  /** The app, for requests that this principal makes. */
  readonly appAs: (principalOf: () => Principal) => Handler;
  readonly files: FileBook;
  readonly batches: BatchBook;
}

export interface BatchRunner {
  /**
   * Sees to it that the batch goes on, if it is one that should: in the background, or, where the process is frozen between requests,
   * within the one that asks, which must end by `deadlineAtMs` (since the epoch; null: no matter when).
   */
  goOn(batch: KeptBatch, deadlineAtMs: number | null): Promise<void>;
  /** Nothing further of it is asked here. */
  halt(id: string): void;
  /** Goes on with what was left by whoever worked on it, and what failed here. Meant to be called again and again. Never rejects. */
  resume(): Promise<void>;
}

/** Where requests do the work, each goes on for so long. */
const SHIFT_MS = 20_000;
/** Whoever asked for a batch may lose the right to: it is looked at again this often. */
const RENEW_MS = 15_000;

interface Driver {
  /** Aborted when nothing further is to be asked. */
  readonly halt: AbortController;
  readonly done: Promise<void>;
}

const toProblem = ({ code, message }: CallerError) => ({ code, message, param: null, line: null });

/** Who asks, as long as they may. */
interface Asker {
  readonly principal: () => Principal;
  /** Looks whether they still may. Rejects with CallerError when they may not. */
  readonly renew: () => Promise<void>;
}

async function openPrincipal({ identity, clock }: BatchDeps, { personId, email, key }: KeptBatch): Promise<Asker> {
  const who: PrincipalRef = { personId, email, key };
  let principal = await identity.renew(who);
  let renewedAtMs = clock.now();
  return {
    principal: () => principal,
    renew: async () => {
      // However the clock was set meanwhile.
      if (Math.abs(clock.now() - renewedAtMs) < RENEW_MS) return;
      principal = await identity.renew(who);
      renewedAtMs = clock.now();
    },
  };
}

/** The lines of the batch's file from a place on. Rejects with CallerError `not_found` when it is gone. */
async function openLines({ deps, batch }: BatchWork, from: LinePlace): Promise<AsyncGenerator<FileLine>> {
  const file = await deps.files.get(batch.personId, batch.fileId);
  if (file === null) throw gone();
  return readLines(deps.files, batch, { parts: file.parts, from });
}

/** Looks the file of the batch through, and begins or refuses. */
async function begin(work: BatchWork): Promise<KeptBatch | null> {
  const { deps, batch, change } = work;
  const lines = await openLines(work, batch.next);
  const { total, model, problems } = await lookThrough(lines, batch.endpoint);
  const nowMs = deps.clock.now();
  return change(problems.length > 0 ? toFailed(problems, nowMs) : toStarted({ total, model }, nowMs));
}

/** Asks each request when it is its turn among those of all batches. */
function askInTurn(work: BatchWork, asker: Asker, turns: Turns): LineAsker {
  const ask = createLineAsker(work, work.deps.appAs(asker.principal));
  return (pending) => turns(() => (work.halt.signal.aborted ? Promise.resolve(putDown) : ask(pending)));
}

/** Asks what is left of the batch, and writes down how far it came. */
async function goThrough(
  work: BatchWork,
  asker: Asker,
  { turns, untilMs }: { readonly turns: Turns; readonly untilMs: number },
): Promise<void> {
  const { deps, batch, change, holder, halt } = work;
  const lines = await openLines(work, batch.next);
  const account = openAccount(batch);
  let saved = '';
  const save = async (): Promise<void> => {
    const progress = account.progress();
    const text = JSON.stringify(progress);
    // While it waits for hours there is nothing to write, but it is still to be seen who has it, and whether it is wanted.
    const kept = await (text === saved
      ? deps.batches.get(batch.personId, batch.id)
      : change(toProgressed(holder, progress)));
    saved = text;
    // Cancelled, or somebody else took us for dead: then it is theirs.
    if (kept?.status !== 'in_progress' || kept.lease?.holder !== holder) halt.abort();
  };
  try {
    await sendLines(work, {
      account,
      lines,
      ask: askInTurn(work, asker, turns),
      renew: asker.renew,
      save,
      untilMs,
    });
  } finally {
    await save();
  }
  if (account.nextLine >= batch.total)
    await change(toEnded(deps.clock.now(), account.progress().late === 0 ? 'completed' : 'expired'));
}

/** Works on the batch, as soon as nobody else does. */
async function drive(
  deps: BatchDeps,
  given: KeptBatch,
  { halt, deadlineAtMs, turns }: Pick<BatchWork, 'halt' | 'deadlineAtMs'> & { readonly turns: Turns },
): Promise<void> {
  const { clock, batches } = deps;
  const holder = deps.newSecretId();
  const change: BatchWork['change'] = (how) => batches.change(given.personId, given.id, how);
  let batch = await hold<KeptBatch>(deps, {
    holder,
    take: (doubt) => change(toHeld(holder, clock.now(), doubt)),
    isOpen,
  });
  if (batch === null) return;
  const stopRenewal = startRenewal(clock, async () => {
    const held = await change(toRenewed(holder, clock.now()));
    if (held?.lease?.holder !== holder || held.status === 'cancelling') halt.abort();
  });
  const toWork = (now: KeptBatch): BatchWork => ({ deps, batch: now, change, holder, halt, deadlineAtMs });
  try {
    const asker = await openPrincipal(deps, batch);
    if (batch.status === 'validating') batch = await begin(toWork(batch));
    const untilMs = deadlineAtMs === null ? Infinity : Math.min(deadlineAtMs, clock.now() + SHIFT_MS);
    if (batch?.status === 'in_progress') await goThrough(toWork(batch), asker, { turns, untilMs });
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    await change(toFailed([toProblem(error)], clock.now()));
  } finally {
    stopRenewal();
    const end = toEnded(clock.now(), 'completed');
    const left = await change((now) => toReleased(holder)(now.status === 'cancelling' ? end(now) : now)).catch(
      () => null,
    );
    if (left !== null && !isOpen(left)) await batches.close(left).catch(() => undefined);
  }
}

/** The runner over its services. */
export function createBatchRunner(deps: BatchDeps): BatchRunner {
  const { log, background, batches, freezes } = deps;
  const drivers = new Map<string, Driver>();
  /** Those that a fault of ours has stopped, such as a store that was away: not everybody who asks for one tries again. */
  const resting = new Set<string>();
  const turns = createTurns();
  const start = (batch: KeptBatch, deadlineAtMs: number | null): Driver => {
    const halt = new AbortController();
    const onStop = (): void => halt.abort();
    background.stopping.addEventListener('abort', onStop);
    const done = drive(deps, batch, { halt, deadlineAtMs, turns })
      .catch((error: unknown) => {
        log.error('batch.failed', { what: batch.id, ...deps.describe(error) });
        if (!freezes) resting.add(batch.id);
      })
      .finally(() => {
        background.stopping.removeEventListener('abort', onStop);
        drivers.delete(batch.id);
      });
    const driver = { halt, done };
    drivers.set(batch.id, driver);
    background.add(done);
    return driver;
  };
  const goOn: BatchRunner['goOn'] = async (batch, deadlineAtMs) => {
    if (!isOpen(batch) || background.stopping.aborted || resting.has(batch.id)) return;
    const driver = drivers.get(batch.id) ?? start(batch, freezes ? (deadlineAtMs ?? Infinity) - RESERVE_MS : null);
    if (freezes) await driver.done;
  };
  const resumeOne = async ({ personId, id }: Pick<KeptBatch, 'personId' | 'id'>): Promise<void> => {
    try {
      const batch = await batches.get(personId, id);
      if (batch !== null && isOpen(batch)) await goOn(batch, null);
      else await batches.close({ personId, id });
    } catch (error) {
      log.error('batch.failed', { what: id, ...deps.describe(error) });
    }
  };
  return {
    goOn,
    halt: (id) => drivers.get(id)?.halt.abort(),
    resume: async () => {
      resting.clear();
      try {
        await Promise.all((await batches.open()).map(resumeOne));
      } catch (error) {
        log.error('batch.failed', { what: 'resume', ...deps.describe(error) });
      }
    },
  };
}
