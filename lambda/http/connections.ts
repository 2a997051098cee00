// How many callers may be connected at once: so many that there is a file left for each of them, and some for ourselves.
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';

/** For the store, the log, uploads, and code that is loaded late: where they find none, everybody's requests fail. */
const OWN_FILES = 64;
/** Whether this is told is enough to know so often, ms. */
const TOLD_AGAIN_MS = 60_000;

/** How many files this process may have open; null where the system does not say, or sets no bound. */
export function readFileLimit(): number | null {
  try {
    const told = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return told === undefined ? null : Number(told);
  } catch {
    return null;
  }
}

/** Each caller may need a connection to a provider. null: there is no bound. */
export const toMostConnections = (files: number | null): number | null =>
  files === null ? null : Math.max(1, Math.floor((files - OWN_FILES) / 2));

/** Closes what comes beyond so many connections, and those that have said nothing yet: they are what others wait for. `tell` hears of it now and then. */
export function boundConnections(
  server: Server,
  most: number,
  { closeSilent, tell }: { readonly closeSilent: () => void; readonly tell: (most: number) => void },
): void {
  server.maxConnections = most;
  let toldAtMs = -Infinity;
  server.on('drop', () => {
    closeSilent();
    if (performance.now() - toldAtMs < TOLD_AGAIN_MS) return;
    toldAtMs = performance.now();
    tell(most);
  });
}
