// Bundles an entry for AWS Lambda: modern modules, minified, what is loaded on demand in chunks of its own.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { catalogAsFile, leanBuiltins, leanHttp, leanZod } from './bundle-plugins.ts';
import { bundleWithStart } from './bundle-start.ts';
import { toZip } from './zip.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packages that load files of their own beside their code: these files go along, and are loaded only when imported. */
const companions: Readonly<Record<string, readonly string[]>> = {
  tiktoken: ['package.json', 'tiktoken.cjs', 'tiktoken_bg.cjs', 'tiktoken_bg.wasm'],
};

// The AWS SDK holds a few modules in the older format, which ask for `require`.
const REQUIRE = `const require=(id)=>process.getBuiltinModule('node:module').createRequire(import.meta.url)(id);`;

export interface BundleFile {
  /** Relative to the folder of the bundle. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Bundle {
  /** In the order of their paths; `index.mjs` is the entry. */
  readonly files: readonly BundleFile[];
  readonly zip: Uint8Array;
}

function copyCompanions({ outputs }: Metafile, outDir: string): void {
  const imported = new Set(Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path)));
  for (const [name, files] of Object.entries(companions)) {
    if (![...imported].some((path) => path === name || path.startsWith(`${name}/`))) continue;
    for (const file of files) {
      const target = join(outDir, 'node_modules', name, file);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, 'node_modules', name, file), target);
    }
  }
}

function readFiles(folder: string): BundleFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(folder, path).replaceAll('\\', '/'), bytes: readFileSync(path) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Bundles `entry` into `outDir`, which is emptied first, with the web app built in `siteDir` beside it. The handler of an event function is
 * found as `index.mjs`; a web function starts `index.js`, which a package.json beside it makes a module.
 */
export async function bundleLambda({
  entry,
  outDir,
  siteDir,
  kind = 'event',
}: {
  entry: string;
  outDir: string;
  siteDir?: string;
  kind?: 'event' | 'web';
}): Promise<Bundle> {
  if (existsSync(outDir)) rmSync(outDir, { recursive: true });
  const metafile = await bundleWithStart({
    entry,
    name: 'index',
    folder: 'chunks',
    extension: kind === 'web' ? '.js' : '.mjs',
    outdir: outDir,
    absWorkingDir: root,
    mainFields: ['module', 'main'],
    external: Object.keys(companions),
    // A server needs all of node:http, the WebSocket's code with it.
    plugins: [...(kind === 'web' ? [] : [leanHttp]), leanBuiltins, leanZod, catalogAsFile],
    banner: { js: REQUIRE },
  });
  copyCompanions(metafile, outDir);
  if (kind === 'web') writeFileSync(join(outDir, 'package.json'), '{"type":"module"}\n');
  // Whoever does not take brotli gets the plain file: a third form of everything would only make the archive larger.
  const isNeeded = (path: string): boolean => !path.endsWith('.gz');
  if (siteDir !== undefined) cpSync(siteDir, join(outDir, 'ui'), { recursive: true, filter: isNeeded });
  const files = readFiles(outDir);
  return { files, zip: toZip(files) };
}
