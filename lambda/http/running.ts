// Knows when nothing is under way any more, so that a server that stops cuts nobody's settling short.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Handler } from '../ports.ts';

/** How long settling may take after that. */
const SETTLE_MS = 5_000;

/** Counts the requests under way: what follows a reply (settling) goes on after its connection has closed. */
export function countRunning(handler: Handler): { handler: Handler; settled: () => Promise<unknown> } {
  let running = 0;
  let idle: PromiseWithResolvers<void> | null = null;
  return {
    handler: async (exchange) => {
      running++;
      try {
        await handler(exchange);
      } finally {
        if (--running === 0) idle?.resolve();
      }
    },
    settled: () => {
      idle = Promise.withResolvers();
      if (running === 0) idle.resolve();
      return Promise.race([idle.promise, sleep(SETTLE_MS, undefined, { ref: false })]);
    },
  };
}
