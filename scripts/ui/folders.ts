// Where the web app lies and is built to, and whether what was built is up to date. Loads nothing that building needs.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The folder of the web app. */
export const uiRoot = join(root, 'ui');
/** Where the built app lies. */
export const uiDist = `${uiRoot}/dist`;

/** Whether what was built is older than what it is built from. */
export function isUiStale(): boolean {
  const built = join(uiDist, 'index.html');
  if (!existsSync(built)) return true;
  const builtAtMs = statSync(built).mtimeMs;
  const isNewer = (path: string): boolean => statSync(path).mtimeMs > builtAtMs;
  const hasNewer = (folder: string): boolean =>
    readdirSync(folder, { withFileTypes: true }).some((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? path !== uiDist && hasNewer(path) : isNewer(path);
    });
  return hasNewer(uiRoot) || hasNewer(join(root, 'shared')) || isNewer(join(root, 'package-lock.json'));
}
