// `npm run migrate`: takes over older settings through a running server, and changes the master key of saved secrets.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importResultSchema, type ImportResult } from '#shared/api/import.ts';
import type { Person } from '#lambda/ports-people.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createVault, forgetLost } from '#lambda/store/vault.ts';
import { addMasterKey, createKeyFileWrapper, forgetOlderKeys, readMasterKeys } from '#lambda/store/master-key.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { readArguments, runCommand, UsageError } from './arguments.ts';
import { localUrl, readServer } from './local-url.ts';

const usage = `npm run migrate -- <file> [--apply] [--server http://127.0.0.1:8787]
    Shows how older settings would be imported; --apply imports them. Files: .env, exports of the older web app
    (localStorage or IndexedDB as JSON), LiteLLM's config.yaml, lists of keys. "-" reads standard input.
npm run migrate -- rotate-master-key
    Encrypts the keys of saved secrets with a new master key. The server may keep running.
npm run migrate -- forget-lost-secrets [--apply]
    For a lost master key: counts the secrets that only it could open; --apply forgets them, so that they can be entered again.
The owner's key comes from FREEWAY_OWNER_KEY, or from the data folder (FREEWAY_DATA, default ./.freeway).`;

const folder = resolve(process.env['FREEWAY_DATA']?.trim() || './.freeway');

function readOwnerKey(): string {
  const path = join(folder, 'owner-key');
  const key = process.env['FREEWAY_OWNER_KEY'] ?? (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');
  if (key !== '') return key;
  throw new Error(`No owner's key: set FREEWAY_OWNER_KEY, or run this where ${path} lies (npm start makes it).`);
}

function show({ source, credentials, settings, unknown, notes }: ImportResult, applied: boolean): void {
  const words = { new: applied ? 'saved' : 'will be saved', present: 'is there already', refused: 'refused' } as const;
  console.log(`Read as ${source}.`);
  for (const { from, provider, name, status, message } of credentials)
    console.log(`  ${from} -> ${provider} "${name}": ${words[status]}${message === null ? '' : ` (${message})`}`);
  for (const { from, to, value } of settings) console.log(`  ${from} -> ${to} = ${value}`);
  if (unknown.length > 0)
    console.log(`  means nothing here, is kept beside your settings (GET /api/export): ${unknown.join(', ')}`);
  for (const note of notes) console.log(`  note: ${note}`);
  if (!applied) console.log('Nothing was saved: this was a dry run. Add --apply to save it.');
}

function readSettings(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `"${path}" can't be read: ${reason}. Name a file of settings, "-" for what is piped in, or what to do: rotate-master-key, forget-lost-secrets.`,
      {
        cause: error,
      },
    );
  }
}

async function importFile(path: string, { server, apply }: { server: string; apply: boolean }): Promise<void> {
  const text = readSettings(path);
  const reply = await fetch(`${server}/api/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${readOwnerKey()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text, dry_run: !apply }),
  }).catch(() => {
    throw new Error(`Nobody answers at ${server}. Start Freeway (npm start), or name its address by --server.`);
  });
  const json: unknown = await reply.json();
  if (!reply.ok)
    throw new Error(
      (json as { error?: { message?: string } }).error?.message ?? `The server answered ${reply.status}.`,
    );
  show(importResultSchema.parse(json), apply);
}

/** Whose keys stayed as they are, by address where they are on the list. */
function tellLeft(left: readonly string[], people: readonly Person[]): string {
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  const whose = left.map((id) => emails.get(id) ?? id).join(', ');
  return (
    `What opens the saved secrets of ${whose} is damaged, or wrapped by another master key, and was left as it is; older master keys stay in the file for it. ` +
    'Restore a backup, or forget it (npm run migrate -- forget-lost-secrets) and enter those secrets again. Then run this once more.'
  );
}

async function rotate(): Promise<void> {
  const path = join(folder, 'master-key');
  if (!existsSync(path)) throw new Error(`There is no master key in ${folder}: nothing was ever saved here.`);
  const store = createSqliteStore({ path: join(folder, 'freeway.sqlite') });
  try {
    const before = createKeyFileWrapper(readMasterKeys(path));
    // First readable by both, then wrapped anew, then only the new one is left: at no moment is anything out of reach.
    const after = createKeyFileWrapper(addMasterKey(path));
    const { count, left } = await createVault({ store, wrapper: before, now: Date.now }).rewrap(after);
    // A copy of what is damaged may turn up, and would be wrapped by an older key.
    if (left.length === 0) forgetOlderKeys(path);
    console.log(
      `A new master key is in force in ${path}; ${count} keys were wrapped anew. Keep a copy of it in a safe place.`,
    );
    if (left.length > 0) console.log(tellLeft(left, await createPeople(store, () => {}).list()));
  } finally {
    await store.close();
  }
}

async function forget(apply: boolean): Promise<void> {
  const path = join(folder, 'freeway.sqlite');
  if (!existsSync(path)) throw new Error(`There is no ${path}: set FREEWAY_DATA to the data folder.`);
  const store = createSqliteStore({ path });
  try {
    const wrapper = createKeyFileWrapper(readMasterKeys(join(folder, 'master-key')));
    const count = await forgetLost(store, wrapper, apply);
    if (count === 0) console.log('Everything can be opened by this master key: there is nothing to forget.');
    else if (apply)
      console.log(
        `${count} keys that only another master key could open are forgotten. The saved credentials are there without their secrets: enter those again (web app, Providers).`,
      );
    else
      console.log(
        `${count} keys can be opened by another master key only. If there is a copy of it, put that into ${folder}, and nothing is lost. If not, add --apply: they are forgotten, and no key that turns up later opens them.`,
      );
  } finally {
    await store.close();
  }
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments(usage, {
    allowPositionals: true,
    options: {
      apply: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      server: { type: 'string', default: localUrl(process.env) },
    },
  });
  const [what, ...others] = positionals;
  if (what === undefined) throw new UsageError('Name the file that holds the settings.', usage);
  if (others.length > 0) throw new UsageError(`One file is taken at a time, not ${others.length + 1}.`, usage);
  if (what === 'rotate-master-key') return rotate();
  if (what === 'forget-lost-secrets') return forget(values.apply && !values['dry-run']);
  await importFile(what, { server: readServer('--server', values.server), apply: values.apply && !values['dry-run'] });
}

await runCommand(main);
