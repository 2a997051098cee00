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

/** Makes a folder for this user alone, and those above it. Throws errors of the file system. Node's own way never comes to an end where a folder that is there says that it is not (/proc). */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Makes the file and its folder, where they are not there yet. Throws errors of the file system. */
export function makeOnce(path: string, text: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o600 });
    name(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}
