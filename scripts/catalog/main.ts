// npm run catalog: compares the catalog with public model lists, reports what changed, and with --write takes prices and sizes over.
import { readFile, writeFile } from 'node:fs/promises';
import { providers } from '#catalog/index.ts';
import imports from '#catalog/imports.json' with { type: 'json' };
import { readArguments, runCommand } from '../arguments.ts';
import { applyFindings } from './apply.ts';
import { findChanges, type Import } from './findings.ts';
import { readLive, readSnapshot, type ImportsFile } from './read-source.ts';
import { isFault, toReport } from './report.ts';
import { toTidyJson } from './tidy-json.ts';

const usage = `npm run catalog -- [--from <address or file>] [--snapshot] [--write] [--check]
  --from      a list in the shape of models.dev/api.json, dated today or, a file, by its last change; default is that address,
              and where it can't be reached the snapshot
  --snapshot  compare with the pinned snapshot package at once
  --write     update prices, context and output limits that differ, and name the list as their source
  --check     exit with 1 when the catalog and the list differ`;

const file: ImportsFile = imports;

async function readImport(
  options: { from?: string | undefined; snapshot?: boolean | undefined },
  today: string,
): Promise<Import> {
  if (options.from !== undefined) return readLive(file, options.from, today);
  if (options.snapshot) return readSnapshot(file);
  try {
    return await readLive(file, file.live.url, today);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(`Using the snapshot ${file.snapshot.package}@${file.snapshot.version}.`);
    return readSnapshot(file);
  }
}

async function writeProviders(findings: ReturnType<typeof findChanges>, from: Import): Promise<string[]> {
  const written: string[] = [];
  for (const provider of providers) {
    const next = applyFindings(provider, findings, from);
    if (next === provider) continue;
    const path = new URL(`../../catalog/providers/${provider.id}.json`, import.meta.url);
    const text = toTidyJson(next);
    if ((await readFile(path, 'utf8')) === text) continue;
    await writeFile(path, text);
    written.push(provider.id);
  }
  return written;
}

async function main(): Promise<number> {
  const { values } = readArguments(usage, {
    options: {
      from: { type: 'string' },
      snapshot: { type: 'boolean' },
      write: { type: 'boolean' },
      check: { type: 'boolean' },
    },
  });
  const nowMs = Date.now();
  const from = await readImport(values, new Date(nowMs).toISOString().slice(0, 10));
  const findings = findChanges(providers, from, nowMs);
  console.log(toReport(findings, from));
  if (values.write) {
    const written = await writeProviders(findings, from);
    console.log(written.length > 0 ? `\nWritten: ${written.join(', ')}.` : '\nNothing written.');
  }
  return values.check && findings.some(isFault) ? 1 : 0;
}

await runCommand(main);
