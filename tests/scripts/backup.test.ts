// `npm run backup`: a whole copy of a store that is being written to, and nothing in its place that is less.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore } from '#lambda/store/sqlite.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let data: string;
let out: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'freeway-data-'));
  out = mkdtempSync(join(tmpdir(), 'freeway-backup-'));
});
afterEach(() => {
  for (const folder of [data, out]) rmSync(folder, { recursive: true, force: true });
});

function backUp(...args: string[]): { status: number | null; text: string } {
  const env = { PATH: process.env['PATH'] ?? '', FREEWAY_DATA: data };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/backup.ts', ...args], { cwd: root, env });
  return { status, text: `${stdout}${stderr}` };
}

it('holds all that was written before it, at one moment, for its owner alone', async () => {
  const store = createSqliteStore({ path: join(data, 'freeway.sqlite') });
  for (let at = 0; at < 500; at++) await store.put({ pk: 'before', sk: String(at).padStart(3, '0') }, { at });
  // Two items that only ever change together, written by another process as fast as it can.
  const writer = spawn(process.execPath, ['--input-type=module', '-e', `
    import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(${JSON.stringify(join(data, 'freeway.sqlite'))});
    db.exec('PRAGMA busy_timeout = 5000');
    const put = db.prepare("INSERT OR REPLACE INTO items (pk, sk, body) VALUES ('pair', ?, ?)");
    console.log('on');
    for (let at = 1; ; at++) {
      db.exec('BEGIN IMMEDIATE');
      for (const sk of ['a', 'b']) put.run(sk, JSON.stringify({ at }));
      db.exec('COMMIT');
    }
  `], { cwd: root }); // prettier-ignore
  await new Promise((done) => writer.stdout.once('data', done));
  const file = join(out, 'freeway.sqlite');
  writeFileSync(file, 'the backup of yesterday');
  const told = backUp(file);
  writer.kill('SIGKILL');
  await store.close();
  expect(told).toMatchObject({ status: 0, text: expect.stringContaining(join(data, 'master-key')) });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(out)).toEqual(['freeway.sqlite']);
  const copy = createSqliteStore({ path: file });
  expect((await copy.query('before')).items).toHaveLength(500);
  const [a, b] = (await copy.query('pair')).items;
  expect(a?.item).toEqual(b?.item);
  expect(a?.item['at']).toBeGreaterThan(0);
  await copy.close();
});

it('says what is wrong, and leaves the backup of before alone', () => {
  const file = join(out, 'freeway.sqlite');
  writeFileSync(file, 'the backup of yesterday');
  expect(backUp(file)).toMatchObject({ status: 1, text: expect.stringMatching(/no store in .*FREEWAY_DATA/) });
  writeFileSync(join(data, 'freeway.sqlite'), 'not a database at all, but long enough to look like one'.repeat(50));
  expect(backUp(file)).toMatchObject({ status: 1, text: expect.stringMatching(/not a database.*left as it was/s) });
  expect(readFileSync(file, 'utf8')).toBe('the backup of yesterday');
  expect(readdirSync(out)).toEqual(['freeway.sqlite']);
  expect(backUp()).toMatchObject({ status: 1, text: expect.stringContaining('npm run backup -- <file>') });
  expect(backUp(join(out, 'missing', 'x.sqlite'))).toMatchObject({ status: 1 });
  expect(existsSync(join(out, 'missing'))).toBe(false);
});
