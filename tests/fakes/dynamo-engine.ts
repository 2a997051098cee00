// A real DynamoDB engine for tests: the binary that npm brings for some platforms, in memory, on a free port.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Store } from '#lambda/ports.ts';
import { createTableClient } from '#lambda/store/dynamo-client.ts';
import { createDynamoStore } from '#lambda/store/dynamo.ts';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';

export interface DynamoEngine {
  readonly endpoint: string;
  /** Environment that leads the SDK of another process to this engine. */
  readonly env: Readonly<Record<string, string>>;
  client(): DynamoDBClient;
  /** A store over one of its tables, as patient as a test is. */
  openStore(table: string, now?: () => number): Store;
  close(): Promise<void>;
}

/** How long it may take to answer, ms: on a machine that does much else, too. */
const PATIENCE_MS = 60_000;

const binary = fileURLToPath(
  new URL(`../../node_modules/@dynoxide/${process.platform}-${process.arch}/dynoxide`, import.meta.url),
);

/** Why there is no engine on this machine; null when there is one. */
export const engineMissing: string | null = existsSync(binary)
  ? null
  : `npm brings no DynamoDB engine for ${process.platform}-${process.arch}`;

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}

/** Starts an empty engine and waits until it answers. */
export async function startDynamoEngine(): Promise<DynamoEngine> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ['--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done()).once('error', () => done());
  });
  const stop = (): Promise<void> => {
    child.kill('SIGKILL');
    return ended;
  };
  // A test run that breaks off must not leave its engine behind.
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const client = (): DynamoDBClient =>
    new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  const first = client();
  const untilMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await first.send(new ListTablesCommand({}));
      break;
    } catch (error) {
      if (Date.now() > untilMs || child.exitCode !== null) {
        await stop();
        throw error;
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  first.destroy();
  return {
    endpoint,
    env,
    client,
    openStore: (table, now = Date.now) =>
      createDynamoStore({
        table,
        now,
        patienceMs: PATIENCE_MS,
        client: createTableClient({
          endpoint,
          region: 'us-east-1',
          credentials: () => Promise.resolve({ accessKeyId: 'local', secretAccessKey: 'local' }),
          requestMs: PATIENCE_MS,
          connectMs: PATIENCE_MS,
        }),
      }),
    close: () => {
      process.off('exit', abandon);
      return stop();
    },
  };
}
