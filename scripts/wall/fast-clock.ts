// A clock that runs faster than the system's, so that every wait of the gateway is shorter by the same factor.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#lambda/ports.ts';

/** Runs `speed` times as fast as real time. */
export function createFastClock(speed: number): Clock {
  const startMs = Date.now();
  const zero = performance.now();
  return {
    now: () => startMs + (performance.now() - zero) * speed,
    sleep: (ms, signal) => sleep(ms / speed, undefined, signal ? { signal } : {}),
    after: (ms, fire) => {
      const timer = setTimeout(fire, ms / speed);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}
