// Traces of the built function: they leave it before it is frozen, also to a collector beside it, which speaks plain HTTP.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { useStage } from './stage.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe.skipIf(engineMissing !== null)(`traces${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`, () => {
  const { bundleDir, openTable } = useStage();
  let provider: FakeServer;
  let emulator: Emulator;
  let status = 200;
  const received: { readonly path: string | undefined; readonly text: string }[] = [];
  const collector = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push({ path: request.url, text });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });

  beforeAll(async () => {
    await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
    const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 5_000 }];
    provider = await serveFakeProvider(createFakeProvider({ name: 'alpha', models }, { now: Date.now }));
    emulator = await startEmulator({
      bundleDir: bundleDir(),
      env: {
        ...(await openTable()).env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        FREEWAY_PROVIDERS: JSON.stringify([toEntry('alpha', provider.baseUrl)]),
      },
    });
  });
  afterAll(async () => {
    await emulator.close();
    await provider.close();
    collector.closeAllConnections();
    await new Promise((done) => collector.close(done));
  });

  async function chat(): Promise<void> {
    const reply = await fetch(`${emulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${OWNER_KEY}`,
        'content-type': 'application/json',
        traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({ model: 'm1', max_tokens: 5, messages: [{ role: 'user', content: 'hello' }] }),
    });
    expect(reply.status).toBe(200);
    await reply.text();
    await Promise.all(emulator.instances().map((instance) => instance.free()));
  }

  it('are there when the instance is frozen', async () => {
    await chat();
    expect(received.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(received[0]?.text).toContain(`"traceId":"${TRACE}"`);
    expect(received[0]?.text).toContain('"freeway.tier"');
  });

  it('that a collector refuses are told of in the log, once', async () => {
    status = 401;
    await chat();
    await chat();
    expect(emulator.logs().match(/"event":"traces\.unsent".*/g)).toEqual([expect.stringContaining('Unauthorized')]);
  });
});
