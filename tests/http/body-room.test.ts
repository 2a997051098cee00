// What the bodies of all requests together may take: a large one that finds no room is told when to come again, and small ones notice nothing.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeServer } from '#lambda/http/node.ts';
import { BodyRoom, toRoomBytes } from '#lambda/http/body-room.ts';
import type { Handler } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';
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

const MB = 1_000_000;

interface Scene {
  readonly open: () => Promise<RawClient>;
  /** Lets every request end that has come in full. */
  readonly release: () => void;
  /** Resolves when so many bodies have been read. */
  readonly held: (count: number) => Promise<void>;
}

/** A server with room for so much, whose requests hold their bodies until they are let go. */
async function stage(bodiesBytes: number): Promise<Scene> {
  let release = Promise.withResolvers<void>();
  let count = 0;
  let told = (): void => undefined;
  const handler: Handler = async (exchange) => {
    try {
      const body = await exchange.body(32 * MB);
      count++;
      told();
      if (exchange.path === '/hold') await release.promise;
      exchange.reply(200, {}).end(`<took ${body.length}>`);
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      exchange.reply(error.status, {}).end(`<${error.code} ${error.retryable} ${error.retryAfterMs}>`);
    }
  };
  const started = (server = createNodeServer(handler, { bodiesBytes }));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  return {
    open: async () => {
      const client = await connectRaw(port);
      clients.push(client);
      return client;
    },
    release: () => {
      release.resolve();
      release = Promise.withResolvers();
    },
    held: (wanted) =>
      new Promise((resolve) => {
        told = () => void (count >= wanted && resolve());
        told();
      }),
  };
}

const toHead = (path: string, ...lines: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'host: h', ...lines, '', ''].join('\r\n');
const toPost = (path: string, bytes: number): string => toHead(path, `content-length: ${bytes}`) + 'a'.repeat(bytes);
const answer = async (client: RawClient, nth = 1): Promise<string | undefined> =>
  (await client.until((text) => (text.match(/<[^<>]*>/g) ?? []).length >= nth)).match(/<[^<>]*>/g)?.at(-1);
const refused = '<exhausted true 5000>';

describe('the room for bodies', () => {
  it.each([
    [500_000, 0.8 * MB],
    [3 * MB, 5 * MB],
  ])(
    'holds one of %i bytes, refuses the next before it has come, and takes it when the first is done',
    async (bytes, room) => {
      const { open, release, held } = await stage(room);
      const [first, second, third] = [await open(), await open(), await open()];
      first.send(toPost('/hold', bytes));
      await held(1);
      second.send(toHead('/take', `content-length: ${bytes}`));
      expect(await answer(second)).toBe(refused);
      for (const size of [0, 10, 100_000]) {
        third.send(toPost('/take', size));
        expect(await answer(third, [0, 10, 100_000].indexOf(size) + 1)).toBe(`<took ${size}>`);
      }
      release();
      expect(await answer(first)).toBe(`<took ${bytes}>`);
      third.send(toPost('/take', bytes));
      expect(await answer(third, 4)).toBe(`<took ${bytes}>`);
    },
  );

  it('counts a body whose length is not told as it comes', async () => {
    const { open, release, held } = await stage(3 * MB);
    const [first, second, third] = [await open(), await open(), await open()];
    first.send(toPost('/hold', 2 * MB));
    await held(1);
    const chunk = `${(400_000).toString(16)}\r\n${'a'.repeat(400_000)}\r\n`;
    second.send(toHead('/hold', 'transfer-encoding: chunked') + chunk.repeat(2) + '0\r\n\r\n');
    await held(2);
    third.send(toHead('/take', 'transfer-encoding: chunked') + chunk);
    expect(await answer(third)).toBe(refused);
    release();
    expect([await answer(first), await answer(second)]).toEqual(['<took 2000000>', '<took 800000>']);
  });

  it('takes one that is larger than all of it when nobody else is there', async () => {
    const { open } = await stage(MB);
    const client = await open();
    client.send(toPost('/take', 4 * MB));
    expect(await answer(client)).toBe('<took 4000000>');
  });

  it('is given back by callers who hang up in the middle', async () => {
    const { open } = await stage(3 * MB);
    const [leaving, coming] = [await open(), await open()];
    leaving.send(toHead('/take', `content-length: ${2 * MB}`) + 'a');
    const isFull = async (nth: number): Promise<boolean> => {
      coming.send(toPost('/take', 1_500_000));
      return (await answer(coming, nth)) === refused;
    };
    let asked = 1;
    while (!(await isFull(asked))) asked++;
    leaving.destroy();
    while (await isFull(++asked));
    expect(await answer(coming, asked)).toBe('<took 1500000>');
  });

  it('is a part of the memory that there is', () => {
    expect(toRoomBytes()).toBeGreaterThan(MB);
    expect(toRoomBytes()).toBeLessThan(process.availableMemory() / 4);
  });
});

describe('a place', () => {
  it('that was left takes no more, whatever still comes: nobody would give it back', () => {
    const room = new BodyRoom(10 * MB);
    const left = room.open();
    left.reach(2 * MB);
    left.leave();
    left.reach(9 * MB);
    const [one, other] = [room.open(), room.open()];
    one.reach(5 * MB);
    other.reach(5 * MB);
    expect(() => room.open().reach(MB)).toThrow(CallerError);
  });
});
