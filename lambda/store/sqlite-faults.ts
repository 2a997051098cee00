// What SQLite says when its file can't be used, told from faults of our own, with what to do about it.
import { StoreUnavailable } from '../ports.ts';

/** SQLite's result codes for faults of our own (mismatch, misuse, range), which must not pass for an outage. */
const ourFaults: ReadonlySet<number> = new Set([20, 21, 25]);
/** And for a file that is not, or no longer, what SQLite has written, or whose tables are not ours. */
const damage: ReadonlySet<number> = new Set([1, 11, 26]);

/** SQLite's result code; null for what is none of its faults. */
export const toCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;

/** Why the file can't be used; null when the fault is ours. */
function toReason(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && error.code === 'ERR_INVALID_STATE') return 'it has been closed';
  const code = toCode(error);
  if (code !== null) return ourFaults.has(code) ? null : error.message;
  return 'syscall' in error ? error.message : null;
}

/** SQLite's result code for a disk that takes no more. */
const FULL = 13;

/** What to do about it. */
const toAdvice = (error: unknown): string =>
  damage.has(toCode(error) ?? 0)
    ? 'The file is damaged, or none of Freeway\'s: stop Freeway, and put a backup in its place, without the files "-wal" and "-shm" beside it.'
    : 'Check disk space, permissions (those of its folder, too) and other processes that hold the file.';

/** Runs one act, telling a file that can't be used from a fault of ours. */
export const createGuard =
  (path: string) =>
  <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      const reason = toReason(error);
      if (reason === null) throw error;
      throw new StoreUnavailable(`SQLite can't use the store file ${path}: ${reason}. ${toAdvice(error)}`, {
        isFull: toCode(error) === FULL,
      });
    }
  };
