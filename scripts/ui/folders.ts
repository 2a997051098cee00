// Where the web app lies and is built to, and whether what was built is up to date. Loads nothing that building needs.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listFiles } from './files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The folder of the web app. */
export const uiRoot = join(root, 'ui');
/** Where the built app lies. */
export const uiDist = join(uiRoot, 'dist');

/** Whether what was built is older than what it is built from. */
export function isUiStale(): boolean {
  const built = join(uiDist, 'index.html');
  if (!existsSync(built)) return true;
  const builtAtMs = statSync(built).mtimeMs;
  const sources = [
    ...listFiles(uiRoot)
      .filter((path) => !path.startsWith('dist'))
      .map((path) => join(uiRoot, path)),
    ...listFiles(join(root, 'shared')).map((path) => join(root, 'shared', path)),
    join(root, 'package-lock.json'),
  ];
  return sources.some((path) => statSync(path).mtimeMs > builtAtMs);
}
