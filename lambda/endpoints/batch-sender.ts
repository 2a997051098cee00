// Asks the requests of a batch, some at once, until none is left, none may be asked for now, or its time is over.
import { CallerError } from '#shared/failures.ts';
import type { Account } from '../gateway/batch.ts';
import type { BatchWork, LineAsker } from './batch-asker.ts';
import type { FileLine } from './batch-lines.ts';
import { openQueue, type BatchQueue, type PendingLine } from './batch-queue.ts';

/** Requests of one batch that are asked at once. */
const AT_ONCE = 4;
/** How often it is looked whether something waited for may begin. */
const LOOK_MS = 500;
/** How often it is written down how far the batch has come. */
const SAVE_MS = 2_000;

export interface Sending {
  readonly account: Account;
  /** The lines of the file from the first on that has no result. */
  readonly lines: AsyncGenerator<FileLine>;
  readonly ask: LineAsker;
  /** Rejects with CallerError when whoever asked for the batch may do so no more. */
  readonly renew: () => Promise<void>;
  readonly save: () => Promise<void>;
  /** Nothing is begun after this, ms since the epoch. */
  readonly untilMs: number;
}

/** Asks one request, and lets it wait or counts what came of it. */
async function send(queue: BatchQueue, { account, ask }: Sending, pending: PendingLine): Promise<void> {
  // Until it is known what came of it, it counts as failed: whoever is ended by it leaves that to those who come after.
  account.note(pending.line, { count: pending.setbacks + 1, untilMs: 0 });
  const asked = await ask(pending);
  if (asked.kind === 'done') return account.done(pending.line, asked.outcome);
  const isSetback = asked.kind === 'wait' && asked.isSetback;
  const again = isSetback ? { ...pending, setbacks: pending.setbacks + 1 } : pending;
  account.note(again.line, { count: again.setbacks, untilMs: isSetback ? asked.untilMs : 0 });
  if (asked.kind === 'loosen') return queue.wait({ ...again, isLoose: true }, 0);
  const { untilMs, why, code, isWhole } = asked;
  if (isWhole) queue.brake(again, { untilMs, why, code });
  else queue.wait(again, untilMs);
}

/** Asks what is left of the batch. Rejects with CallerError when the batch can't go on, and with faults of ours. */
export async function sendLines(work: BatchWork, sending: Sending): Promise<void> {
  const { clock } = work.deps;
  const { untilMs, renew, save } = sending;
  const queue = openQueue(work, sending.account, sending.lines);
  const running = new Set<Promise<void>>();
  let fault: unknown = null;
  let savedAtMs = clock.now();
  const mayBegin = (): boolean => fault === null && !work.halt.signal.aborted && clock.now() < untilMs;
  const begin = (pending: PendingLine): void => {
    const done = send(queue, sending, pending)
      .catch((error: unknown) => void (fault ??= error))
      .finally(() => running.delete(done));
    running.add(done);
  };
  for (;;) {
    while (mayBegin() && running.size < AT_ONCE) {
      const pending = await queue.take();
      if (pending === null) break;
      begin(pending);
    }
    const nextAtMs = queue.nextAtMs();
    if (running.size === 0 && (!mayBegin() || nextAtMs === null || nextAtMs > untilMs)) break;
    const look = new AbortController();
    await Promise.race([...running, clock.sleep(LOOK_MS, look.signal).catch(() => undefined)]);
    look.abort();
    // However the clock was set meanwhile.
    if (Math.abs(clock.now() - savedAtMs) < SAVE_MS) continue;
    savedAtMs = clock.now();
    await Promise.all([save(), renew()]).catch((error: unknown) => {
      // A store that is away for a moment is asked again; the lease tells whether it was for too long.
      if (error instanceof CallerError) fault ??= error;
    });
  }
  if (fault !== null) throw fault;
}
