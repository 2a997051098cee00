// Builds the web app if what is there is older than its sources; several at once build it once.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildUi } from './build.ts';
import { isUiStale, uiRoot } from './folders.ts';

const LOOK_EVERY_MS = 200;
/** The number of the process that builds. */
const lock = join(uiRoot, 'dist.lock');

function take(): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Whoever was killed while it built left its lock behind. */
function freeIfLeft(): void {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // Not yet written, or written by somebody at work.
    if (holder > 0) process.kill(holder, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') rmSync(lock, { force: true });
  }
}

/** Resolves when the built app is up to date, and nobody is still writing it. */
export async function ensureUi(): Promise<void> {
  for (;;) {
    if (existsSync(lock)) {
      freeIfLeft();
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    if (!isUiStale()) return;
    if (!take()) continue;
    try {
      await buildUi();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}
