// Packs what `npm start` runs into a few files: a start then reads those instead of five hundred, in half the time.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { catalogAsFile, leanHttp } from './bundle-plugins.ts';
import { packedFolder, root, type Manifest } from './packed.ts';

/** Packed forms that nobody has run for so long are removed. */
const KEEP_MS = 30 * 86_400_000;

/** Files go on finding what lies beside them in the sources. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return null;
      return {
        contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: 'ts',
      };
    });
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
  const { metafile } = await build({
    entryPoints: [join(root, 'scripts/serve.ts')],
    outdir: join(folder, id),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    // Of the packages, only the one of which a hundred files would be read at every start.
    plugins: [leanHttp, catalogAsFile, ownPlaces, externalBut('zod')],
    logLevel: 'silent',
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
