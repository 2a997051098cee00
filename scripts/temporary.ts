// Temporary folders that are gone when the script is, however it ends; and the one that stays.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of what is to stay for the next start, where TMPDIR is one that goes. */
const LASTING = 'FREEWAY_LASTING_TMPDIR';

/** A new folder; it is removed when this process exits. */
export function makeFolder(prefix = 'freeway-bench-'): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.once('exit', () => {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A process that is still ending may be writing into it; the system's own clean-up gets the rest.
    }
  });
  return folder;
}

/** From now on the temporary folder of this process, and of those it starts, is this one. */
export function moveTemporary(folder: string): void {
  process.env[LASTING] ??= tmpdir();
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
}

/** Does something in the temporary folder that stays. */
export async function inLasting<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = process.env[LASTING] ?? tmpdir();
  const { TMPDIR: before } = process.env;
  process.env['TMPDIR'] = folder;
  try {
    return await act(folder);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
