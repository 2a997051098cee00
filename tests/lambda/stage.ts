// What tests of the built function stand on: its bundle, a real DynamoDB engine, and tables in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { bundleLambda } from '../../scripts/lambda-bundle.ts';
import { OWNER_KEY } from '../e2e/local.ts';
import { startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';

/** There while the tests run that asked for it. */
export interface Stage {
  /** A folder of the test's own; the bundle lies in it. */
  readonly folder: () => string;
  readonly bundleDir: () => string;
  readonly engine: () => DynamoEngine;
  /** Makes an empty table. Answers its name, and the environment that leads a function to it and knows its owner. */
  readonly openTable: () => Promise<{ readonly table: string; readonly env: Readonly<Record<string, string>> }>;
}

/** Sets it up before the tests around this call, and takes it down after them. */
export function useStage(): Stage {
  let folder: string;
  let engine: DynamoEngine;
  let tables = 0;
  const bundleDir = (): string => join(folder, 'bundle');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'freeway-stage-'));
    const entry = fileURLToPath(new URL('../../lambda/main.lambda.ts', import.meta.url));
    await bundleLambda({ entry, outDir: bundleDir() });
    engine = await startDynamoEngine();
  });
  afterAll(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => folder,
    bundleDir,
    engine: () => engine,
    openTable: async () => {
      const table = `table${tables++}`;
      const client = engine.client();
      await ensureTable(client, table);
      client.destroy();
      return { table, env: { ...engine.env, FREEWAY_STORE: `dynamodb:${table}`, FREEWAY_OWNER_KEY: OWNER_KEY } };
    },
  };
}
