// Batches on Lambda: nothing goes on between requests there, so whoever looks after a batch makes it go on, and whoever dies leaves it to the next.
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { useStage } from './stage.ts';

const ENDPOINT = '/v1/chat/completions';

describe.skipIf(engineMissing !== null)(
  `batches on Lambda${engineMissing === null ? '' : ` (${engineMissing})`}`,
  () => {
    const { bundleDir, openTable } = useStage();
    let provider: FakeProvider;
    let server: FakeServer;
    let emulator: Emulator;
    let client: OpenAI;

    beforeAll(async () => {
      const models = [{ id: 'm1', ttftMs: 20, tokensPerSecond: 100_000 }];
      provider = createFakeProvider({ name: 'alpha', models, answer: 'echo', keepRequests: 1_000 }, { now: Date.now });
      server = await serveFakeProvider(provider);
      emulator = await startEmulator({
        bundleDir: bundleDir(),
        timeoutMs: 30_000,
        env: {
          ...(await openTable()).env,
          FREEWAY_PROVIDERS: JSON.stringify([toEntry('alpha', server.baseUrl)]),
        },
      });
      client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${emulator.url}/v1`, maxRetries: 0 });
    });
    afterAll(async () => {
      await emulator?.close();
      await server?.close();
    });

    async function make(count: number): Promise<Batch> {
      const toLine = (index: number): string =>
        JSON.stringify({
          custom_id: `r${index}`,
          method: 'POST',
          url: ENDPOINT,
          body: { model: 'm1', messages: [{ role: 'user', content: `Say é${index}.` }] },
        });
      const text = Array.from({ length: count }, (_, index) => toLine(index)).join('\n');
      const file = await client.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' });
      return client.batches.create({ input_file_id: file.id, endpoint: ENDPOINT, completion_window: '24h' });
    }
    const read = async (id = ''): Promise<{ custom_id: string; response: { body: OpenAI.ChatCompletion } }[]> =>
      (await (await client.files.content(id)).text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { custom_id: string; response: { body: OpenAI.ChatCompletion } });

    it('whoever looks makes one go on, to its end', async () => {
      const made = await make(40);
      expect([made.status, provider.books().total().accepted]).toEqual(['validating', 0]);
      const over = await client.batches.retrieve(made.id);
      expect(over).toMatchObject({ status: 'completed', request_counts: { total: 40, completed: 40, failed: 0 } });
      const results = await read(over.output_file_id);
      expect(results.map(({ response }) => response.body.choices[0]?.message.content)).toEqual(
        results.map((_, index) => expect.stringContaining(`Say é${index}.`)),
      );
      expect(provider.books().total().accepted).toBe(40);
    });

    it('an instance that dies in the middle leaves the rest to the next, and no answer is paid for twice but those it had not kept', async () => {
      const before = provider.books().total().accepted;
      const made = await make(60);
      const looking = client.batches.retrieve(made.id).catch(() => null);
      await expect.poll(() => provider.books().total().accepted - before, { interval: 5 }).toBeGreaterThan(12);
      await Promise.all(emulator.instances().map((instance) => instance.kill()));
      await looking;
      let over: Batch | null = null;
      // Whoever died is believed to be at work for some seconds.
      await expect
        .poll(async () => (over = await client.batches.retrieve(made.id)).status, { timeout: 30_000, interval: 300 })
        .toBe('completed');
      expect(over).toMatchObject({ request_counts: { total: 60, completed: 60, failed: 0 } });
      const ids = (await read((over as Batch | null)?.output_file_id)).map(({ custom_id }) => custom_id);
      expect(new Set(ids).size).toBe(60);
      // Four are asked at once; what they answered after the death was lost.
      expect(provider.books().total().accepted - before).toBeLessThanOrEqual(64);
    });

    it('one that is cancelled ends without anybody at work', async () => {
      const made = await make(5);
      expect((await client.batches.cancel(made.id)).status).toBe('cancelled');
    });
  },
);
