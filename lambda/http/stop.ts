// Stops a server without breaking promises: what is in flight may finish, is then told to end, and is cut only at last.
import type { Server } from 'node:http';

export interface StopTimes {
  /** How long replies in flight may go on. */
  readonly graceMs: number;
  /** How long they then have for a last word. */
  readonly farewellMs: number;
}

/** How a stop went: everything had finished, had to be told to end, or had to be cut. */
export type Stopped = 'finished' | 'interrupted' | 'cut';

const SWEEP_MS = 50;

/** Takes no new connections, and resolves when the last one is closed. `interrupt` tells replies in flight to end. */
export function stopServer(server: Server, interrupt: () => void, times: StopTimes): Promise<Stopped> {
  let stopped: Stopped = 'finished';
  const tell = setTimeout(() => {
    stopped = 'interrupted';
    interrupt();
  }, times.graceMs);
  const cut = setTimeout(() => {
    stopped = 'cut';
    server.closeAllConnections();
  }, times.graceMs + times.farewellMs);
  // A connection whose reply has just ended counts as busy for a moment, and as idle then.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(tell);
      clearTimeout(cut);
      clearInterval(sweep);
      resolve(stopped);
    });
    server.closeIdleConnections();
  });
}
