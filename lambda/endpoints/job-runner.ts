// Works on transcription jobs: holds the job, sends its pieces, some at once, waits for limits, and lets go when told to.
import { CallerError } from '#shared/failures.ts';
import type { KeptPiece, TranscriptionJob } from '#shared/transcription-job.ts';
import { toRenewed } from '../gateway/lease.ts';
import { PIECES_AT_ONCE } from '../gateway/piece-size.ts';
import {
  nextAtMs,
  nextPiece,
  toBegun,
  toHeld,
  toPutDown,
  toRefused,
  toReleased,
} from '../gateway/transcription-job.ts';
import type { Recordings } from '../ports-transcription.ts';
import type { ApiDeps } from './api/route.ts';
import { RESERVE_MS } from './ask.ts';
import type { Visit } from './endpoint.ts';
import { hold } from './hold.ts';
import { toPresent } from './job-standing.ts';
import { openRecording, type JobWork, type OpenRecording } from './job-pieces.ts';
import { startRenewal } from './renewal.ts';

export interface JobRunner {
  /**
   * Sees to it that the job goes on, if it is one that should: in the background, or, where the process is frozen between requests,
   * within this one, which then takes as long as it is told. What is under way goes on by what the asker may do as this visit knows it,
   * where it comes with the same key as the one before, or has just `started` the job.
   */
  goOn(visit: Visit, job: TranscriptionJob, started?: boolean): Promise<void>;
  /** Puts down what is under way here. */
  putDown(id: string): void;
  /** Whether it is under way here, or waits for somebody else to end. */
  isAt(id: string): boolean;
}

/** Where requests do the work, each begins pieces for so long. */
const SHIFT_MS = 20_000;
/** How often it is looked whether something waited for may begin. */
const LOOK_MS = 1_000;

interface Driver {
  readonly cut: AbortController;
  readonly done: Promise<void>;
  /** Whoever asked for it last. */
  visit: Visit;
}

interface Bounds {
  /** No piece is begun after this, ms since the epoch. */
  readonly untilMs: number;
  readonly stopping: AbortSignal;
}

/** Takes the next piece that may be sent now, so that nobody else does. */
async function claim({ deps, change }: JobWork): Promise<{ piece: KeptPiece | null; job: TranscriptionJob | null }> {
  let piece: KeptPiece | null = null;
  const job = await change((before) => {
    piece = nextPiece(before, deps.clock.now());
    return piece === null ? before : toBegun(piece)(before);
  });
  return { piece, job };
}

/** Sends pieces until there are none left, or none that may be sent within the shift. */
async function sendAll(work: JobWork, recording: OpenRecording, { untilMs, stopping }: Bounds): Promise<void> {
  const { clock } = work.deps;
  const running = new Set<Promise<void>>();
  let fault: unknown = null;
  const begin = (piece: KeptPiece, most: TranscriptionJob['most']): void => {
    const done = recording
      .piece(piece, most)
      .catch((error: unknown) => {
        fault ??= error;
        return work.change(toPutDown(piece)).then(() => undefined);
      })
      .finally(() => running.delete(done));
    running.add(done);
  };
  const mayBegin = (): boolean => fault === null && !work.cut.aborted && !stopping.aborted && clock.now() < untilMs;
  for (;;) {
    let job: TranscriptionJob | null = null;
    while (mayBegin() && running.size < PIECES_AT_ONCE) {
      const claimed = await claim(work);
      ({ job } = claimed);
      if (claimed.piece === null) break;
      begin(claimed.piece, job?.most ?? null);
    }
    if (running.size === 0) {
      const at = job?.status === 'running' ? nextAtMs(job) : null;
      if (!mayBegin() || at === null || at > untilMs) break;
    }
    const look = new AbortController();
    await Promise.race([...running, clock.sleep(LOOK_MS, look.signal).catch(() => undefined)]);
    look.abort();
  }
  if (fault !== null) throw fault;
}

