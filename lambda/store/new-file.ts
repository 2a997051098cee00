// Makes a file that nobody else may read, whole or not at all: a key that a full disk cut short would pass for one.
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** Gives it its name, unless another process was faster. */
function name(fresh: string, path: string): void {
  try {
    linkSync(fresh, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    // File systems without links have names all the same.
    renameSync(fresh, path);
  }
}

/** Makes the file and its folder, where they are not there yet. Throws errors of the file system. */
export function makeOnce(path: string, text: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o600 });
    name(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}
