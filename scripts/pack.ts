// Packs what `npm start` runs into a few files: a start then reads those instead of five hundred, in half the time.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { catalogAsFile, laterBuiltins, leanBuiltins, leanZod } from './bundle-plugins.ts';
import { bundleWithStart } from './bundle-start.ts';
import { packedFolder, root, type Manifest } from './packed.mjs';

/** Packed forms that nobody has run for so long are removed. */
const KEEP_MS = 30 * 86_400_000;

/** As its escape, which means the same in texts and in patterns. */
const toEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Files go on finding what lies beside them in the sources. And they are ASCII: a single other character would make the engine keep the whole
 * file with two bytes for each.
 */
const ownSources: Plugin = {
  name: 'own-sources',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        // eslint-disable-next-line no-control-regex
        .replace(/[^\0-\x7f]/g, toEscape),
      loader: 'ts',
    }));
  },
};

function removeOld(folder: string): void {
  const before = Date.now() - KEEP_MS;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && statSync(path).mtimeMs < before) rmSync(path, { recursive: true, force: true });
  }
}

/** Packs the sources as they are. Whoever runs an older form keeps it: each is a folder of its own. */
export async function pack(folder = packedFolder): Promise<void> {
  const id = `${Date.now().toString(36)}-${process.pid}`;
  const metafile = await bundleWithStart({
    entry: join(root, 'scripts/serve.ts'),
    name: 'serve',
    folder: 'parts',
    extension: '.mjs',
    named: true,
    outdir: join(folder, id),
    absWorkingDir: root,
    // Of the packages, only the one of which a hundred files would be read at every start.
    plugins: [laterBuiltins, leanBuiltins, leanZod, catalogAsFile, ownSources, externalBut('zod')],
  });
  const inputs = [...Object.keys(metafile.inputs), 'package.json']
    .map((path) => path.replace(/^[\w-]+:/, ''))
    .filter((path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile());
  const catalog = readdirSync(join(root, 'catalog'), { recursive: true, encoding: 'utf8' })
    .map((path) => join('catalog', path))
    .filter((path) => statSync(join(root, path)).isFile());
  const manifest: Manifest = {
    node: process.version,
    entry: relative(folder, join(folder, id, 'serve.mjs')),
    inputs: [...new Set([...inputs, ...catalog])].map((path) => {
      const { mtimeMs, size } = statSync(join(root, path));
      return [path, mtimeMs, size];
    }),
  };
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `manifest-${id}.json`);
  writeFileSync(draft, JSON.stringify(manifest));
  renameSync(draft, join(folder, 'manifest.json'));
  removeOld(folder);
}

/** Leaves packages where they are, but for one. */
function externalBut(name: string): Plugin {
  return {
    name: 'external-packages',
    setup: (bundle) => {
      bundle.onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
        kind === 'entry-point' || path === 'catalog.json' || path === name || path.startsWith(`${name}/`)
          ? null
          : { path, external: true },
      );
    },
  };
}
