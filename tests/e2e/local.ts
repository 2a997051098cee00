// Starts the real server on a free port in a temporary folder, for end-to-end tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocal, type LocalOptions, type LocalServer } from '#lambda/main.local.ts';
import type { Environment } from '#lambda/config.ts';

export const OWNER_KEY = 'owner-key-for-end-to-end-tests-0123456789';

export interface Started extends LocalServer {
  /** All that was logged. */
  readonly logs: string[];
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** One entry of FREEWAY_PROVIDERS. */
export const toEntry = (
  name: string,
  baseUrl: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  provider: 'openai-compatible',
  name,
  baseUrl,
  apiKey: `canary-${name}-key-7f3a9c`,
  tier: 'free',
  models: [
    {
      id: 'm1',
      size: 'large',
      context: 131_072,
      maxOutput: 8_192,
      capabilities: ['tools', 'vision', 'json', 'reasoning'],
    },
  ],
  ...more,
});

/** Starts with these entries of FREEWAY_PROVIDERS and further variables. */
export async function startServer(
  entries: readonly Record<string, unknown>[],
  env: Environment = {},
  more: Pick<LocalOptions, 'clock' | 'siteFolder' | 'stop'> = {},
): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'freeway-e2e-'));
  const logs: string[] = [];
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const server = await startLocal({
    env: {
      PORT: '0',
      FREEWAY_DATA: folder,
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_PROVIDERS: JSON.stringify(entries),
      ...env,
    },
    writeLog: (line) => logs.push(line),
    ...more,
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    ...server,
    logs,
    folder,
    stop: async () => {
      await server.close();
      remove();
    },
  };
}
