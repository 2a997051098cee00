// Providers whose replies have no end: the attempt ends where nothing more of it is kept, and so does the call.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

interface Endless {
  readonly status: number;
  readonly type: string;
  /** What the reply begins with, and what follows it for ever. */
  readonly start?: string;
  readonly more: string;
}

const toChunk = (content: string): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm1', choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] })}\n\n`;

const PIECE_BYTES = 262_144;
let reply: Endless;
let sentBytes = 0;
let isClosed: Promise<void>;
let provider: Server;
let server: Started;

/** Writes at the pace of the reader, until nobody reads any more. */
function pour(response: ServerResponse, piece: Buffer): void {
  while (!response.destroyed) {
    sentBytes += piece.length;
    if (!response.write(piece)) return void response.once('drain', () => setImmediate(pour, response, piece));
  }
}

beforeAll(async () => {
  provider = createServer((request, response) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    isClosed = promise;
    response.on('close', resolve);
    request.resume().on('end', () => {
      const { status, type, start = '', more } = reply;
      sentBytes = 0;
      response.writeHead(status, { 'content-type': type });
      response.write(start);
      pour(response, Buffer.from(more.repeat(Math.ceil(PIECE_BYTES / more.length))));
    });
  });
  await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
});
afterAll(() => void provider.close());

const json = 'application/json';
const sse = 'text/event-stream';
const large = 80_000_000;
const small = 12_000_000;
const cases: readonly (readonly [string, string, Record<string, unknown>, readonly [Endless, number]])[] = [
  ['an answer', 'chat/completions', {}, [{ status: 200, type: json, start: '{"id":"', more: 'a' }, large]],
  ['an answer where a stream was asked for', 'chat/completions', { stream: true }, [{ status: 200, type: json, start: '{"id":"', more: 'a' }, large]],
  ['a fault', 'chat/completions', {}, [{ status: 500, type: json, start: '{"error":"', more: 'a' }, small]],
  ['a fault of a stream', 'chat/completions', { stream: true }, [{ status: 500, type: json, start: '{"error":"', more: 'a' }, small]],
  ['a stream of one event', 'chat/completions', {}, [{ status: 200, type: sse, start: 'data: ', more: 'a' }, small]],
  ['a stream of nothing', 'chat/completions', { stream: true }, [{ status: 200, type: sse, more: toChunk('') }, small]],
  ['a stream of remarks', 'chat/completions', { stream: true }, [{ status: 200, type: sse, more: ': remark\n\n' }, small]],
  ['a stream of words to be told as a whole', 'chat/completions', {}, [{ status: 200, type: sse, more: toChunk('words '.repeat(1_000)) }, 200_000_000]],
  ['vectors', 'embeddings', { input: 'text' }, [{ status: 200, type: json, start: '{"data":"', more: 'a' }, large]],
  ['a fault instead of vectors', 'embeddings', { input: 'text' }, [{ status: 500, type: json, start: '{"error":"', more: 'a' }, small]],
]; // prettier-ignore

/** Asks the provider through Freeway. Answers what the caller is told, once the provider's connection is closed. */
async function ask(endless: Endless, path: string, more: Record<string, unknown>): Promise<[number, string]> {
  reply = endless;
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const models = [
    { id: 'm1', context: 131_072 },
    { id: 'e1', kind: 'embedding' },
  ];
  server = await startServer([toEntry('endless', url, { models })]);
  const response = await fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': json, 'x-freeway-max-wait-ms': '0' },
    body: JSON.stringify({
      model: path === 'embeddings' ? 'e1' : 'm1',
      messages: [{ role: 'user', content: 'hello' }],
      ...more,
    }),
  });
  const told = await response.text();
  await isClosed;
  await server.stop();
  expect(sentBytes).toBeGreaterThan(0);
  return [response.status, told];
}

describe('without an end', () => {
  it.each(cases)('%s', async (_, path, more, [endless, bytes]) => {
    expect(await ask(endless, path, more)).toEqual([502, expect.stringContaining('upstream_failed')]);
    expect(sentBytes).toBeLessThan(bytes);
  });

  it('a stream behind its last word, which was told as a whole', async () => {
    const start = `${toChunk('Hi').replace('null', '"stop"')}data: [DONE]\n\n`;
    const told = await ask(
      { status: 200, type: sse, start, more: `: ${'remark '.repeat(1_000)}\n\n` },
      'chat/completions',
      {},
    );
    expect(told).toEqual([200, expect.stringContaining('"Hi"')]);
    expect(sentBytes).toBeLessThan(large);
  });
});
