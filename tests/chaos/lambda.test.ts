// The built bundle on bad days, over a real DynamoDB engine: an instance killed, the store away, a secret replaced, KMS refusing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { startKms } from '../fakes/kms.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider } from '../fakes/provider/server.ts';
import { startSecretsServer } from '../fakes/secrets-manager.ts';
import { startStoreProxy, type StoreProxy, type Trouble } from '../fakes/store-proxy.ts';
import { useStage, type Stage } from '../lambda/stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long the store is away. What is promised does not depend on it. */
const AWAY_MS = 3 * SECOND;
const LIMIT = 5;
const WINDOW_MS = 3 * SECOND;
const CALLERS = 2;

let stage: Stage;
let proxy: StoreProxy;
let emulator: Emulator;
let shifts = 0;
const opened: (() => Promise<unknown>)[] = [];

interface Served {
  readonly provider: FakeProvider;
  readonly baseUrl: string;
}

async function serve(name: string, tokensPerSecond = 5_000): Promise<Served> {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond }];
  const provider = createFakeProvider({ name, models, keepEvents: 5_000, keepRequests: 5_000 }, { now: Date.now });
  const server = await serveFakeProvider(provider);
  opened.push(server.close);
  return { provider, baseUrl: server.baseUrl };
}

/** Lets instances live in another time, which can be changed as they go. */
function toShiftedClock(): { readonly env: Record<string, string>; set(aheadMs: number): void } {
  const file = join(stage.folder(), `shift-${shifts++}`);
  const script = `${file}.mjs`;
  writeFileSync(file, '0');
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
const now = Date.now;
Date.now = () => now() + Number(readFileSync(${JSON.stringify(file)}, 'utf8'));`,
  );
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(script).href}` },
    set: (aheadMs) => {
      proxy.aheadMs = aheadMs;
      writeFileSync(file, String(aheadMs));
    },
  };
}

async function open(env: Readonly<Record<string, string>>): Promise<Emulator> {
  const table = await stage.openTable();
  emulator = await startEmulator({
    bundleDir: stage.bundleDir(),
    // Longer than any time that is skipped.
    timeoutMs: 60 * MINUTE,
    env: {
      ...table.env,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.url,
      ...env,
    },
  });
  opened.push(emulator.close);
  return emulator;
}

const toEnv = (entries: readonly Record<string, unknown>[]): Record<string, string> => ({
  FREEWAY_PROVIDERS: JSON.stringify(entries),
});

