// Every kind of store there is on this machine, by name, opened empty over a clock.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Store } from '#lambda/ports.ts';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-keys-'));
let engine: DynamoEngine | null = null;
beforeAll(async () => {
  if (engineMissing === null) engine = await startDynamoEngine();
});
afterAll(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

let tables = 0;
const all: readonly (readonly [string, (clock: FakeClock) => Promise<Store>])[] = [
  ['memory', async (clock) => createMemoryStore(clock)],
  ['sqlite', async ({ now }) => createSqliteStore({ path: join(folder, `keys-${tables++}.sqlite`), now })],
  [
    'dynamodb',
    async ({ now }) => {
      const admin = engine!.client();
      const table = `keys${tables++}`;
      await ensureTable(admin, table);
      admin.destroy();
      return engine!.openStore(table, now);
    },
  ],
];

/** Name and opener. DynamoDB stands among them where npm brings an engine. */
export const stores = all.filter(([name]) => name !== 'dynamodb' || engineMissing === null);
