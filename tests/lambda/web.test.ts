// The bundle for Lambda Web Functions: a server on the address the runtime names, over a real DynamoDB engine and simulated providers.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { fromUsageItem } from '#lambda/store/usage-items.ts';
import { bundleLambda } from '../../scripts/lambda-bundle.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { startH2Provider, type H2Provider } from '../http/h2-provider.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(engineMissing !== null)(
  `web function${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`,
  () => {
    let folder: string;
    let engine: DynamoEngine;
    let provider: FakeProvider;
    let server: FakeServer;
    let shared: H2Provider;
    let child: ChildProcess;
    let url: string;
    let logs = '';

    /** Starts the bundle, and waits until it listens. */
    const start = async (
      more: Readonly<Record<string, string>> = {},
    ): Promise<{ child: ChildProcess; url: string }> => {
      const endpoint = `127.0.0.1:${await freePort()}`;
      let told = '';
      const started = spawn(process.execPath, ['index.js'], {
        cwd: folder,
        env: {
          ...engine.env,
          AWS_LAMBDA_HTTP_ENDPOINT: endpoint,
          FREEWAY_STORE: 'dynamodb:web',
          FREEWAY_OWNER_KEY: OWNER_KEY,
          NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../fixtures/tls/localhost-test-cert.pem', import.meta.url)),
          FREEWAY_PROVIDERS: JSON.stringify([
            toEntry('alpha', server.baseUrl, { models: [{ id: 'm1' }, { id: 'slow' }] }),
            toEntry('shared', `${shared.url}/v1`, { models: [{ id: 'm2' }] }),
          ]),
          ...more,
        },
      });
      const hear = (chunk: Buffer): void => {
        told += chunk.toString();
        logs += chunk.toString();
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      const untilMs = Date.now() + 60_000;
      while (!told.includes('server.listening')) {
        if (Date.now() > untilMs || started.exitCode !== null) throw new Error(`It does not listen: ${told}`);
        await sleep(20);
      }
      return { child: started, url: `http://${endpoint}` };
    };

    const client = (): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'freeway-web-'));
      const entry = fileURLToPath(new URL('../../lambda/main.web.ts', import.meta.url));
      await bundleLambda({ entry, outDir: folder, kind: 'web' });
      engine = await startDynamoEngine();
      const dynamo = engine.client();
      await ensureTable(dynamo, 'web');
      dynamo.destroy();
      provider = createFakeProvider(
        {
          name: 'alpha',
          models: [
            { id: 'm1', ttftMs: 30, tokensPerSecond: 1_000 },
            { id: 'slow', ttftMs: 30, tokensPerSecond: 10 },
          ],
        },
        { now: Date.now },
      );
      server = await serveFakeProvider(provider);
      shared = await startH2Provider();
      ({ child, url } = await start());
    });
    afterAll(async () => {
      child.kill('SIGKILL');
      await server.close();
      await shared.close();
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('answers many at once in one instance, each whole', async () => {
      const ask = async (round: number): Promise<string | null | undefined> => {
        const messages = [{ role: 'user' as const, content: `request ${round}` }];
        const answer = await client().chat.completions.create({ model: 'm1', messages });
        return answer.choices[0]?.message.content;
      };
      const answers = await Promise.all(Array.from({ length: 40 }, (_, round) => ask(round)));
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]?.length).toBeGreaterThan(100);
      expect(provider.books().total()).toMatchObject({ limited: 0 });
    });

    it('shares a session of HTTP/2 where a provider offers it', async () => {
      const message = { role: 'assistant', content: 'hello' };
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      const reply = JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm2', choices });
      shared.on('/v1/chat/completions', ({ request, response }) => {
        request.resume();
        request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(reply));
      });
      const messages = [{ role: 'user' as const, content: 'hello' }];
      const ask = (): Promise<unknown> => client().chat.completions.create({ model: 'm2', messages });
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      expect(answers).toMatchObject(answers.map(() => ({ choices: [{ message: { content: 'hello' } }] })));
      expect(shared.asked.filter((one) => one === '2 /v1/chat/completions').length).toBeGreaterThan(1);
    });

    it('lets nobody in without the key, and is well', async () => {
      expect((await fetch(`${url}/v1/models`)).status).toBe(401);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', store: 'dynamodb' });
    });

    it('behind a distribution takes requests that come by way of it, and no others', async () => {
      const behind = await start({ FREEWAY_EDGE_SECRET: 'known-to-the-edge' });
      const ask = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${behind.url}/v1/models`, { headers: { authorization: `Bearer ${OWNER_KEY}`, ...headers } }))
          .status;
      try {
        expect(await ask({})).toBe(403);
        expect(await ask({ 'x-freeway-edge': 'guessed' })).toBe(403);
        expect(await ask({ 'x-freeway-edge': 'known-to-the-edge' })).toBe(200);
      } finally {
        behind.child.kill('SIGKILL');
      }
    });

    it('told to stop ends a stream with a word, and writes down what waits to be written', async () => {
      const messages = [{ role: 'user' as const, content: 'hello' }];
      const stream = await client().chat.completions.create({ model: 'slow', stream: true, messages });
      let words = 0;
      const read = async (): Promise<void> => {
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content && words++ === 0) child.kill('SIGTERM');
      };
      const exit = once(child, 'exit');
      await expect(read()).rejects.toThrow(/being stopped/);
      const [code] = (await exit) as [number | null];
      expect(words).toBeGreaterThan(0);
      expect(code).toBe(0);
      expect(logs).toContain('server.stopped');
      const store = engine.openStore('web');
      const day = new Date().toISOString().slice(0, 10);
      const { items } = await store.query(`usage#${day}`);
      const written = items.flatMap(({ item }) => fromUsageItem(item).records);
      expect(written.length).toBeGreaterThanOrEqual(40);
      await store.close();
    });
  },
);
