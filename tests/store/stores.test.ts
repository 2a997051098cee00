// The store contract, run against every store there is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
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
      const admin = engine.client();
      await ensureTable(admin, 'contract');
      await ensureTable(admin, 'contract');
      const store = engine.openStore('contract', () => nowMs);
      return {
        store,
        setNow: (ms) => (nowMs = ms),
        close: async () => {
          await store.close();
          admin.destroy();
          await engine.close();
        },
      };
    });
  },
);