/** One who works on one job. */
interface Shift {
  readonly visit: () => Visit;
  readonly job: TranscriptionJob;
  readonly cut: AbortController;
  /** null: it may take as long as it needs. */
  readonly deadlineAtMs: number | null;
}

interface House {
  readonly deps: ApiDeps;
  readonly recordings: Recordings;
}

/** Works on the job, as soon as nobody else does. */
async function drive({ deps, recordings }: House, { visit, job: given, cut, deadlineAtMs }: Shift): Promise<void> {
  const { clock, jobs, background } = deps;
  const holder = deps.newSecretId();
  const change: JobWork['change'] = (how) => jobs.change(given.personId, given.id, how);
  const job = await hold<TranscriptionJob>(deps, {
    holder,
    take: (doubt) => change(toHeld(holder, clock.now(), doubt)),
    isOpen: ({ status }) => status === 'running' && !cut.signal.aborted,
  });
  if (job === null) return;
  let lastMs = clock.now();
  const workedMs = (): number => {
    const beforeMs = lastMs;
    lastMs = clock.now();
    return lastMs - beforeMs;
  };
  const present = (): Promise<Visit> => toPresent(deps, visit(), job);
  const refuse = (error: CallerError): Promise<unknown> => change(toRefused(error));
  const stopRenewal = startRenewal(clock, async () => {
    const held = await change(toRenewed(holder, clock.now()));
    // Deleted or cancelled, or somebody else took us for dead: then it is theirs.
    if (held?.status === 'cancelled' || held?.lease?.holder !== holder) return cut.abort();
    await present().catch(async (error: unknown) => {
      if (!(error instanceof CallerError)) throw error;
      cut.abort();
      if (held.status === 'running') await refuse(error);
    });
  });
  const work: JobWork = { deps, visit: present, job, change, deadlineAtMs, cut: cut.signal, workedMs };
  const recording = openRecording(work, recordings);
  try {
    if (job.pieces.length === 0) await recording.plan();
    const untilMs = deadlineAtMs === null ? Infinity : Math.min(deadlineAtMs, clock.now() + SHIFT_MS);
    await sendAll(work, recording, { untilMs, stopping: background.stopping });
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    await refuse(error);
  } finally {
    stopRenewal();
    recording.close();
    await change(toReleased(holder)).catch(() => undefined);
  }
}

const keyOf = ({ principal }: Visit): string | null => principal?.key?.id ?? null;

/** The runner over its services. */
export function createJobRunner(deps: ApiDeps, recordings: Recordings): JobRunner {
  const { log, background } = deps;
  const drivers = new Map<string, Driver>();
  const begin = (visit: Visit, job: TranscriptionJob): Driver => {
    const cut = new AbortController();
    const onCut = (): void => cut.abort();
    background.cutting.addEventListener('abort', onCut);
    const deadlineAtMs = deps.freezes ? (visit.exchange.deadlineAtMs ?? Infinity) - RESERVE_MS : null;
    const now = (): Visit => drivers.get(job.id)?.visit ?? visit;
    const done = drive({ deps, recordings }, { visit: now, job, cut, deadlineAtMs })
      .catch((error: unknown) => log.error('transcription.job_failed', { what: job.id, ...deps.describe(error) }))
      .finally(() => {
        background.cutting.removeEventListener('abort', onCut);
        drivers.delete(job.id);
      });
    const driver = { cut, done, visit };
    drivers.set(job.id, driver);
    background.add(done);
    return driver;
  };
  return {
    goOn: async (visit, job, started = false) => {
      if (job.status !== 'running' || background.stopping.aborted) return;
      const driver = drivers.get(job.id) ?? begin(visit, job);
      if (started || keyOf(visit) === keyOf(driver.visit)) driver.visit = visit;
      if (deps.freezes) await driver.done;
    },
    putDown: (id) => drivers.get(id)?.cut.abort(),
    isAt: (id) => drivers.has(id),
  };
}
