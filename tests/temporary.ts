// A temporary folder for one run of the tests: what they, or processes they start, leave in it is gone when the run is, however its files end.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moveTemporary } from '../scripts/temporary.ts';

const PREFIX = 'freeway-tests-';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be told anything, but it runs.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes what runs have left that were killed. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isRunning(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** Leads everything that asks for the temporary folder, in this process and those it starts, to one of this run's own. */
export function useOwnTemporary(): void {
  const parent = tmpdir();
  sweep(parent);
  const own = join(parent, `${PREFIX}${process.pid}`);
  mkdirSync(own, { recursive: true });
  moveTemporary(own);
  // A process that is still ending may write once more.
  process.once('exit', () => rmSync(own, { recursive: true, force: true, maxRetries: 5 }));
}
