// Bodies however they are cut: whole, in order, at the reader's pace, and refused where they come in crumbs.
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createNodeServer, type NodeLimits } from '#lambda/http/node.ts';
import type { Handler } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';

let server: Server | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  const last = server;
  server = null;
  await new Promise((resolve) => {
    if (last === null) return resolve(null);
    last.close(resolve);
    last.closeAllConnections();
  });
});

/** Sends these bytes to a server; answers all that came back once it matches, or the connection is closed. */
async function send(handler: Handler, bytes: Buffer, limits: NodeLimits = {}): Promise<string> {
  const started = (server = createNodeServer(handler, limits));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const socket = connect((started.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(bytes);
  let received = '';
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (/<[^<>]*>/.test(received)) resolve(received);
    });
    socket.on('close', () => resolve(received));
  });
}

const LIMIT = 64 * 1024 * 1024;
const told =
  (read: (exchange: Parameters<Handler>[0]) => Promise<string>): Handler =>
  async (exchange) => {
    try {
      const text = await read(exchange);
      exchange.reply(200, {}).end(`<${text}>`);
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      exchange.reply(error.status, {}).end(`<${error.code}: ${error.message}>`);
    }
  };

const digest = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(bytes))).toString('hex');
const whole = told(async (exchange) => digest(await exchange.body(LIMIT)));
const inPieces = told(async (exchange) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of exchange.chunks?.(LIMIT) ?? []) pieces.push(piece);
  return digest(Buffer.concat(pieces));
});

const head = 'POST /p HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n';
const toWire = (body: Buffer, size: number): Buffer => {
  const parts: Buffer[] = [Buffer.from(head)];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
};
const random = (bytes: number): Buffer => {
  const body = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(body.subarray(at, at + 65_536));
  return body;
};

it.each([
  [1, 16_384],
  [33, 1_000_000],
  [4_096, 1_000_000],
  [5_000, 1_000_000],
  [70_000, 3_000_000],
])('comes whole in chunks of %i bytes, at once and piece by piece', async (size, bytes) => {
  const body = random(bytes);
  for (const handler of [whole, inPieces]) {
    expect(await send(handler, toWire(body, size))).toContain(`<${await digest(body)}>`);
    server?.closeAllConnections();
    await new Promise((done) => server?.close(done));
  }
});

it.each([
  ['at once', whole],
  ['piece by piece', inPieces],
])('is refused in crumbs, read %s', async (_, handler) => {
  const reply = await send(handler, toWire(random(17_000), 1));
  expect(reply).toMatch(/^HTTP\/1\.1 400 /);
  expect(reply).toMatch(/<invalid_request: The body comes in more than 16384 chunks of fewer than 32 bytes/);
});

it('waits for who reads slowly', async () => {
  const sizes: number[] = [];
  const slow = told(async (exchange) => {
    for await (const piece of exchange.chunks?.(LIMIT) ?? []) {
      sizes.push(piece.length);
      if (sizes.length < 4) await sleep(100);
    }
    return 'done';
  });
  const body = random(20_000_000);
  expect(await send(slow, toWire(body, 60_000))).toContain('<done>');
  expect(sizes.reduce((sum, size) => sum + size)).toBe(body.length);
  expect(Math.max(...sizes)).toBeLessThan(1_000_000);
});

it.each([
  ['of a length that is told', 'content-length: 1000', ''],
  ['of many bytes', 'content-length: 3000000', ''],
  ['in chunks', 'transfer-encoding: chunked', '3\r\nabc\r\n'],
])('%s is given up when nothing of it comes any more', async (_, line, sent) => {
  const bytes = Buffer.from(`POST /p HTTP/1.1\r\nhost: h\r\n${line}\r\n\r\n${sent}`);
  const fault = Promise.withResolvers<unknown>();
  const handler: Handler = async (exchange) => {
    await Promise.resolve(exchange.body(LIMIT)).catch((error: unknown) => fault.resolve(error));
    exchange.reply(400, {}).end('<gone>');
  };
  void send(handler, bytes, { unreadMs: 100, requestMs: 600_000, headersMs: 600_000 });
  expect(await fault.promise).toMatchObject({ code: 'invalid_request' });
});
