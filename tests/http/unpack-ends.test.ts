// Packed bodies that are refused, or whose callers leave, before they have come: nothing waits for the rest of them.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it, vi } from 'vitest';
import { createNodeServer } from '#lambda/http/node.ts';
import type { Exchange } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';
import { connectRaw } from './raw-client.ts';

/** Nothing here waits for anything. */
vi.setConfig({ testTimeout: 5_000 });

const LIMIT = 100_000;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A server that reads bodies in this way, and answers why it can't in angle brackets. */
async function listen(read: (exchange: Exchange) => Promise<unknown>): Promise<number> {
  const started = (server = createNodeServer(async (exchange) => {
    try {
      await read(exchange);
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      exchange.reply(error.status, {}).end(`<${error.code}>`);
    }
  }));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (started.address() as AddressInfo).port;
}

const HEAD = 'POST / HTTP/1.1\r\nhost: h\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n';
const toChunk = (bytes: Buffer): string => `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`;

it('a body that is too long as it comes is refused, by the first, too, for whom unpacking is loaded', async () => {
  const unheard: unknown[] = [];
  const listener = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', listener);
  const client = await connectRaw(await listen(async (exchange) => exchange.body(10)));
  client.send(HEAD + toChunk(Buffer.alloc(1_000)));
  expect(await client.until((text) => text.includes('>'))).toContain('<too_large>');
  process.off('unhandledRejection', listener);
  client.destroy();
  expect(unheard).toEqual([]);
});

it('a body that unpacks to too much is refused before the rest of it has come', async () => {
  const port = await listen(async (exchange) => Array.fromAsync(exchange.chunks?.(LIMIT) ?? []));
  const client = await connectRaw(port);
  client.send(HEAD + toChunk(gzipSync(Buffer.alloc(100 * LIMIT))));
  expect(await client.until((text) => text.includes('>'))).toContain('<too_large>');
  client.destroy();
});

it('the source is told when its reader leaves', async () => {
  const { unpackPieces } = await import('#lambda/http/unpack.ts');
  const ended = Promise.withResolvers<boolean>();
  const source = (async function* () {
    try {
      for (;;) yield gzipSync(Buffer.alloc(1_000));
    } finally {
      ended.resolve(true);
    }
  })();
  const reader = unpackPieces(source, { encoding: 'gzip', limitBytes: LIMIT });
  await reader.next();
  await reader.return(undefined);
  expect(await ended.promise).toBe(true);
});
