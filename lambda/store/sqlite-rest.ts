// Moves what was written into the file itself, and gives the room of SQLite's log of writes back, once nobody writes for a while.
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** So long nobody has written. */
const REST_MS = 10_000;
/** A log of writes that is shorter is left as it is: it will be used again. */
const LEAST_BYTES = 4 * 1024 * 1024;

export interface Rest {
  /** Something was written, or may lie there from before. */
  written(): void;
  close(): void;
}

export interface RestOptions {
  /** Path of the database file. */
  readonly path: string;
  readonly restMs?: number | undefined;
}

/**
 * The first moves what there is, and waits for nobody. The second keeps writers out: only when nothing is left to move, and so it has hardly
 * anything to do. What can't be done now (others hold the file, or the disk is full) is done after the next rest.
 */
function tidy(db: DatabaseSync): void {
  try {
    const moved = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    if (moved?.['log'] === moved?.['checkpointed']) db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // Whoever writes next is told what is wrong with the file.
  }
}

/** Watches over the file at this path, which is open here. */
export function createRest(db: DatabaseSync, { path, restMs = REST_MS }: RestOptions): Rest {
  let timer: NodeJS.Timeout | null = null;
  let writtenAtMs = 0;
  const isLong = (): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= LEAST_BYTES;
  const wake = (inMs: number): void => {
    timer = setTimeout(() => {
      timer = null;
      const leftMs = writtenAtMs + restMs - performance.now();
      if (leftMs > 0) wake(leftMs);
      else if (db.isOpen && isLong()) tidy(db);
    }, inMs).unref();
  };
  return {
    written: () => {
      writtenAtMs = performance.now();
      if (timer === null) wake(restMs);
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
