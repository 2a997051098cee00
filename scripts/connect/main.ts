// `npm run connect -- <client>`: shows how a client is told to use Freeway; with --write does it, keeping a copy of what was there.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectClients, type ConnectFile } from '#shared/connect.ts';
import { readArguments, runCommand, UsageError } from '../arguments.ts';
import { localUrl, readServer } from '../local-url.ts';
import { mergeFile } from './merge.ts';

const usage = `npm run connect -- <client> [--write] [--url http://127.0.0.1:8787] [--key fwy_...] [--model auto]

Clients: ${Object.keys(connectClients).join(', ')}
Without --write nothing is changed: what would be written is shown.
The key is taken from --key, FREEWAY_API_KEY, or the owner's key of this machine.`;

function readKey(given: string | undefined): string | null {
  const key = given ?? process.env['FREEWAY_API_KEY'] ?? process.env['FREEWAY_OWNER_KEY'];
  if (key) return key;
  const path = join(process.env['FREEWAY_DATA'] ?? '.freeway', 'owner-key');
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}

const toPath = (path: string): string => path.replace(/^~/, process.env['HOME'] ?? homedir());

/** Writes the file beside a copy of the one before. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) {
    const copy = `${path}.before-freeway-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    copyFileSync(path, copy);
    console.log(`Kept a copy: ${copy}`);
  }
  // It holds a key.
  writeFileSync(path, text, { mode: 0o600 });
  console.log(`Wrote ${path}`);
}

function apply(file: ConnectFile, { isWriting, key }: { isWriting: boolean; key: string }): void {
  const path = toPath(file.path);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let after: string;
  try {
    after = mergeFile(before, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new Error(`${path} can't be read (${reason}). It was left alone.`, { cause: error });
  }
  if (after === before) return console.log(`${path} needs no change.`);
  if (isWriting) return write(path, after);
  const shown = after.replaceAll(key, `${key.slice(0, 4)}...${key.slice(-4)}`);
  console.log(`${existsSync(path) ? 'Would change' : 'Would create'} ${path}:\n\n${shown}`);
}

function main(): void {
  const { values, positionals } = readArguments(usage, {
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      url: { type: 'string', default: process.env['FREEWAY_URL'] ?? localUrl(process.env) },
      key: { type: 'string' },
      model: { type: 'string', default: 'auto' },
    },
  });
  const [client] = positionals;
  if (client === undefined) throw new UsageError('Name a client.', usage);
  const toSetup = connectClients[client];
  if (toSetup === undefined) throw new UsageError(`There is no client "${client}".`, usage);
  const key = readKey(values.key);
  if (key === null) throw new UsageError('No API key was found. Give one with --key, or start Freeway first.', usage);
  const { name, files, steps } = toSetup({ url: readServer('--url', values.url), apiKey: key, model: values.model });
  console.log(`${name} over Freeway at ${values.url}\n`);
  for (const file of files) apply(file, { isWriting: values.write, key });
  if (files.length > 0 && !values.write) console.log('Nothing was changed. Add --write to do it.');
  for (const [index, step] of steps.entries()) console.log(`${index + 1}. ${step}`);
}

await runCommand(main);
