// A clock that stands still until a test moves it: fires sleepers and timers in order of time, then of creation.
import type { Clock } from '#lambda/ports.ts';
import { loadsUnderWay } from '#shared/load-once.ts';
import { createRandom } from './random.ts';

/**
 * The Clock port under a test's control. Nothing happens until `advance` or `runUntil` is called; both let all pending
 * promises run between two moments, so code under test may await as much as it likes.
 *
 *     const clock = createFakeClock(Date.UTC(2026, 10, 21));
 *     const woken = clock.sleep(5_000);
 *     await clock.advance(5_000);                       // moves exactly 5 s
 *     await clock.runUntil(app.handle(exchange));       // moves as far as the work needs, returns its value
 */
export interface FakeClock extends Clock {
  /** Calls `fire` once, `ms` from now (at the next move when 0). Answers a function that cancels it. */
  schedule(ms: number, fire: () => void): () => void;
  /** Moves time forward by exactly `ms`, firing everything due on the way. */
  advance(ms: number): Promise<void>;
  /** Moves time until `work` settles and answers its result. Fails when nothing is scheduled any more, or after `limitMs`. */
  runUntil<T>(work: Promise<T>, limitMs?: number): Promise<T>;
  /** Timers and sleepers still to fire. */
  pending(): number;
}

export interface FakeClockOptions {
  /** Seed of `random()`; default 1. */
  readonly seed?: number;
  /** Awaited between two moments; default: one turn of the event loop, which runs every promise that can run, and until code is loaded. */
  readonly settle?: () => Promise<void>;
  /** How long real input and output (a module being loaded) may take over what the work waits for, real ms; default 60 s. */
  readonly ioMs?: number;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  /** Null once fired or cancelled. */
  fire: (() => void) | null;
}

const dayMs = 86_400_000;

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function pushTimer(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(timer, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = timer;
}

function popTimer(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}

/** Of real time, for code that is being loaded and itself waits for this clock. */
const LONGEST_LOAD_MS = 2_000;

/** One turn of the event loop, and as many more as it takes to load the code that was asked for in it. */
async function turnOfTheLoop(): Promise<void> {
  const untilMs = performance.now() + LONGEST_LOAD_MS;
  do await new Promise((resolve) => setImmediate(resolve));
  while (loadsUnderWay().size > 0 && performance.now() < untilMs);
}

/** The queue behind the clock: what fires next, and when. */
function createTimers() {
  const heap: Timer[] = [];
  let order = 0;
  let live = 0;
  const dropDead = (): void => {
    while (heap.length > 0 && heap[0]!.fire === null) popTimer(heap);
  };
  return {
    add(atMs: number, fire: () => void): () => void {
      const timer: Timer = { atMs, order: order++, fire };
      pushTimer(heap, timer);
      live += 1;
      return () => {
        if (timer.fire === null) return;
        timer.fire = null;
        live -= 1;
      };
    },
    nextAtMs(): number | null {
      dropDead();
      return heap[0]?.atMs ?? null;
    },
    fireNext(): void {
      dropDead();
      const timer = heap[0];
      popTimer(heap);
      const fire = timer?.fire;
      if (timer === undefined || !fire) return;
      timer.fire = null;
      live -= 1;
      fire();
    },
    live: () => live,
  };
}

const LOOK_EVERY_MS = 5;

/** Gives real input and output that long to bring something about; answers whether it did. */
async function waitsOnIo(moved: () => boolean, forMs: number): Promise<boolean> {
  const untilMs = performance.now() + forMs;
  while (!moved() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  return moved();
}

/** Makes a clock that shows `startMs` (ms since the epoch). */
export function createFakeClock(startMs = Date.UTC(2026, 10, 21, 12), options: FakeClockOptions = {}): FakeClock {
  const timers = createTimers();
  const { settle = turnOfTheLoop, ioMs = 60_000 } = options;
  let nowMs = startMs;

  function schedule(ms: number, fire: () => void): () => void {
    return timers.add(nowMs + Math.max(0, ms), fire);
  }

  /** Fires what is due at the next moment within `limitMs`; false when nothing is. */
  async function step(limitMs: number): Promise<boolean> {
    const nextAtMs = timers.nextAtMs();
    if (nextAtMs === null || nextAtMs > limitMs) return false;
    nowMs = nextAtMs;
    while (timers.nextAtMs() === nowMs) timers.fireNext();
    await settle();
    return true;
  }

  async function runUntil<T>(work: Promise<T>, limitMs = dayMs): Promise<T> {
    const untilMs = nowMs + limitMs;
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    work.then(mark, mark);
    await settle();
    while (!state.settled) {
      if (await step(untilMs)) continue;
      // What is left may wait on real input or output rather than on this clock.
      if (await waitsOnIo(() => state.settled || (timers.nextAtMs() ?? Infinity) <= untilMs, ioMs)) continue;
      throw new Error(`The work did not settle: ${timers.live()} timers left after ${nowMs - startMs} ms of fake time`);
    }
    return work;
  }

  return {
    now: () => nowMs,
    random: createRandom(options.seed ?? 1),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = (): void => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = schedule(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    schedule,
    after: schedule,
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      while (await step(untilMs));
      nowMs = untilMs;
    },
    runUntil,
    pending: timers.live,
  };
}
