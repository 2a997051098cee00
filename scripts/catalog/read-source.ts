// Fetches the model lists that the catalog is compared with: the live one, a file, or a pinned package.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
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

const isAddress = (from: string): boolean => /^https?:/.test(from);

async function readText(from: string): Promise<string> {
  if (!isAddress(from)) return readFile(from, 'utf8');
  const reply = await fetch(from, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!reply.ok) throw new Error(`it answered ${reply.status}.`);
  return reply.text();
}

/** What went wrong, in words for whoever gave the list. */
function toReason(error: unknown): string {
  if (error instanceof SyntaxError) return `it is not JSON (${error.message}).`;
  if (error instanceof z.core.$ZodError) return 'it has another shape than api.json of models.dev.';
  const { message = 'unknown reason', cause } = error instanceof Error ? error : {};
  return cause instanceof Error ? `${message}, ${cause.message}` : message;
}

/**
 * The live list from its address, or from `from` (an address or a file, which counts as old as its last change). Rejects when it can't be read,
 * has another shape, or holds nothing that could be compared.
 */
export async function readLive(imports: ImportsFile, from: string, today: string): Promise<Import> {
  const { source, providers } = imports.live;
  try {
    const models = parseLive(JSON.parse(await readText(from)), providers);
    const asOf = isAddress(from) ? today : (await stat(from)).mtime.toISOString().slice(0, 10);
    if (models.length > 0) return { source, asOf, lineage: imports.lineage, models };
  } catch (error) {
    throw new Error(`${from} can't be read: ${toReason(error)}`, { cause: error });
  }
  throw new Error(`${from} holds no model of any provider that catalog/imports.json names.`);
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
    await npm(['pack', `${name}@${version}`, '--silent'], folder).catch(() => {
      throw new Error(
        `npm can't fetch ${name}@${version}. Try again where npm reaches its registry, or give a copy of https://models.dev/api.json by --from <file>.`,
      );
    });
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
