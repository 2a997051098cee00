// Gives memory back while nothing is asked: what a busy hour has left behind is else kept for the next one.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface RestOptions {
  /** Share of the time since it was last asked in which anything was done, 0 to 1. */
  readonly readShare: () => number;
  /** Memory that the heap holds, bytes. */
  readonly readHeap: () => number;
  /** Gives back what can be. */
  readonly collect: () => void;
}

/** How often is looked, ms. */
const LOOK_MS = 1_000;
/**
 * So many looks must find hardly anything done. What has been optimised is partly lost and takes half a second of work to come back,
 * so that a short pause is not used; before anything was asked there is none yet.
 */
const LOOKS = { first: 5, later: 30 } as const;
/** A pause may hold a second of work now and then, by what runs in the background: each takes back so many looks. */
const LOOKS_BACK = 5;
/** More than this is no rest. */
const MOST_SHARE = 0.02;
/** Less is not worth it. */
const LEAST_BYTES = 16 * 1024 ** 2;

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** The share by Node's own account. */
function createShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

/**
 * The only collection after which V8 keeps no empty pages. It is reached through a context that is made with it, and goes again. What was
 * compiled stays, since whoever asks next would wait for it: up to a tenth of a second.
 */
function collectAll(): void {
  setFlagsFromString('--expose-gc --no-flush-bytecode');
  (runInNewContext('gc') as Collect)({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--flush-bytecode');
}

/** Answers the look that is to be had once a second. What a start leaves behind is given back soon, unless it is asked before. */
export function createLook({ readShare, readHeap, collect }: RestOptions): () => void {
  let looks = 0;
  let needed: number = LOOKS.first;
  let leastBytes = 0;
  return () => {
    if (readShare() > MOST_SHARE) {
      needed = LOOKS.later;
      looks = Math.max(0, looks - LOOKS_BACK);
      return;
    }
    looks = Math.min(needed, looks + 1);
    if (looks < needed || readHeap() < leastBytes) return;
    looks = 0;
    needed = LOOKS.later;
    collect();
    leastBytes = readHeap() + LEAST_BYTES;
  };
}

/** From now on memory is given back after half a minute without work. Keeps nothing alive. */
export function giveBackAtRest(): void {
  const readHeap = (): number => getHeapStatistics().total_physical_size;
  setInterval(createLook({ readShare: createShare(), readHeap, collect: collectAll }), LOOK_MS).unref();
}
