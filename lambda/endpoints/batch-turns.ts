// Turns: of all batches on this machine only so many requests are asked at once, however many are open, and others find room beside them.

/** Requests of all batches that one process asks at once. */
const MOST_AT_ONCE = 16;

/** Does the work when it is its turn: first come, first served, so that batches take turns, too. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    // Whoever ends hands its turn on, so that nobody comes in between.
    if (running >= MOST_AT_ONCE) await new Promise<void>((begin) => queue.push(begin));
    else running++;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
