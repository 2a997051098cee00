// Where the packed form of what `npm start` runs lies, and whether it is that of the sources as they are. Loads nothing that packing needs.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Not by import, for which Node would load all that they export.
const { createHash } = process.getBuiltinModule('node:crypto');
const { readFileSync, statSync, utimesSync } = process.getBuiltinModule('node:fs');

export const root = fileURLToPath(new URL('..', import.meta.url));
/** Of this very checkout: several may share their packages. */
const name = createHash('sha256').update(root).digest('hex').slice(0, 12);
export const packedFolder = join(root, 'node_modules', '.cache', 'packed', name);

/** A file that was packed, as it was then. */
export type PackedInput = readonly [path: string, mtimeMs: number, bytes: number];

/** Which of the packed forms is the newest, and what it was made of. */
export interface Manifest {
  readonly node: string;
  /** Relative to the folder. */
  readonly entry: string;
  /** Relative to the checkout. */
  readonly inputs: readonly PackedInput[];
}

const KEEP_EVERY_MS = 86_400_000;

/** The packed entry; null when there is none, or when a file has changed since. */
export function findPacked(folder = packedFolder): string | null {
  try {
    const { node, entry, inputs } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
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

/** Shows that somebody still runs it and may load more of it. */
export function keepPacked(entry: string): void {
  setInterval(() => {
    try {
      const now = new Date();
      utimesSync(dirname(entry), now, now);
    } catch {
      // It can't be written: then nobody will remove it either.
    }
  }, KEEP_EVERY_MS).unref();
}
