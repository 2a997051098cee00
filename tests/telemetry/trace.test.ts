import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTraces } from '#lambda/telemetry/trace.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

let received: { path: string; headers: IncomingHttpHeaders; spans: Span[]; resource?: unknown }[] = [];
let url = '';
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        resourceSpans: { resource: { attributes: unknown }; scopeSpans: { spans: Span[] }[] }[];
      };
      const spans = body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      received.push({
        path: request.url ?? '',
        headers: request.headers,
        spans,
        resource: body.resourceSpans[0]?.resource.attributes,
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((done) => server.close(done));
});

const usual = {
  headers: {},
  version: '1',
  resource: { 'service.name': 'freeway' },
  now: Date.now,
  onFault: () => undefined,
};
const request = {
  name: 'chat auto',
  startedAtMs: 1_700_000_000_000,
  endedAtMs: 1_700_000_000_900,
  attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 12, 'freeway.tier': null },
  error: null,
  attempts: [
    { name: 'a/m', startedAtMs: 1_700_000_000_100, endedAtMs: 1_700_000_000_300, attributes: {}, error: 'overloaded' },
    { name: 'b/m', startedAtMs: 1_700_000_000_300, endedAtMs: 1_700_000_000_900, attributes: {}, error: null },
  ],
};

describe('traces', () => {
  it('go to the collector with one span for the request and one for each call', async () => {
    const traces = createTraces({ ...usual, endpoint: `${url}/`, headers: { 'x-key': 'k' } });
    const trace = traces.begin(undefined);
    trace.end(request);
    await traces.flush();
    expect(received).toMatchObject([{ path: '/v1/traces', headers: { 'x-key': 'k' } }]);
    const spans = received[0]?.spans ?? [];
    const root = spans.find(({ name }) => name === 'chat auto');
    expect(received[0]?.resource).toEqual(
      expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'freeway' } }]),
    );
    const [, traceId, spanId, flags] = trace.traceparent.split('-');
    expect(root).toMatchObject({
      traceId,
      spanId,
      kind: 2,
      startTimeUnixNano: '1700000000000000000',
      endTimeUnixNano: '1700000000900000000',
    });
    expect(flags).toBe('01');
    expect(root?.attributes.map(({ key }) => key)).toEqual(['gen_ai.operation.name', 'gen_ai.usage.input_tokens']);
    const calls = spans.filter(({ parentSpanId }) => parentSpanId === spanId);
    expect(calls.map(({ name, kind, status }) => [name, kind, status.message ?? ''])).toEqual([
      ['a/m', 3, 'overloaded'],
      ['b/m', 3, ''],
    ]);
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(3);
  });

  it('go on with the trace of the caller, and keep out of what the caller does not record', async () => {
    const traces = createTraces({ ...usual, endpoint: url });
    const sampled = traces.begin('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    expect(sampled.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    sampled.end({ ...request, error: 'exhausted' });
    const ignored = traces.begin('00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00');
    expect(ignored.traceparent).toMatch(/-00$/);
    ignored.end(request);
    await traces.flush();
    const spans = received.flatMap((one) => one.spans);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
    expect(spans.find(({ name }) => name === 'chat auto')).toMatchObject({
      parentSpanId: 'b7ad6b7169203331',
      status: { code: 2, message: 'exhausted' },
    });
  });

  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  it.each([
    '',
    'nonsense',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    `00-${TRACE}-0000000000000000-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    `00-${TRACE}-b7ad6b7169203331-01-more`,
    `cc-${TRACE}-b7ad6b7169203331-01more`,
    `cc-${TRACE}-b7ad6b7169203331`,
    `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${TRACE}-b7ad6b7169203331-01, 00-${TRACE}-b7ad6b7169203331-01`,
  ])('begin anew when the caller sends %j', (text) => {
    const traces = createTraces({ ...usual, endpoint: url });
    expect(traces.begin(text).traceparent).not.toContain(TRACE);
  });

  it.each([`01-${TRACE}-b7ad6b7169203331-01`, `cc-${TRACE}-b7ad6b7169203331-03-what-comes-later`])(
    'go on with a trace in a later form, %s, as far as it is known',
    (text) => {
      const traces = createTraces({ ...usual, endpoint: url });
      expect(traces.begin(text).traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    },
  );

  it('wait for a collector that is away once in half a minute, and tell of it once until it is back', async () => {
    let nowMs = 1_700_000_000_000;
    let status = 503;
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      request.resume();
      received.push({ path: request.url ?? '', headers: request.headers, spans: [] });
      response.writeHead(status).end();
    });
    const faults: string[] = [];
    const traces = createTraces({
      ...usual,
      endpoint: url,
      now: () => nowMs,
      onFault: (error) => faults.push(error),
      sendMs: 50,
    });
    const tell = async (): Promise<number> => {
      const before = received.length;
      traces.begin(undefined).end(request);
      await traces.flush();
      return received.length - before;
    };
    expect(await tell()).toBeGreaterThan(0);
    expect(await tell()).toBe(0);
    nowMs += 31_000;
    expect(await tell()).toBeGreaterThan(0);
    expect(faults).toEqual([expect.stringMatching(/./)]);
    nowMs += 31_000;
    status = 200;
    expect(await tell()).toBeGreaterThan(0);
    expect(await tell()).toBe(1);
    status = 503;
    await tell();
    expect(faults).toHaveLength(2);
  });
});
