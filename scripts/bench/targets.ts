// Who is measured: the provider itself (direct), the reference proxy, Freeway with 500 candidates that all lead to that provider, and peers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toEntries } from './fleet.ts';
import { findNginx } from './nginx.ts';
import { installPeers } from './peers.ts';
import { start, toScript, toStart, type Program, type Running } from './processes.ts';
import { makeFolder } from '../temporary.ts';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** What every request to it must carry. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Targets {
  /** `direct` first, then the reference, then the others. */
  readonly list: readonly Target[];
  /** A second Freeway, for some of whose providers nobody answers; null when it could not be started. */
  readonly lame: Target | null;
  /** What could not be started, and why. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

const OWNER_KEY = 'bench-owner-key-0123456789-0123456789';
const headers = { authorization: `Bearer ${OWNER_KEY}` };
/** A port that is never listened on. */
const DEAD_URL = 'http://127.0.0.1:9/v1';

/** Freeway over the bench's fleet. */
export function toFreeway(providerUrl: string, deadUrl: string | null = null): Program {
  const folder = makeFolder();
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify(toEntries(providerUrl, deadUrl)));
  return toStart({
    FREEWAY_DATA: join(folder, 'data'),
    FREEWAY_PROVIDERS: `@${path}`,
    FREEWAY_OWNER_KEY: OWNER_KEY,
    FREEWAY_DEMO: 'off',
    NODE_ENV: 'production',
  });
}

/** Starts everything; peers with this Node, unless it is null. What can't be started but the provider and the reference is reported as missing. */
export async function startTargets(peerNode: string | null): Promise<Targets> {
  const running: Running[] = [];
  const missing: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop()));
  };
  const open = async (name: string, program: Program, more = {}): Promise<Target> => {
    const one = await start(program);
    running.push(one);
    return { name, port: one.port, pid: one.pid, headers: { ...headers, ...more } };
  };
  const attempt = async (name: string, program: Program, more = {}): Promise<Target | null> => {
    try {
      return await open(name, program, more);
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  try {
    const direct = await open('direct', toScript('scripts/bench/mock.ts', {}));
    const reference = await open(
      'reference',
      toScript('scripts/bench/reference.ts', { UPSTREAM_PORT: `${direct.port}` }),
    );
    const providerUrl = `http://127.0.0.1:${direct.port}/v1`;
    const others = [await attempt('freeway', toFreeway(providerUrl))];
    const nginx = findNginx(direct.port);
    if (nginx) others.push(await attempt('nginx', nginx));
    else missing.push('nginx: it is not installed here');
    const lame = await attempt('freeway', toFreeway(providerUrl, DEAD_URL));
    const unasked = { peers: [], missing: ['peers: ask for them with --peers'] };
    const found = peerNode === null ? unasked : installPeers(providerUrl, peerNode);
    missing.push(...found.missing);
    for (const { name, program, headers } of found.peers) others.push(await attempt(name, program, headers));
    return { list: [direct, reference, ...others.filter((target) => target !== null)], lame, missing, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
