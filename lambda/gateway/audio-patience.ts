// How long whoever reads a recording may go without getting on: time that passes while it waits for bytes does not count.

export interface Patience {
  /** It got on: all its time is its own again. */
  renew(): void;
  /** It waits for others. Every wait is ended by `goOn`. */
  wait(): void;
  goOn(): void;
  /** It is over. */
  end(): void;
}

/** Calls `onLost` once after `limitMs` without getting on. By the time of this machine: it is a real thread that is watched. */
export function createPatience(limitMs: number, onLost: () => void): Patience {
  let leftMs = limitMs;
  let waits = 0;
  let sinceMs = 0;
  let timer: NodeJS.Timeout | null = null;
  let isOver = false;
  const stop = (): void => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    leftMs -= performance.now() - sinceMs;
  };
  const start = (): void => {
    sinceMs = performance.now();
    timer = setTimeout(onLost, Math.max(0, leftMs));
  };
  start();
  return {
    renew: () => {
      const isRunning = timer !== null;
      stop();
      leftMs = limitMs;
      if (isRunning) start();
    },
    wait: () => {
      waits++;
      stop();
    },
    goOn: () => {
      if (--waits === 0 && !isOver) start();
    },
    end: () => {
      isOver = true;
      stop();
    },
  };
}
