// Lists that npm run catalog is given: told apart by what is wrong with them, and dated by when they were made.
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import imports from '#catalog/imports.json' with { type: 'json' };
import { readLive } from '../../scripts/catalog/read-source.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalog-list-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string): ReturnType<typeof readLive> {
  const path = join(folder, 'list.json');
  await writeFile(path, text);
  await utimes(path, new Date('2026-09-01T00:00:00Z'), new Date('2026-10-02T12:00:00Z'));
  return readLive(imports, path, '2026-11-22');
}

test('a file counts as old as its last change, not as of today', async () => {
  const list = await read('{"groq": {"models": {"a": {"id": "a"}}}}');
  expect(list).toMatchObject({ source: 'modelsdev', asOf: '2026-10-02', models: [{ provider: 'groq', id: 'a' }] });
});

test.each([
  ['{bad', /list\.json can't be read: it is not JSON/],
  ['[]', /list\.json can't be read: it has another shape than api\.json of models\.dev/],
  ['{"groq": 7}', /another shape/],
  ['{}', /list\.json holds no model of any provider that catalog\/imports\.json names/],
  ['{"groq": {"models": {}}}', /holds no model/],
])('%s is refused, and why', async (text, reason) => {
  await expect(read(text)).rejects.toThrow(reason);
});

test('what is not there is told by its name', async () => {
  await expect(readLive(imports, join(folder, 'none.json'), '2026-11-22')).rejects.toThrow(/none\.json can't be read/);
  const address = 'http://127.0.0.1:9/api.json';
  await expect(readLive(imports, address, '2026-11-22')).rejects.toThrow(/127\.0\.0\.1:9\/api\.json can't be read/);
});
