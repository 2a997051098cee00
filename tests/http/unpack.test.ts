// Bodies that come packed: unpacked at every entry, never beyond the limit, and in the room for what they are unpacked.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createLambdaHandler } from '#lambda/http/lambda.ts';
import { createNodeServer } from '#lambda/http/node.ts';
import type { Handler } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';

const LIMIT = 1_000_000;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** Answers how long the body was, how it began, and in how many pieces the handler got it at `/chunks`. */
const take: Handler = async (exchange) => {
  try {
    const pieces =
      exchange.path === '/chunks' && exchange.chunks
        ? await Array.fromAsync(exchange.chunks(LIMIT))
        : [await exchange.body(LIMIT)];
    const body = Buffer.concat(pieces);
    exchange.reply(200, {}).end(`${body.length} ${body.toString('utf8', 0, 20)}`);
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    exchange.reply(error.status, {}).end(error.message);
  }
};

async function listen(handler: Handler, bodiesBytes?: number): Promise<string> {
  const started = (server = createNodeServer(handler, bodiesBytes === undefined ? {} : { bodiesBytes }));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

interface Sent {
  readonly encoding: string;
  readonly body: Uint8Array;
}
type Ask = (sent: Sent) => Promise<readonly [status: number, text: string]>;

async function ask(url: string, { encoding, body }: Sent, isStreamed: boolean): Promise<readonly [number, string]> {
  const init = isStreamed ? { body: new Blob([body]).stream(), duplex: 'half' } : { body };
  const reply = await fetch(url, { method: 'POST', headers: { 'content-encoding': encoding }, ...init } as RequestInit);
  return [reply.status, await reply.text()];
}

const askLambda: Ask = async ({ encoding, body }) => {
  let status = 0;
  let text = '';
  const from = (stream: Writable, head: { statusCode: number }): Writable => ((status = head.statusCode), stream);
  const stream = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) });
  const invoke = async (): Promise<never> => Promise.reject(new Error('not invoked'));
  const handle = createLambdaHandler({
    handler: take,
    invoke,
    runtime: { HttpResponseStream: { from } },
    now: () => 0,
  });
  const event = {
    version: '2.0',
    rawPath: '/p',
    headers: { 'content-encoding': encoding },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method: 'POST' } },
  };
  await handle(event, stream, { getRemainingTimeInMillis: () => 60_000 });
  return [status, text];
};

const entries: Readonly<Record<string, Ask>> = {
  'a body of known length': async (sent) => ask(`${await listen(take)}/p`, sent, false),
  'a body in chunks': async (sent) => ask(`${await listen(take)}/p`, sent, true),
  'a body read as it comes': async (sent) => ask(`${await listen(take)}/chunks`, sent, true),
  'a body on Lambda': askLambda,
};

const said = JSON.stringify({ text: 'Grüße '.repeat(20_000) });
const isUnpacked = [200, `${Buffer.byteLength(said)} ${Buffer.from(said).toString('utf8', 0, 20)}`];
const packers = {
  gzip: gzipSync,
  'X-GZip': gzipSync,
  deflate: deflateSync,
  ' deflate ': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const;

describe.each(Object.entries(entries))('%s', (_, asked) => {
  it.each(Object.entries(packers))('is unpacked that came as %s', async (encoding, pack) => {
    expect(await asked({ encoding, body: pack(said) })).toEqual(isUnpacked);
  });

  it('stays as it is that is not packed', async () => {
    expect(await asked({ encoding: 'identity', body: Buffer.from('abc') })).toEqual([200, '3 abc']);
  });

  it.each(Object.entries({ gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync }))(
    'is refused that becomes longer than may be, by %s',
    async (encoding, pack) => {
      const [status, text] = await asked({ encoding, body: pack(Buffer.alloc(20 * LIMIT)) });
      expect([status, text]).toEqual([413, expect.stringContaining('larger than')]);
    },
  );

  it.each([
    ['in an unknown way', 'compress', Buffer.from('abc'), /"compress" is not read here/],
    ['twice', 'gzip, br', gzipSync('abc'), /"gzip, br" is not read here/],
    ['as something else', 'gzip', Buffer.from('{"a":1}'), /can't be unpacked as gzip/],
    ['in part', 'gzip', gzipSync(said).subarray(0, -4), /can't be unpacked as gzip/],
    ['in part', 'br', brotliCompressSync(said).subarray(0, -4), /can't be unpacked as br/],
    ['in part', 'zstd', zstdCompressSync(said).subarray(0, -4), /can't be unpacked as zstd/],
  ])('is refused that was packed %s: %s', async (__, encoding, body, expected) => {
    const [status, text] = await asked({ encoding, body });
    expect([status, text]).toEqual([400, expect.stringMatching(expected)]);
  });
});

it.each([false, true])('takes room for what it is unpacked; in chunks: %s', async (isStreamed) => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const hold: Handler = async (exchange) => {
    if (exchange.path !== '/hold') return take(exchange);
    await exchange.body(LIMIT);
    begun.resolve();
    await release.promise;
    exchange.reply(200, {}).end();
  };
  const url = await listen(hold, 500_000);
  const packed = { encoding: 'gzip', body: gzipSync(Buffer.alloc(400_000)) };
  const first = ask(`${url}/hold`, packed, isStreamed);
  await begun.promise;
  expect(await ask(`${url}/p`, packed, isStreamed)).toEqual([503, expect.stringContaining('no memory left')]);
  release.resolve();
  expect((await first)[0]).toBe(200);
  expect((await ask(`${url}/p`, packed, isStreamed))[0]).toBe(200);
});
