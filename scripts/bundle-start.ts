// Bundles so that all that a start loads lies in one file: to find, read and link twenty costs every cold start ten milliseconds.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

/** How a bundle is built. Files other than the entry lie in `folder` below `outdir`. */
export interface StartOptions extends BuildOptions {
  readonly entry: string;
  readonly name: string;
  readonly folder: string;
  readonly outdir: string;
  readonly absWorkingDir: string;
  readonly extension: string;
  /** Names stay as they are, so that the stacks of errors tell where they come from. */
  readonly named?: boolean;
}

const START = 'start';
const form = {
  bundle: true,
  splitting: true,
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  logLevel: 'error',
} as const;

/** Finds the entry `start`, which is the given text. What is `elsewhere` is not taken in. */
const startOf = (text: string, resolveDir: string, elsewhere: (path: string, kind: string) => boolean): Plugin => ({
  name: START,
  setup: (bundle) => {
    bundle.onResolve({ filter: /./ }, ({ path, kind }) => {
      if (kind === 'entry-point') return path === START ? { path, namespace: START } : null;
      return elsewhere(path, kind) ? { path, external: true } : null;
    });
    bundle.onLoad({ filter: /./, namespace: START }, () => ({ contents: text, resolveDir }));
  },
});

const isNamed = ({ kind, external }: { readonly kind: string; readonly external?: boolean }): boolean =>
  kind === 'import-statement' && external !== true;

/** What a source imports by name, as it says it. */
async function listImports(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    plugins: [startOf('', '', () => true)],
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
}

/** A file of the bundle: what it exports, and the files that it imports by name, as absolute paths. */
interface Part {
  readonly exports: readonly string[];
  readonly imports: readonly string[];
}

function toParts({ outputs }: Metafile, root: string): ReadonlyMap<string, Part> {
  const at = (path: string): string => resolve(root, path);
  const toPart = ({ exports, imports }: Metafile['outputs'][string]): Part => ({
    exports,
    imports: imports.filter(isNamed).map(({ path }) => at(path)),
  });
  return new Map(Object.entries(outputs).map(([path, output]) => [at(path), toPart(output)]));
}

/** What is loaded with a file, itself first. */
function listLoaded(parts: ReadonlyMap<string, Part>, entry: string): readonly string[] {
  const found = new Set([entry]);
  for (const path of found) for (const imported of parts.get(path)?.imports ?? []) found.add(imported);
  return [...found];
}

/** The names under which a file takes something from others, by their paths, as the bundler writes it. */
function listAsked(path: string): readonly (readonly [from: string, names: readonly string[]])[] {
  const statements = readFileSync(path, 'utf8').matchAll(/(?:import|export)\{([^{}]*)\}from"(\.[^"]*)"/g);
  return [...statements].map(([, names = '', from = '']) => [
    resolve(dirname(path), from),
    names.split(',').map((name) => name.split(' as ')[0] ?? ''),
  ]);
}

const exporting = (names: readonly string[], toEntry: (name: string) => string, from: string): string =>
  `export{${names.map(toEntry).join()}}from${JSON.stringify(from)};`;

/** Lays the parts that the entry loads into one. Who is loaded on demand finds under their old names what leads to it. */
async function join(options: StartOptions, parts: ReadonlyMap<string, Part>): Promise<void> {
  const { outdir, folder, name, extension, absWorkingDir, named = false } = options;
  const entry = resolve(outdir, `${name}${extension}`);
  const start = resolve(outdir, folder, `${START}${extension}`);
  const loaded = listLoaded(parts, entry).slice(1);
  rmSync(start, { force: true });
  if (loaded.length === 0) return;
  const later = [...parts].filter(([path]) => path !== entry && path !== start && !loaded.includes(path));
  const asked = new Map<string, Set<string>>(
    later.flatMap(([, { imports }]) => imports.map((path) => [path, new Set()])),
  );
  for (const [path] of later)
    for (const [from, names] of listAsked(path)) for (const name of names) asked.get(from)?.add(name);
  const exportsOf = (path: string): readonly string[] =>
    (parts.get(path)?.exports ?? []).filter((one) => asked.get(path)?.has(one) === true);
  const together = loaded.map((path, at) => exporting(exportsOf(path), (one) => `${one} as _${at}${one}`, path));
  const { outputFiles } = await build({
    entryPoints: { [name]: entry, [`${folder}/${START}`]: START },
    outdir,
    absWorkingDir,
    ...form,
    minifyIdentifiers: !named,
    outExtension: { '.js': extension },
    chunkNames: `${folder}/[name]-[hash]`,
    plugins: [startOf(together.join(''), outdir, (path, kind) => kind === 'dynamic-import' || !/^[./]/.test(path))],
    write: false,
  });
  for (const path of loaded) rmSync(path);
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  for (const [at, path] of loaded.entries()) {
    if (!asked.has(path)) continue;
    const text = exporting(exportsOf(path), (one) => `_${at}${one} as ${one}`, `./${basename(start)}`);
    writeFileSync(path, text);
  }
}

/**
 * Bundles an entry into its own code, one file with all that it loads, and files that are loaded on demand. The entry's own code stays
 * apart since it may wait for such as these, which would wait for it in turn. Answers what went in.
 */
export async function bundleWithStart(options: StartOptions): Promise<Metafile> {
  const { entry, name, folder, extension, named = false, plugins = [], ...rest } = options;
  const imports = await listImports(entry);
  const text = imports.map((path) => `import ${JSON.stringify(path)};`).join('\n');
  const { metafile } = await build({
    ...rest,
    ...form,
    minifyIdentifiers: !named,
    entryPoints: { [name]: entry, ...(imports.length > 0 ? { [`${folder}/${START}`]: START } : {}) },
    plugins: [startOf(text, dirname(entry), () => false), ...plugins],
    outExtension: { '.js': extension },
    chunkNames: `${folder}/[name]-[hash]`,
    metafile: true,
  });
  await join(options, toParts(metafile, options.absWorkingDir));
  return metafile;
}
