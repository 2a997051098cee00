// Traces of the started server: they reach a collector, and providers are told which trace a call belongs to.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const attributesOf = (span: Span | undefined): Record<string, unknown> =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startCollector(): Promise<{ url: string; spans: Span[]; texts: string[] }> {
  const spans: Span[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      texts.push(text);
      const { resourceSpans } = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, texts };
}

async function serve(name: string, steps: string[]): Promise<FakeServer> {
  const provider = createFakeProvider(
    { name, models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 10_000 }] },
    { now: Date.now },
  );
  provider.script(steps);
  const server = await serveFakeProvider(provider);
  closing.push(() => server.close());
  return server;
}

it('tells request and attempts in the trace of the caller, and nothing of what was said', async () => {
  const collector = await startCollector();
  const broken = await serve('broken', ['503', '503', '503']);
  const good = await serve('good', []);
  const entries = [toEntry('broken', broken.baseUrl, { priority: 1 }), toEntry('good', good.baseUrl, { priority: 2 })];
  const freeway: Started = await startServer(entries, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const reply = await fetch(`${freeway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'canary-prompt-91' }] }),
  });
  expect(reply.status).toBe(200);
  await reply.text();
  await freeway.stop();
  expect(collector.spans.map(({ traceId: id }) => id)).toEqual(collector.spans.map(() => traceId));
  const chat = collector.spans.find(({ name }) => name === 'chat');
  const calls = collector.spans.filter(({ name }) => name !== 'chat');
  expect(calls.map(({ name, status }) => [name, status.message ?? ''])).toEqual([
    ['chat m1', 'overloaded'],
    ['chat m1', ''],
  ]);
  // By what tools for language models know calls to one, and group their faults.
  const call = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai-compatible',
    'gen_ai.request.model': 'm1',
  };
  expect(attributesOf(calls[0])).toMatchObject({ ...call, 'error.type': 'overloaded' });
  expect(attributesOf(calls[1])).toMatchObject({ ...call, 'gen_ai.usage.output_tokens': expect.any(Number) });
  expect(attributesOf(calls[1])).not.toHaveProperty('error.type');
  // Told once: whoever adds up spans would count it twice.
  expect(attributesOf(chat)).not.toHaveProperty('gen_ai.usage.output_tokens');
  for (const { startTimeUnixNano, endTimeUnixNano } of calls) {
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(chat?.startTimeUnixNano ?? '0'));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(chat?.endTimeUnixNano ?? '0'));
  }
  expect(collector.texts.join('')).not.toContain('canary');
});

it('calls operations as OpenTelemetry does, in the log as in traces', async () => {
  const collector = await startCollector();
  const good = await serve('good', []);
  const freeway: Started = await startServer([toEntry('good', good.baseUrl)], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  const ask = async (path: string, body: unknown): Promise<void> => {
    const headers = { authorization: `Bearer ${OWNER_KEY}`, 'x-freeway-cache': '60', 'x-freeway-max-wait-ms': '0' };
    const reply = await fetch(`${freeway.url}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    await reply.text();
  };
  await ask('/embeddings', { model: 'auto', input: 'hello' });
  await ask('/moderations', { model: 'auto', input: 'hello' });
  const chat = { model: 'auto', messages: [{ role: 'user', content: 'hello' }] };
  await ask('/chat/completions', chat);
  // From memory.
  await ask('/chat/completions', chat);
  await freeway.stop();
  const logged = freeway.logs
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'request')
    .map((line) => line['gen_ai.operation.name']);
  const traced = collector.spans.map((span) => attributesOf(span)['gen_ai.operation.name']);
  expect(logged).toEqual(['embeddings', 'moderation', 'chat', 'chat']);
  expect([...new Set(traced)].toSorted()).toEqual(['chat', 'embeddings', 'moderation']);
});
