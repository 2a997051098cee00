// Who is measured: the provider itself (direct), the reference proxy, and Freeway with 500 candidates that all lead to that provider.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toEntries } from './fleet.ts';
import { start, type Running } from './processes.ts';
import { makeFolder } from './temporary.ts';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

export interface Targets {
  /** `direct` first, then the reference, then the others. */
  readonly list: readonly Target[];
  /** Key that Freeway accepts; the others look at none. */
  readonly apiKey: string;
  /** What could not be started, and why. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

const OWNER_KEY = 'bench-owner-key-0123456789-0123456789';

function startFreeway(folder: string, providerPort: number): Promise<Running> {
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify(toEntries(`http://127.0.0.1:${providerPort}/v1`)));
  return start('scripts/start.ts', {
    FREEWAY_DATA: join(folder, 'data'),
    FREEWAY_PROVIDERS: `@${path}`,
    FREEWAY_OWNER_KEY: OWNER_KEY,
    FREEWAY_DEMO: 'off',
    NODE_ENV: 'production',
  });
}

/** Starts everything. What can't be started but the provider is reported as missing. */
export async function startTargets(): Promise<Targets> {
  const folder = makeFolder();
  const running: Running[] = [];
  const list: Target[] = [];
  const missing: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop()));
  };
  const add = async (name: string, starting: Promise<Running>): Promise<number> => {
    const one = await starting;
    running.push(one);
    list.push({ name, port: one.port, pid: one.pid });
    return one.port;
  };
  try {
    const providerPort = await add('direct', start('scripts/bench/mock.ts', {}));
    await add('reference', start('scripts/bench/reference.ts', { UPSTREAM_PORT: String(providerPort) }));
    await add('freeway', startFreeway(folder, providerPort)).catch((error: unknown) => {
      missing.push(`freeway: ${error instanceof Error ? error.message : String(error)}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { list, apiKey: OWNER_KEY, missing, stop };
}
