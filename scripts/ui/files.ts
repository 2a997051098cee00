// The files of the built web app: which there are, how large they are once compressed, and what loads what.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One entry of Vite's manifest, as far as it is used here. */
export interface ManifestEntry {
  readonly file: string;
  readonly isDynamicEntry?: boolean;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly css?: readonly string[];
}
export type Manifest = Readonly<Record<string, ManifestEntry>>;

/** All files below a folder, relative to it. */
export const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

/** What the build says of its entries and chunks. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;

/** The files that loading one entry brings at once, itself among them. */
export function closureOf(manifest: Manifest, key: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key]?.imports ?? []) closureOf(manifest, next, seen);
  return seen;
}
