// Stopping a server: what is in flight finishes, or says a last word, or is cut, in that order.
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createNodeServer } from '#lambda/http/node.ts';
import { stopServer, type Stopped } from '#lambda/http/stop.ts';
import type { Gone, Handler } from '#lambda/ports.ts';

interface Running {
  readonly url: string;
  readonly server: Server;
  readonly stop: (graceMs: number, farewellMs: number) => Promise<Stopped>;
}

async function listen(handler: Handler): Promise<Running> {
  const interrupt = new AbortController();
  const server = createNodeServer(handler, { interrupt: interrupt.signal });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    stop: (graceMs, farewellMs) => stopServer(server, () => interrupt.abort(), { graceMs, farewellMs }),
  };
}

const open = (url: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => httpRequest(url, resolve).on('error', reject).end());

it('with nothing in flight it stops at once, idle connections or not', async () => {
  const { url, stop } = await listen(async (exchange) => exchange.reply(200, {}).end('ok'));
  expect(await (await fetch(url)).text()).toBe('ok');
  expect(await stop(60_000, 60_000)).toBe('finished');
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

it('does not wait for a connection that was opened ahead of need', async () => {
  const { server, stop } = await listen(async (exchange) => exchange.reply(200, {}).end('ok'));
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  const unused = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const closed = new Promise((resolve) => unused.once('close', resolve));
  await accepted;
  expect(await stop(60_000, 60_000)).toBe('finished');
  await closed;
});

it('lets a reply finish, and closes its connection', async () => {
  const finish = Promise.withResolvers<void>();
  const { url, stop } = await listen(async (exchange) => {
    const body = exchange.reply(200, {});
    body.write('a');
    await finish.promise;
    body.end('b');
  });
  const reply = await fetch(url);
  const stopped = stop(60_000, 60_000);
  finish.resolve();
  expect(await reply.text()).toBe('ab');
  expect(await stopped).toBe('finished');
});

it('tells what goes on for too long to end, and why', async () => {
  const { url, stop } = await listen(async (exchange) => {
    const body = exchange.reply(200, {});
    body.write('a,');
    body.end(await new Promise<Gone>((resolve) => exchange.onGone(resolve)));
  });
  const reply = await fetch(url);
  expect(await stop(10, 60_000)).toBe('interrupted');
  expect(await reply.text()).toBe('a,stopping');
});

it('tells those who had not begun to reply, and those who ask late', async () => {
  const arrived = Promise.withResolvers<void>();
  const { url, stop } = await listen(async (exchange) => {
    arrived.resolve();
    const first = await new Promise<Gone>((resolve) => exchange.onGone(resolve));
    const second = await new Promise<Gone>((resolve) => exchange.onGone(resolve));
    exchange.reply(504, {}).end(`${first},${second}`);
  });
  const reply = fetch(url);
  await arrived.promise;
  expect(await stop(10, 60_000)).toBe('interrupted');
  expect(await (await reply).text()).toBe('stopping,stopping');
});

it('cuts those who do not listen, and tells them nothing twice', async () => {
  const told: Gone[] = [];
  const over = Promise.withResolvers<void>();
  const { url, stop } = await listen(async (exchange) => {
    exchange.onGone((why) => told.push(why));
    exchange.reply(200, {}).write('a');
    await over.promise;
  });
  const response = await open(url);
  const failed = new Promise<Error>((resolve) => response.on('error', resolve));
  response.resume();
  expect(await stop(10, 10)).toBe('cut');
  expect((await failed).message).toBe('aborted');
  expect(told).toEqual(['stopping']);
  over.resolve();
});
