// Builds the web app if what is there is older than its sources; several at once build it once.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildUi } from './build.ts';
import { isUiStale, uiRoot } from './folders.ts';

const LOOK_EVERY_MS = 200;
/** Whoever holds the lock for longer has died. */
const LONGEST_MS = 60_000;

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the built app is up to date. */
export async function ensureUi(): Promise<void> {
  const lock = join(uiRoot, 'dist.lock');
  for (let waitedMs = 0; isUiStale(); waitedMs += LOOK_EVERY_MS) {
    if (waitedMs > LONGEST_MS) rmSync(lock, { recursive: true, force: true });
    if (!take(lock)) {
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    try {
      await buildUi();
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}
