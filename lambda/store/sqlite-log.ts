// Keeps SQLite's log of writes short: moves what was written into the file itself and gives the room of the log back, once nobody writes for a
// while, and after a write that found no room. Hardly any of it is new in the file, and all of it made the log longer.
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { toCode } from './sqlite-faults.ts';

/** So long nobody has written. */
const REST_MS = 10_000;
/** A log of writes that is shorter is left as it is while there is room: it will be used again. */
const LEAST_BYTES = 4 * 1024 * 1024;
/** SQLite's result codes for a disk that takes no more; room is made this often at most. */
const noRoom: ReadonlySet<number> = new Set([10, 13]);
const TIDY_MS = 1_000;

export interface WriteLog {
  /** Something was written, or may lie there from before. */
  written(): void;
  /** Runs an act over the file. Where one has found no room, the next makes some first. */
  tidily<T>(act: () => T): T;
  close(): void;
}

export interface WriteLogOptions {
  /** Path of the database file. */
  readonly path: string;
  readonly restMs?: number | undefined;
}

/**
 * The first moves what there is, and waits for nobody. The second keeps writers out: only when nothing is left to move, and so it has hardly
 * anything to do. What can't be done now (others hold the file, or there is no room for that either) is done the next time.
 */
function tidy(db: DatabaseSync): void {
  try {
    const moved = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    if (moved?.['log'] === moved?.['checkpointed']) db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // Whoever writes next is told what is wrong with the file.
  }
}

/** Watches over the log of the file at this path, which is open here. */
export function createWriteLog(db: DatabaseSync, { path, restMs = REST_MS }: WriteLogOptions): WriteLog {
  let timer: NodeJS.Timeout | null = null;
  let writtenAtMs = 0;
  let isFull = false;
  let madeRoomAtMs = -Infinity;
  const isLong = (): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= LEAST_BYTES;
  const wake = (inMs: number): void => {
    timer = setTimeout(() => {
      timer = null;
      const leftMs = writtenAtMs + restMs - performance.now();
      if (leftMs > 0) wake(leftMs);
      else if (db.isOpen && isLong()) tidy(db);
    }, inMs).unref();
  };
  const makeRoom = (): void => {
    if (db.isTransaction || performance.now() - madeRoomAtMs < TIDY_MS) return;
    madeRoomAtMs = performance.now();
    isFull = false;
    tidy(db);
  };
  return {
    written: () => {
      writtenAtMs = performance.now();
      if (timer === null) wake(restMs);
    },
    tidily: (act) => {
      if (isFull) makeRoom();
      try {
        return act();
      } catch (error) {
        isFull ||= noRoom.has(toCode(error) ?? 0);
        throw error;
      }
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
