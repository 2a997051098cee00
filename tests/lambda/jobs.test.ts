// Recordings on Lambda: clips directly, long ones past the function's URL into a bucket, transcribed by those who watch, a few pieces an invocation.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { createJobClient } from '../e2e/job-client.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { openBucket, type Bucket } from '../fakes/bucket.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { useStage } from './stage.ts';

/** Of so few seconds that half an hour comes in several pieces. */
const MODEL = {
  id: 'w',
  kind: 'transcription',
  formats: ['json', 'verbose_json'],
  features: ['words', 'segments'],
  maxSeconds: 270,
};
const headers = { authorization: `Bearer ${OWNER_KEY}` };

/** What passes between callers and the function's URL, measured. */
async function startScale(target: string): Promise<{ url: string; most: () => number; close: () => Promise<void> }> {
  let most = 0;
  const weigh = async (stream: AsyncIterable<unknown>): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
    const bytes = Buffer.concat(chunks);
    most = Math.max(most, bytes.length);
    return bytes;
  };
  const pass = async (request: IncomingMessage): Promise<Response> => {
    const body = await weigh(request);
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...rest } = request.headers;
    return fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: rest as Record<string, string>,
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    });
  };
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const reply = await pass(request);
      const body = await weigh(reply.body === null ? Readable.from([]) : Readable.fromWeb(reply.body as never));
      response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' }).end(body);
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    most: () => most,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

describe.skipIf(engineMissing !== null)(
  `recordings on Lambda${engineMissing === null ? '' : ` (${engineMissing})`}`,
  () => {
    const { bundleDir, openTable } = useStage();
    let bucket: Bucket;
    let provider: FakeProvider;
    let server: FakeServer;
    let emulator: Emulator;

    beforeAll(async () => {
      bucket = await openBucket();
      const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 300 }];
      provider = createFakeProvider({ name: 'ear', models, hear: hearSpeech }, { now: Date.now });
      server = await serveFakeProvider(provider);
      emulator = await startEmulator({
        bundleDir: bundleDir(),
        timeoutMs: 30_000,
        env: {
          ...(await openTable()).env,
          ...bucket.env,
          FREEWAY_PROVIDERS: JSON.stringify([toEntry('ear', server.baseUrl, { models: [MODEL] })]),
        },
      });
    });
    afterAll(async () => {
      await emulator?.close();
      await Promise.all([server?.close(), bucket?.close()]);
    });

    it('a clip goes directly', async () => {
      const { wav, words } = synthesise(60, 5);
      const client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${emulator.url}/v1`, maxRetries: 0 });
      const { text } = await client.audio.transcriptions.create({ file: await toFile(wav, 'clip.wav'), model: 'auto' });
      expect(text).toBe(words.map(({ word }) => word).join(' '));
    });

    it('a large one goes into the bucket, and nothing large comes by the URL; whoever looks makes it go on', async () => {
      const { wav, words } = synthesise(1_500, 6);
      const scale = await startScale(emulator.url);
      try {
        const client = createJobClient(scale.url, headers);
        const job = await client.send(wav, { options: { timestamps: 'word' } });
        expect(bucket.objects.size).toBe(3);
        const done = await client.finish(job.id);
        expect(done.error).toBeNull();
        expect(done.status).toBe('done');
        const told = JSON.parse(await client.result(job.id, 'verbose_json')) as { words: { word: string }[] };
        expect(told.words.map(({ word }) => word)).toEqual(words.map(({ word }) => word));
        expect(scale.most()).toBeLessThan(4.4 * 1024 * 1024);
        expect(Math.max(...bucket.reads)).toBeLessThan(wav.length / 2);
        expect(bucket.refused).toEqual([]);
        await client.remove(job.id);
        expect(bucket.objects.size).toBe(0);
      } finally {
        await scale.close();
      }
    });

    it('an instance that dies in the middle leaves its work to the next', async () => {
      const { wav, words } = synthesise(1_500, 8);
      const client = createJobClient(emulator.url, headers);
      const job = await client.send(wav, { options: { timestamps: 'word' } });
      const { served: before, accepted } = provider.books().total();
      provider.script(['ok', 'ok', 'silent', 'silent', 'silent', 'silent']);
      const watched = client.look(job.id).catch(() => null);
      // Two are answered and written down, or the last two had not begun; and four wait for an answer that does not come.
      await expect.poll(() => provider.books().total().accepted - accepted).toBe(6);
      await Promise.all(emulator.instances().map((instance) => instance.kill()));
      await watched;
      const done = await client.finish(job.id);
      expect(done.status).toBe('done');
      expect(provider.books().total().served - before).toBe(done.pieces.length);
      const told = JSON.parse(await client.result(job.id, 'verbose_json')) as { words: { word: string }[] };
      expect(told.words.map(({ word }) => word)).toEqual(words.map(({ word }) => word));
    });

    it('an upload without a signature, or of another size, is refused by the bucket', async () => {
      const client = createJobClient(emulator.url, headers);
      const { upload } = await client.declare(1_000);
      const url = upload?.parts[0]?.url ?? '';
      const put = async (to: string, bytes: number): Promise<number> =>
        (await fetch(to, { method: 'PUT', body: Buffer.alloc(bytes) })).status;
      expect(await put(url, 2_000)).toBe(403);
      expect(await put(url.split('?')[0] ?? '', 1_000)).toBe(403);
      expect(await put(url, 1_000)).toBe(200);
    });
  },
);
