// A clock that runs faster than the system's, so that every wait of the gateway is shorter by the same factor; it stands still while the process does.
import type { Clock } from '#lambda/ports.ts';

/** Time is looked at this often, and no look counts for more than `MOST_MS`: what this machine does beside is not the gateway's doing. */
const LOOK_MS = 2;
const MOST_MS = 25;

/** Runs `speed` times as fast as real time, as long as the process gets to run. */
export function createFastClock(speed: number): Clock {
  let nowMs = Date.now();
  let lookedAtMs = performance.now();
  const now = (): number => {
    const realMs = performance.now();
    nowMs += Math.min(MOST_MS, realMs - lookedAtMs) * speed;
    lookedAtMs = realMs;
    return nowMs;
  };
  // Without looks in between, a quiet time would count as one long stop.
  let looks: NodeJS.Timeout | null = null;
  let waiting = 0;
  const hold = (): (() => void) => {
    if (waiting++ === 0) {
      now();
      looks = setInterval(now, LOOK_MS);
    }
    return () => {
      if (--waiting === 0 && looks !== null) clearInterval(looks);
    };
  };
  const after = (ms: number, fire: () => void): (() => void) => {
    const dueAtMs = now() + ms;
    const release = hold();
    let timer: NodeJS.Timeout;
    let isOver = false;
    const wait = (): void => {
      timer = setTimeout(
        () => {
          if (dueAtMs - now() > 0.5) return wait();
          isOver = true;
          release();
          fire();
        },
        Math.max(0, dueAtMs - nowMs) / speed,
      );
    };
    wait();
    return () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      release();
    };
  };
  return {
    now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => {
          cancel();
          reject(signal?.reason as Error);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        if (signal?.aborted === true) onAbort();
        else signal?.addEventListener('abort', onAbort, { once: true });
      }),
    random: Math.random,
  };
}
