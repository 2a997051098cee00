// Two servers in two processes share one DynamoDB table, or one data folder: together they never exceed a provider's limit, by the provider's
// own count, and what they said is kept is kept, also by one that is killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';
import { OWNER_KEY, toEntry } from './local.ts';

const LIMIT = 30;
const REQUESTS = 120;
/** So many that they meet all the time, and so few that the store answers within its servers' patience. */
const AT_ONCE = 12;
/** Keys that are made before the server that makes them is killed. */
const MADE = 40;

/** A provider that counts its calls in the last minute, refuses what is too much, and remembers both. */
function startCountingProvider(): Promise<{ server: Server; url: string; served: number[]; refused: () => number }> {
  const served: number[] = [];
  let refused = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const now = Date.now();
      const recent = served.filter((at) => at > now - 60_000).length;
      if (recent >= LIMIT) {
        refused++;
        response
          .writeHead(429, { 'content-type': 'application/json' })
          .end('{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}');
        return;
      }
      served.push(now);
      setTimeout(() => {
        const message = { role: 'assistant', content: 'limited' };
        const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            id: 'x',
            object: 'chat.completion',
            created: 1,
            model: 'm1',
            choices: [{ index: 0, message, finish_reason: 'stop' }],
            usage,
          }),
        );
      }, 20);
    });
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () =>
      done({
        server,
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        served,
        refused: () => refused,
      }),
    );
  });
}

/** Starts the server as a person would, and answers its address once it listens. */
function startProcess(env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((done, fail) => {
    let out = '';
    const read = (data: Buffer): void => {
      out += data.toString();
      const url = /listening on (http:\S+)/.exec(out)?.[1];
      if (url) done({ child, url });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', (code) => fail(new Error(`the server ended with ${code}: ${out}`)));
  });
}

/** What each store needs to be shared, by the name of the server. */
const shared = {
  sqlite: (folder: string) => ({ FREEWAY_DATA: join(folder, 'both') }),
  dynamodb: (folder: string, name: string, engine: DynamoEngine | null) => ({
    ...engine?.env,
    FREEWAY_DATA: join(folder, name),
    FREEWAY_STORE: 'dynamodb:shared',
  }),
} as const;
const kinds = engineMissing === null ? (['sqlite', 'dynamodb'] as const) : (['sqlite'] as const);
const authorization = `Bearer ${OWNER_KEY}`;

describe.each(kinds)('two processes over %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'freeway-two-'));
  let engine: DynamoEngine | null = null;
  let provider: Awaited<ReturnType<typeof startCountingProvider>>;
  let servers: { child: ChildProcess; url: string }[] = [];

  beforeAll(async () => {
    if (kind === 'dynamodb') engine = await startDynamoEngine();
    provider = await startCountingProvider();
    const pools = [{ models: ['m1'], unit: 'requests', max: LIMIT, clock: { kind: 'rolling', seconds: 60 } }];
    const env = (name: string) => ({
      ...shared[kind](folder, name, engine),
      PORT: '0',
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_PROVIDERS: JSON.stringify([toEntry('limited', provider.url, { pools })]),
    });
    servers = await Promise.all(['one', 'two'].map((name) => startProcess(env(name))));
  });
  afterAll(async () => {
    for (const { child } of servers) child.kill('SIGKILL');
    provider.server.close();
    await engine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keep to the limit exactly, and use all of it', async () => {
    const ask = async (url: string): Promise<number> => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization, 'x-freeway-max-wait-ms': '0' },
        body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'hello' }] }),
      });
      await response.text();
      return response.status;
    };
    const statuses: number[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < REQUESTS) statuses.push(await ask(servers[next++ % 2]?.url ?? ''));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(provider.refused()).toBe(0);
    expect(provider.served).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 503)).toHaveLength(REQUESTS - LIMIT);
    expect(statuses).not.toContain(429);
    const health = (await (await fetch(`${servers[0]?.url}/health`)).json()) as { store: string };
    expect(health.store).toBe(kind);
  });

  it('have kept what they said is kept when one of them is killed in the middle', async () => {
    const [living, other] = servers;
    const keys = '/api/keys';
    const headers = { authorization, 'content-type': 'application/json' };
    const told: string[] = [];
    const make = async (): Promise<void> => {
      try {
        for (;;) {
          const reply = await fetch(`${other?.url}${keys}`, { method: 'POST', headers, body: '{"name":"bot"}' });
          told.push(((await reply.json()) as { id: string }).id);
          if (told.length === MADE) other?.child.kill('SIGKILL');
        }
      } catch {
        // It is gone.
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, make));
    expect(told.length).toBeGreaterThanOrEqual(MADE);
    const { data } = (await (await fetch(`${living?.url}${keys}`, { headers })).json()) as { data: { id: string }[] };
    const kept = new Set(data.map(({ id }) => id));
    expect(told.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('end gracefully when told to', async () => {
    const [first] = servers;
    const ended = new Promise((done) => first?.child.on('exit', (code) => done(code)));
    first?.child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
