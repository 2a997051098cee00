// What the file system says when a folder can't be written to, as a fault of the store, with what to do about it.
import { StoreUnavailable } from '../ports.ts';

/** Codes of a disk, or of somebody's share of it, that takes no more. */
const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** A fault of the store where the file system refused: full, read-only, gone, or out of files that may be open. Any other error as it is. */
export function toUnavailable(error: unknown, what: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  return new StoreUnavailable(
    `${what} (${String(error.code)}). Check disk space, permissions and the limit on open files.`,
    { isFull: full.has(error.code) },
  );
}
