// The store contract, run against every store there is, and what is particular to each.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '#lambda/ports.ts';
import { createDynamoStore, ensureTable } from '#lambda/store/dynamo.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { storeContract } from '../contracts/store.ts';
import { engineMissing, startDynamoEngine } from '../fakes/dynamo-engine.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('memory', async () => {
  let nowMs = 0;
  const store = createMemoryStore({ now: () => nowMs });
  return { store, setNow: (ms) => (nowMs = ms), close: () => store.close() };
});

storeContract('sqlite', async () => {
  let nowMs = 0;
  const store = createSqliteStore({ path: join(folder, 'contract.sqlite'), now: () => nowMs });
  return { store, setNow: (ms) => (nowMs = ms), close: () => store.close() };
});

describe.skipIf(engineMissing !== null)(
  `dynamodb${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`,
  () => {
    storeContract('on a real engine', async () => {
      const engine = await startDynamoEngine();
      let nowMs = 0;
      const client = engine.client();
      await ensureTable(client, 'contract');
      await ensureTable(client, 'contract');
      const store = createDynamoStore({ table: 'contract', client, now: () => nowMs });
      return {
        store,
        setNow: (ms) => (nowMs = ms),
        close: async () => {
          await store.close();
          await engine.close();
        },
      };
    });
  },
);

describe('sqlite alone', () => {
  it('keeps its file to the owner, and its items over a restart', async () => {
    const path = join(folder, 'deep', 'down', 'kept.sqlite');
    const first = createSqliteStore({ path });
    await first.put({ pk: 'a', sk: 'b' }, { n: 1 });
    await first.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    const second = createSqliteStore({ path });
    expect(await second.get({ pk: 'a', sk: 'b' })).toEqual({ n: 1 });
    await second.close();
  });

  it('refuses a file of a newer version, and one that is no database', () => {
    const newer = join(folder, 'newer.sqlite');
    const db = new DatabaseSync(newer);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => createSqliteStore({ path: newer })).toThrow(/newer Freeway/);
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'this is not a database, but it is long enough to look like one'.repeat(100));
    expect(() => createSqliteStore({ path: text })).toThrow(StoreUnavailable);
  });

  it('keeps a cap among several processes', async () => {
    const path = join(folder, 'shared.sqlite');
    await createSqliteStore({ path }).close();
    const worker = fileURLToPath(new URL('cap-worker.ts', import.meta.url));
    const applied = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<number>((done, fail) => {
            const child = fork(worker, [path], { execArgv: [] });
            child.on('message', (count) => done(Number(count)));
            child.on('error', fail);
            child.on('exit', (code) => code !== 0 && fail(new Error(`worker ended with ${code}`)));
          }),
      ),
    );
    expect(applied.reduce((sum, count) => sum + count, 0)).toBe(30);
  });
});

describe('dynamodb alone', () => {
  const dead = () =>
    createDynamoStore({
      table: 't',
      client: new DynamoDBClient({
        endpoint: 'http://127.0.0.1:1',
        region: 'x',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        maxAttempts: 1,
      }),
    });

  it('says that it is unavailable when nobody answers', async () => {
    await expect(dead().get({ pk: 'a', sk: 'b' })).rejects.toThrow(StoreUnavailable);
    await expect(dead().ping()).rejects.toThrow(/table "t" can't be used/);
  });

  it('refuses reserved names and expressions beyond what DynamoDB takes', async () => {
    const key = { pk: 'a', sk: 'b' };
    await expect(dead().update({ key, guards: [], add: {}, set: { pk: 'x' }, remove: [] })).rejects.toThrow(/reserved/);
    const add = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`n${index}`, index]));
    await expect(dead().update({ key, guards: [], add, set: {}, remove: [] })).rejects.toThrow(/Split the pools/);
  });
});
