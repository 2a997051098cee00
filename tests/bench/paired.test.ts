// Paired rounds over targets of which one closes idle connections, as servers do.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { playPaired } from '../../scripts/bench/paired.ts';
import { small } from '../../scripts/bench/scenarios.ts';
import type { Target } from '../../scripts/bench/targets.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(name: string, afterMs: number, closes: boolean): Promise<Target> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      setTimeout(() => response.end('{"ok":true}'), afterMs);
      if (closes) response.on('finish', () => setTimeout(() => request.socket.destroy(), 5));
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return { name, port: (server.address() as AddressInfo).port, pid: process.pid, headers: {} };
}

/** So long that the other's connection is surely closed when it is its turn again. */
const SLOW_MS = 150;

it('goes on with a new connection where one was closed while it was idle', async () => {
  const targets = [await serve('direct', 0, true), await serve('slow', SLOW_MS, false)];
  const options = { scenario: small, warmUps: 2, rounds: 4, random: () => 0.4 };
  const series = await playPaired(targets, options);
  expect(series.map(({ target, addedUs, failed }) => [target, addedUs.length, failed])).toEqual([
    ['direct', 4, 0],
    ['slow', 4, 0],
  ]);
  expect(series[1]?.addedUs.every((us) => us > 5_000)).toBe(true);
});

it('tells of a target that breaks off', async () => {
  const server = createServer((request) => void request.socket.destroy());
  servers.push(server);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const broken = { name: 'broken', port: (server.address() as AddressInfo).port, pid: process.pid, headers: {} };
  const options = { scenario: small, warmUps: 1, rounds: 1, random: () => 0.4 };
  await expect(playPaired([broken], options)).rejects.toThrow(/broken, small JSON/);
});
