// Temporary folders that are gone when the bench is, however it ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder; it is removed when this process exits. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'freeway-bench-'));
  process.once('exit', () => {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A process that is still ending may be writing into it; the system's own clean-up gets the rest.
    }
  });
  return folder;
}
