// Fetches the model lists that the catalog is compared with: the live one, a file, or a pinned package.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseLive, parseSnapshot, type SourceMap } from './imported.ts';
import type { Import } from './findings.ts';

/** catalog/imports.json. */
export interface ImportsFile {
  readonly lineage: readonly string[];
  readonly live: { readonly url: string; readonly source: string; readonly providers: SourceMap };
  readonly snapshot: {
    readonly package: string;
    readonly version: string;
    readonly source: string;
    readonly asOf: string;
    readonly providers: SourceMap;
  };
}

const FETCH_TIMEOUT_MS = 15_000;
const run = promisify(execFile);

async function readJson(from: string): Promise<unknown> {
  if (!/^https?:/.test(from)) return JSON.parse(await readFile(from, 'utf8'));
  const reply = await fetch(from, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!reply.ok) throw new Error(`${from} answered ${reply.status}.`);
  return reply.json();
}

/** The live list from its address, or from `from` (an address or a file). Rejects when it can't be read or has another shape. */
export async function readLive(imports: ImportsFile, from: string, today: string): Promise<Import> {
  const { source, providers } = imports.live;
  return { source, asOf: today, lineage: imports.lineage, models: parseLive(await readJson(from), providers) };
}

/** npm as it runs this script, else the one on the path. */
function npm(args: readonly string[], cwd: string): Promise<unknown> {
  const own = process.env['npm_execpath'];
  if (own?.endsWith('.js')) return run(process.execPath, [own, ...args], { cwd });
  return run('npm', [...args], { cwd, shell: process.platform === 'win32' });
}

/** The pinned snapshot, packed into a temporary folder that is removed again. Rejects when npm can't fetch it. */
export async function readSnapshot(imports: ImportsFile): Promise<Import> {
  const { package: name, version, source, asOf, providers } = imports.snapshot;
  const folder = await mkdtemp(join(tmpdir(), 'freeway-catalog-'));
  try {
    // The version is named because npm silently packs an old release when the engine does not fit.
    await npm(['pack', `${name}@${version}`, '--silent'], folder);
    const archive = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm packed nothing for ${name}@${version}.`);
    await run('tar', ['-xzf', archive], { cwd: folder });
    const data = join(folder, 'package', 'dist', 'providers', 'data');
    const files: Record<string, unknown> = {};
    for (const { provider } of Object.values(providers)) {
      files[provider] = JSON.parse(await readFile(join(data, `${provider}.json`), 'utf8'));
    }
    return { source, asOf, lineage: imports.lineage, models: parseSnapshot(files, providers) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
