// As many callers as there may be: who is served goes on being served, and whoever says nothing keeps nobody out.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { readFileLimit, toMostConnections } from '#lambda/http/connections.ts';
import { createNodeServer } from '#lambda/http/node.ts';
import type { Handler } from '#lambda/ports.ts';
import { connectRaw, type RawClient } from './raw-client.ts';

let server: Server | null = null;
let clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  const last = server;
  server = null;
  if (last === null) return;
  await new Promise((resolve) => {
    last.close(resolve);
    last.closeAllConnections();
  });
});

const ok: Handler = async (exchange) => exchange.reply(200, {}).end('ok');
const ask = 'GET / HTTP/1.1\r\nhost: h\r\n\r\n';
const answers = (text: string): number => text.split('\r\n\r\nok').length - 1;

async function open(port: number): Promise<RawClient> {
  const client = await connectRaw(port);
  clients.push(client);
  return client;
}

/** Whether a caller who comes now is served. */
async function isServed(port: number): Promise<boolean> {
  const client = await open(port);
  client.send(ask);
  const received = await Promise.race([client.closed, client.until((text) => answers(text) === 1)]);
  return answers(received) === 1;
}

it('beyond their number others are closed, and so are those that say nothing, but nobody who was served', async () => {
  const told: number[] = [];
  const started = (server = createNodeServer(ok, { mostConnections: 4, onFull: (most) => told.push(most) }));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  const served = await open(port);
  served.send(ask);
  await served.until((text) => answers(text) === 1);
  const silent = await Promise.all([open(port), open(port), open(port)]);
  expect(await isServed(port)).toBe(false);
  await expect.poll(() => isServed(port), { timeout: 5_000 }).toBe(true);
  for (const client of silent) expect(await client.closed).toBe('');
  served.send(ask);
  expect(answers(await served.until((text) => answers(text) === 2))).toBe(2);
  expect(told).toEqual([4]);
});

it.each([
  [null, null],
  [256, 96],
  [1_024, 480],
  [65_536, 32_736],
  [16, 1],
])('of %s files %s may be connections', (files, most) => expect(toMostConnections(files)).toBe(most));

it.skipIf(process.platform !== 'linux')('the limit is read from the system', () => {
  const report = process.report.getReport() as { userLimits: { open_files: { soft: number | string } } };
  const { soft } = report.userLimits.open_files;
  expect(readFileLimit()).toBe(soft === 'unlimited' ? null : Number(soft));
});
