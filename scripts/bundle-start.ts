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

/** The files of a bundle, and those that each imports by name, as absolute paths. */
type Parts = ReadonlyMap<string, readonly string[]>;

function toParts({ outputs }: Metafile, root: string): Parts {
  const at = (path: string): string => resolve(root, path);
  const listNamed = ({ imports }: Metafile['outputs'][string]): string[] =>
    imports.filter(isNamed).map(({ path }) => at(path));
  return new Map(Object.entries(outputs).map(([path, output]) => [at(path), listNamed(output)]));
}

/** What is loaded with a file, itself first. */
function listLoaded(parts: Parts, entry: string): readonly string[] {
  const found = new Set([entry]);
  for (const path of found) for (const imported of parts.get(path) ?? []) found.add(imported);
  return [...found];
}

/** What one file takes from another, as the bundler writes it: `import{a as b}from"./c.mjs"`. */
const TAKEN = /(?<=\b(?:import|export))(?:\{([^{}]*)\}from)?"(\.[^"]*)"/g;

/** What the part `at` of all that the entry loads calls `name`. */
const toJoined = (at: number, name: string): string => `_${at}${name}`;

/** The text of a file that lies beside the start, and takes from there what the entry loads; `take` is told of each name. */
function redirect(
  path: string,
  { loaded, start }: { loaded: readonly string[]; start: string },
  take: (at: number, name: string) => void,
): string {
  return readFileSync(path, 'utf8').replaceAll(TAKEN, (taken, list: string | undefined, from: string) => {
    const at = loaded.indexOf(resolve(dirname(path), from));
    if (at < 0) return taken;
    const names = (list ?? '').split(',').filter((entry) => entry !== '');
    const joined = names.map((entry) => {
      const [name = '', own = name] = entry.split(' as ');
      take(at, name);
      return `${toJoined(at, name)} as ${own}`;
    });
    return `${list === undefined ? '' : `{${joined.join()}}from`}"./${basename(start)}"`;
  });
}

/** Lays the parts that the entry loads into one, and leads whoever is loaded on demand there. */
async function join(options: StartOptions, parts: Parts): Promise<void> {
  const { outdir, folder, name, extension, absWorkingDir, named = false } = options;
  const entry = resolve(outdir, `${name}${extension}`);
  const start = resolve(outdir, folder, `${START}${extension}`);
  const loaded = listLoaded(parts, entry).slice(1);
  rmSync(start, { force: true });
  if (loaded.length === 0) return;
  const asked = loaded.map(() => new Set<string>());
  for (const path of parts.keys()) {
    if (path === entry || path === start || loaded.includes(path)) continue;
    writeFileSync(
      path,
      redirect(path, { loaded, start }, (at, one) => asked[at]?.add(one)),
    );
  }
  const together = loaded.map((path, at) => {
    const names = [...(asked[at] ?? [])].map((one) => `${one} as ${toJoined(at, one)}`);
    return `export{${names.join()}}from${JSON.stringify(path)};`;
  });
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
