// `npm run backup -- <file>`: copies the embedded store, as it is at one moment, while the server goes on.
import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readArguments, runCommand, UsageError } from './arguments.ts';

const usage = `npm run backup -- <file>
    Copies the store of the data folder (FREEWAY_DATA, default ./.freeway) into this file, and checks the copy.
    The server may go on running. A backup of that name is replaced once the new one is whole.
    A table of DynamoDB has its own backups: see docs/operate.md.`;

const folder = resolve(process.env['FREEWAY_DATA']?.trim() || './.freeway');

/** SQLite's own copy: one read of the whole, which writers need not wait for. */
function copy(source: string, target: string): void {
  const db = new DatabaseSync(source, { readOnly: true });
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    db.prepare('VACUUM INTO ?').run(target);
  } finally {
    db.close();
  }
}

function check(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const found = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
  } finally {
    db.close();
  }
}

function backUp(target: string): void {
  const source = join(folder, 'freeway.sqlite');
  if (!existsSync(source)) throw new Error(`There is no store in ${folder}. Name its folder by FREEWAY_DATA.`);
  const fresh = `${target}.${process.pid}.new`;
  try {
    // What it holds is for nobody else, not even while it is being made.
    process.umask(0o077);
    copy(source, fresh);
    check(fresh);
    chmodSync(fresh, 0o600);
    renameSync(fresh, target);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${source} could not be copied to ${target}: ${reason}. What was there is left as it was.`, {
      cause: error,
    });
  } finally {
    rmSync(fresh, { force: true });
  }
  console.log(`${target} holds the store, ${Math.ceil(statSync(target).size / 1024)} kB, checked.`);
  console.log(
    `What it holds of keys is opened by ${join(folder, 'master-key')} alone: keep a copy of that, in another place.`,
  );
}

await runCommand(() => {
  const [file, ...others] = readArguments(usage, { allowPositionals: true }).positionals;
  if (file === undefined) throw new UsageError('Name the file that the copy goes to.', usage);
  if (others.length > 0) throw new UsageError(`One file is made at a time, not ${others.length + 1}.`, usage);
  backUp(resolve(file));
});
