// Moves what was written into the file itself, and gives the room of SQLite's log of writes back, once nobody writes for a while. A process
// of its own does it: it waits for the disk, so that whoever asks meanwhile does not, and leaves no memory behind, as a thread would.
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** So long nobody has written. */
const REST_MS = 10_000;
/** A log of writes that is shorter is left as it is: it will be used again. */
const LEAST_BYTES = 4 * 1024 * 1024;
/** By this a process knows that it is one of ours. */
const ROLE = 'freeway-sqlite-rest';

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

/** What can't be done now (others hold the file, or the disk is full) is done after the next rest. It knows nothing of our environment, where keys stand. */
function startTidying(path: string): void {
  const child = spawn(process.execPath, [import.meta.filename, ROLE, path], { env: {}, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
}

/** Watches over the file at this path. */
export function createRest({ path, restMs = REST_MS }: RestOptions): Rest {
  let timer: NodeJS.Timeout | null = null;
  let writtenAtMs = 0;
  const isLong = (): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= LEAST_BYTES;
  const wake = (inMs: number): void => {
    timer = setTimeout(() => {
      timer = null;
      const leftMs = writtenAtMs + restMs - performance.now();
      if (leftMs > 0) wake(leftMs);
      else if (isLong()) startTidying(path);
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

/**
 * The first moves what there is, while others read and write. The second keeps writers out: only when nothing is left to move it is over in
 * some milliseconds; else somebody is writing again, and there will be another rest.
 */
function tidy(path: string): void {
  const db = new DatabaseSync(path);
  try {
    const moved = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    if (moved?.['log'] === moved?.['checkpointed']) db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

const [, , role, path] = process.argv;
if (role === ROLE && path !== undefined) tidy(path);
