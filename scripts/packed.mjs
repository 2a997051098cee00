// Where the packed form of what `npm start` runs lies, and whether it is that of the sources as they are. Loads nothing that packing needs.
// Plain JavaScript, as `start.mjs` says.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Not by import, for which Node would load all that they export.
const { createHash } = process.getBuiltinModule('node:crypto');
const { readFileSync, statSync, utimesSync } = process.getBuiltinModule('node:fs');

export const root = fileURLToPath(new URL('..', import.meta.url));
/** Of this very checkout: several may share their packages. */
const name = createHash('sha256').update(root).digest('hex').slice(0, 12);
export const packedFolder = join(root, 'node_modules', '.cache', 'packed', name);

/**
 * A file that was packed, as it was then: its path, when it was changed (ms since 1970) and its length (bytes).
 * @typedef {readonly [path: string, mtimeMs: number, bytes: number]} PackedInput
 */

/**
 * Which of the packed forms is the newest, and what it was made of. `entry` is relative to the folder, paths of inputs to the checkout.
 * @typedef {{ readonly node: string, readonly entry: string, readonly inputs: readonly PackedInput[] }} Manifest
 */

const KEEP_EVERY_MS = 86_400_000;
/** Packing takes a second; a machine on which it takes this long starts from the sources. */
const PACK_MS = 30_000;

/**
 * The packed entry; null when there is none, or when a file has changed since.
 * @returns {string | null}
 */
export function findPacked(folder = packedFolder) {
  try {
    /** @type {Manifest} */
    const { node, entry, inputs } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    if (node !== process.version) return null;
    const isCurrent = inputs.every(([path, mtimeMs, bytes]) => {
      // Not by join(), which hundreds of files would make worth optimising: 6 MB of the compiler.
      const stats = statSync(root + path, { throwIfNoEntry: false });
      return stats !== undefined && stats.mtimeMs === mtimeMs && stats.size === bytes;
    });
    const path = join(folder, entry);
    return isCurrent && statSync(path, { throwIfNoEntry: false }) ? path : null;
  } catch {
    return null;
  }
}

/**
 * Packs the sources, in a process of its own, and answers the packed entry, or why there is none.
 * @returns {string | { readonly reason: string }}
 */
export function packApart() {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const scripts = ['node24.mjs', 'pack-main.ts'].map((script) => join(root, 'scripts', script));
  const { error, stderr } = spawnSync(process.execPath, scripts, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: PACK_MS,
  });
  const said = /(?:\[ERROR\]|^\w*Error:) (.*)/m.exec(stderr ?? '')?.[1];
  return findPacked() ?? { reason: error?.message ?? said ?? 'nothing was said' };
}

/**
 * Shows that somebody still runs it and may load more of it.
 * @param {string} entry
 */
export function keepPacked(entry) {
  setInterval(() => {
    try {
      const now = new Date();
      utimesSync(dirname(entry), now, now);
    } catch {
      // It can't be written: then nobody will remove it either.
    }
  }, KEEP_EVERY_MS).unref();
}
