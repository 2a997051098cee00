// A clock that runs faster than the system's, so that every wait of the gateway is shorter by the same factor; it runs only while the process waits.
import { performance } from 'node:perf_hooks';
import type { Clock } from '#lambda/ports.ts';

/** Time is looked at this often, and no look counts for more than `MOST_MS`: what this machine does beside is not the gateway's doing. */
const LOOK_MS = 2;
const MOST_MS = 6;

/** How long this process has waited for something to happen, ms: its work would count `speed` times, and machines differ. */
const waitedMs = (): number => performance.eventLoopUtilization().idle;

interface Pace {
  readonly now: () => number;
  /** Time is looked at until the answered function is called: without looks in between, a quiet time would count as a stop. */
  readonly hold: () => () => void;
}

function createPace(speed: number): Pace {
  let nowMs = Date.now();
  let lookedAtMs = waitedMs();
  let looks: NodeJS.Timeout | null = null;
  let waiting = 0;
  const now = (): number => {
    const idleMs = waitedMs();
    nowMs += Math.min(MOST_MS, idleMs - lookedAtMs) * speed;
    lookedAtMs = idleMs;
    return nowMs;
  };
  const hold = (): (() => void) => {
    if (waiting++ === 0) {
      now();
      looks = setInterval(now, LOOK_MS);
    }
    return () => {
      if (--waiting === 0 && looks !== null) clearInterval(looks);
    };
  };
  return { now, hold };
}

/** Runs `speed` times as fast as real time while the process waits, and stands still while it works. */
export function createFastClock(speed: number): Clock {
  const { now, hold } = createPace(speed);
  const after: Clock['after'] = (ms, fire) => {
    const dueAtMs = now() + ms;
    const release = hold();
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      release();
    };
    const wait = (): NodeJS.Timeout => setTimeout(look, Math.max(0, dueAtMs - now()) / speed);
    const look = (): void => {
      if (dueAtMs - now() > 0.5) {
        timer = wait();
        return;
      }
      end();
      fire();
    };
    let timer = wait();
    return end;
  };
  const sleep: Clock['sleep'] = (ms, signal) =>
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
    });
  return { now, after, sleep, random: Math.random };
}