const send = (path: string, body: unknown): Promise<Response> =>
  fetch(`${emulator.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const chat = (more: object = {}): Promise<Response> =>
  send('/v1/chat/completions', { model: 'm1', max_tokens: 5, messages: [{ role: 'user', content: 'hello' }], ...more });
/** Who answered. */
async function servedBy(): Promise<string | null> {
  const reply = await chat();
  await reply.text();
  // An instance that still finishes would make the next request start another one.
  await Promise.all(emulator.instances().map((instance) => instance.free()));
  return reply.status === 200 ? reply.headers.get('x-freeway-credential') : `status ${reply.status}`;
}

/** Resolves when there is an instance for each caller: one that still finishes would make the next request start another one. */
async function haveFree(): Promise<void> {
  for (;;) {
    const living = emulator.instances().filter((one) => one.state() !== 'dead');
    const busy = living.filter((one) => one.state() !== 'frozen');
    if (living.length - busy.length >= CALLERS) return;
    await Promise.race(busy.map((one) => one.free()));
  }
}

/** Starts more instances than are needed, so that none has to start in the middle of the trouble. */
async function warmUp(): Promise<void> {
  const replies = await Promise.all([1, 2, 3, 4, 5, 6].map(() => chat()));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
}

interface Load {
  /** Resolves when so many that were asked from now on have been answered, or refused. */
  more(count: number): Promise<void>;
  /** Does something between two requests, while none is under way: a clock that jumps ends the time of those that are. */
  between(act: () => void): Promise<void>;
  /** Answers whatever was no answer. */
  stop(): Promise<string[]>;
}

/** Callers who never rest, until told. */
function startLoad(pauseMs: number): Load {
  const over = new AbortController();
  const refusals: string[] = [];
  let answered = 0;
  let underWay = 0;
  let halt: Promise<void> | null = null;
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await haveFree();
      if (halt !== null) await halt;
      underWay++;
      const reply = await chat();
      const text = await reply.text();
      if (reply.status !== 200) refusals.push(text);
      answered++;
      underWay--;
      await sleep(pauseMs);
    }
  };
  const workers = Array.from({ length: CALLERS }, work);
  const stop = async (): Promise<string[]> => {
    over.abort();
    await Promise.all(workers);
    return refusals;
  };
  opened.push(stop);
  const more = async (count: number): Promise<void> => {
    const most = answered + CALLERS + count;
    await expect.poll(() => answered).toBeGreaterThanOrEqual(most);
  };
  const between = async (act: () => void): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    halt = promise;
    await expect.poll(() => underWay).toBe(0);
    act();
    halt = null;
    resolve();
  };
  return { more, between, stop };
}

describe.skipIf(engineMissing !== null)(`bundle${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`, () => {
  stage = useStage();
  afterEach(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });

  const openProxy = async (): Promise<void> => {
    proxy = await startStoreProxy(stage.engine().endpoint);
    opened.push(proxy.close);
  };

  it('killed in the middle of a stream: no false end, and its place comes back with the lease', async () => {
    await openProxy();
    const [alpha, beta] = [await serve('alpha', 40), await serve('beta')];
    const pools = [{ models: ['m1'], unit: 'concurrent', max: 1, clock: { kind: 'concurrent' } }];
    const time = toShiftedClock();
    await open({
      ...time.env,
      ...toEnv([
        toEntry('alpha', alpha.baseUrl, { priority: 1, pools }),
        toEntry('beta', beta.baseUrl, { priority: 2 }),
      ]),
    });
    const reply = await chat({ stream: true, max_tokens: 500 });
    expect(reply.headers.get('x-freeway-credential')).toBe('alpha');
    let heard = '';
    const listen = async (): Promise<void> => {
      for await (const chunk of reply.body as ReadableStream<Uint8Array>) {
        if (heard === '') void emulator.instances()[0]?.kill();
        heard += Buffer.from(chunk).toString();
      }
    };
    await expect(listen()).rejects.toThrow('terminated');
    expect(heard).toContain('data: ');
    expect(heard).not.toMatch(/\[DONE\]|"finish_reason":"/);
    // Everybody else is answered at once, and nobody takes the place twice.
    expect(await servedBy()).toBe('beta');
    time.set(9 * MINUTE);
    expect(await servedBy()).toBe('beta');
    time.set(10 * MINUTE + 10 * SECOND);
    expect(await servedBy()).toBe('alpha');
    expect(await servedBy()).toBe('alpha');
  });

  it.each<Trouble>(['refuses', 'hangs', 'throttles'])(
    'the store %s: all are answered, limits hold within their bound, and it is asked again',
    async (trouble) => {
      await openProxy();
      const [alpha, beta] = [await serve('alpha'), await serve('beta')];
      const pools = [
        { models: ['m1'], unit: 'requests', max: LIMIT, clock: { kind: 'rolling', seconds: WINDOW_MS / SECOND } },
      ];
      await open(
        toEnv([
          toEntry('alpha', alpha.baseUrl, { priority: 1, pools }),
          toEntry('beta', beta.baseUrl, { priority: 2 }),
        ]),
      );
      await warmUp();
      const load = startLoad(50);
      await load.more(10);
      expect(alpha.provider.books().maxInAnyWindow(WINDOW_MS)).toBeLessThanOrEqual(LIMIT);
      proxy.trouble = trouble;
      // Nobody waits until it is back.
      await Promise.all([sleep(AWAY_MS), load.more(10)]);
      proxy.trouble = null;
      const met = proxy.troubled;
      await Promise.all([sleep(WINDOW_MS + SECOND), load.more(20)]);
      expect(await load.stop()).toEqual([]);
      expect(met).toBeGreaterThan(0);
      expect(emulator.logs()).toContain('store.unavailable');
      const most = alpha.provider.books().maxInAnyWindow(WINDOW_MS);
      expect(most).toBeGreaterThanOrEqual(LIMIT - 1);
      expect(most).toBeLessThanOrEqual(LIMIT * (emulator.instances().length + 1));

      // Who starts now knows nothing of what people have set, and keeps to that.
      proxy.trouble = trouble;
      await Promise.all(emulator.instances().map((instance) => instance.kill()));
      const refused = await chat();
      expect([refused.status, await refused.text()]).toEqual([
        500,
        expect.stringMatching(/holds the settings .*Try again/),
      ]);
      proxy.trouble = null;
      await expect.poll(servedBy).toMatch(/alpha|beta/);
    },
  );

  it('a secret replaced under load: nobody notices, and within five minutes only the new key is used', async () => {
    await openProxy();
    const alpha = await serve('alpha');
    const toSecret = (apiKey: string): string => JSON.stringify(toEnv([toEntry('alpha', alpha.baseUrl, { apiKey })]));
    const secrets = await startSecretsServer({ settings: toSecret('canary-first-key-4f8a1c22') });
    opened.push(secrets.close);
    const time = toShiftedClock();
    await open({
      ...time.env,
      FREEWAY_SECRET_ID: 'settings',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    });
    const keysWithin = (fromMs: number, untilMs: number): string[] => [
      ...new Set(
        alpha.provider
          .received()
          .filter(({ atMs, path }) => atMs >= fromMs && atMs < untilMs && path.endsWith('completions'))
          .map(({ headers }) => String(headers['authorization'])),
      ),
    ];
    await warmUp();
    const load = startLoad(10);
    await load.more(10);
    const replacedAtMs = Date.now();
    secrets.secrets.set('settings', toSecret('canary-other-key-9b7d3e55'));
    await load.more(10);
    // Instances that know the old one have not looked yet.
    expect(keysWithin(replacedAtMs, Infinity)).toContain('Bearer canary-first-key-4f8a1c22');
    await load.between(() => time.set(5 * MINUTE + SECOND));
    await load.more(20);
    const changedAtMs = Date.now();
    await load.more(10);
    // Secrets Manager away: what is known goes on, with an instance that has not been asked since that is the old one.
    const awayAtMs = Date.now();
    secrets.fault = 'InternalServiceError';
    await load.between(() => time.set(11 * MINUTE));
    await load.more(20);
    expect(await load.stop()).toEqual([]);
    expect(keysWithin(changedAtMs, awayAtMs)).toEqual(['Bearer canary-other-key-9b7d3e55']);
    expect(emulator.logs()).toContain('secret.stale');
    expect(emulator.logs()).not.toMatch(/canary-(first|other)/);
  });

  it('KMS refuses: the environment’s credentials serve, and whoever gives a key is told what to allow', async () => {
    await openProxy();
    const kms = await startKms();
    opened.push(kms.close);
    const alpha = await serve('alpha');
    await open({
      ...toEnv([toEntry('alpha', alpha.baseUrl)]),
      FREEWAY_KMS_KEY_ID: 'alias/freeway',
      AWS_ENDPOINT_URL_KMS: kms.url,
    });
    const give = (name: string): Promise<Response> =>
      send('/api/credentials', {
        provider: 'openai-compatible',
        name,
        base_url: 'https://nobody.invalid/v1',
        plan: 'free',
        models: [{ id: 'm2' }],
        fields: { apiKey: `canary-given-key-${name}` },
      });
    const given = await give('first');
    expect(given.status).toBe(201);
    kms.refuse();
    // A new instance knows no data key yet.
    await Promise.all(emulator.instances().map((instance) => instance.kill()));
    expect(await servedBy()).toBe('alpha');
    expect(emulator.logs()).toMatch(/credentials\.unreachable.*kms:Decrypt/);
    const refused = await give('second');
    const text = await refused.text();
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(text).toMatch(/kms:Encrypt and kms:Decrypt/);
    expect(`${emulator.logs()}${text}`).not.toMatch(/canary-(given|role)/);
  });
});
