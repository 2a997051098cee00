// While the server is busy, what comes in one turn of the event loop is worked on together and leaves together; nobody must get other bytes by it.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeServer } from '#lambda/http/node.ts';
import { BodyRoom } from '#lambda/http/body-room.ts';
import { PlainConnection } from '#lambda/http/plain-connection.ts';
import { tapSocket, turn, TurnSocket } from '#lambda/http/turn.ts';
import { createUpstream } from '#lambda/http/upstream.ts';
import type { Handler, Upstream } from '#lambda/ports.ts';
import { connectRaw, type RawClient } from './raw-client.ts';

let begun = 0;

/** As if so many requests were under way. */
function occupy(count: number): void {
  for (; begun < count; begun++) turn.began();
}

afterEach(() => {
  for (; begun > 0; begun--) turn.ended();
});

/** What a socket is asked to do, in one list for all of them. */
function toSocket(name: string, told: string[]): Socket & { held: boolean } {
  const socket = {
    destroyed: false,
    held: false,
    writableLength: 0,
    writableNeedDrain: false,
    isPaused: () => socket.held,
    pause: () => (socket.held = true),
    resume: () => (socket.held = false),
    cork: () => told.push(`${name} corks`),
    uncork: () => told.push(`${name} uncorks`),
    write: (piece: Uint8Array | string) => told.push(`${name} writes ${String(piece)}`) > 0,
  };
  return socket as unknown as Socket & { held: boolean };
}

interface Berth {
  readonly socket: Socket & { held: boolean };
  readonly bytes: TurnSocket;
  readonly arrive: (text: string) => void;
}

/** Sockets that answer what they get with the same in capitals. */
function toBerths(count: number, told: string[]): Berth[] {
  return Array.from({ length: count }, (_, index) => {
    const name = String.fromCodePoint(97 + (index % 26));
    const socket = toSocket(name, told);
    const bytes = new TurnSocket(socket, (received) => {
      told.push(`${name} takes ${String(received)}`);
      bytes.write(String(received).toUpperCase());
    });
    return { socket, bytes, arrive: (text) => bytes.arrive(Buffer.from(text)) };
  });
}

describe('a socket that brings more than fits a turn', () => {
  /** What one arrival brings, of which two are too much. */
  const MUCH = 'x'.repeat(100_000);

  it('is read no further until that is taken, and then again', async () => {
    occupy(2);
    const told: string[] = [];
    const [a, b] = toBerths(2, told) as [Berth, Berth];
    a.arrive('first');
    b.arrive(MUCH);
    expect(b.socket.held).toBe(false);
    b.arrive(MUCH);
    expect(b.socket.held).toBe(true);
    await nextTurn();
    expect(told.filter((one) => one.startsWith('b takes')).map((one) => one.length)).toEqual([8 + 2 * MUCH.length]);
    expect(b.socket.held).toBe(false);
    a.arrive('second');
    b.arrive(MUCH);
    expect(b.socket.held).toBe(false);
    await nextTurn();
  });

  it('stays where it is when nobody wants more, before that is taken or because of it', async () => {
    occupy(2);
    const told: string[] = [];
    const [a, b] = toBerths(2, told) as [Berth, Berth];
    a.arrive('first');
    for (let count = 0; count < 2; count++) b.arrive(MUCH);
    b.bytes.pause();
    await nextTurn();
    expect(told.filter((one) => one.startsWith('b takes'))).toEqual([]);
    expect(b.socket.held).toBe(true);
    b.bytes.resume();
    await nextTurn();
    await nextTurn();
    expect(told.filter((one) => one.startsWith('b takes'))).toHaveLength(1);
    const socket = toSocket('c', []);
    const full = new TurnSocket(socket, () => full.pause());
    a.arrive('second');
    for (let count = 0; count < 2; count++) full.arrive(Buffer.from(MUCH));
    await nextTurn();
    expect([socket.held, full.hasTaken]).toEqual([true, true]);
  });
});

it('a tapped socket tells what comes at once, in order, and nothing while it is paused', async () => {
  const told: string[] = [];
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() }) as Socket;
  const tell = (how: string) => (bytes: Buffer) => void told.push(`${how} ${String(bytes)}`);
  const untap = tapSocket(socket, tell('at once'));
  socket.on('data', tell('later'));
  socket.on('end', () => told.push('end'));
  const come = (text: string): boolean => socket.push(Buffer.from(text));
  await nextTurn();
  expect(come('a')).toBe(true);
  expect(told.splice(0)).toEqual(['at once a']);
  socket.pause();
  come('b');
  // Who is paused and gets more than is kept is read from no more.
  expect(come('c'.repeat(socket.readableHighWaterMark))).toBe(false);
  expect(told).toEqual([]);
  socket.resume();
  come('d');
  await nextTurn();
  expect(told.splice(0).map((one) => one.slice(0, 7))).toEqual(['later b', 'later c', 'later d']);
  come('e');
  untap();
  come('f');
  await nextTurn();
  socket.push(null);
  await nextTurn();
  expect(told).toEqual(['at once e', 'later f', 'end']);
});

/** Bytes come from the network between two turns. */
async function endTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

describe('a turn', () => {
  it('is not waited for by somebody who is alone', () => {
    const told: string[] = [];
    const [a, b] = toBerths(2, told);
    occupy(1);
    a?.arrive('x');
    b?.arrive('y');
    expect(told).toEqual(['a takes x', 'a writes X', 'b takes y', 'b writes Y']);
  });

  it('works on the first at once, then on all others, and writes what came of them last', async () => {
    const told: string[] = [];
    const [a, b, c] = toBerths(3, told);
    occupy(2);
    a?.arrive('x');
    expect(told.splice(0)).toEqual(['a takes x', 'a writes X']);
    b?.arrive('y');
    c?.arrive('z');
    expect(told).toEqual([]);
    await endTurn();
    expect(told).toEqual(['b takes y', 'c takes z', 'b writes Y', 'c writes Z']);
    told.length = 0;
    b?.arrive('w');
    expect(told).toEqual(['b takes w', 'b writes W']);
    await endTurn();
  });

  it('keeps the order of what one socket gets and writes', async () => {
    const told: string[] = [];
    const [a, b] = toBerths(2, told);
    occupy(2);
    a?.arrive('x');
    b?.arrive('1');
    b?.arrive('2');
    await nextTurn();
    b?.bytes.write('more');
    b?.bytes.writeAll(['and', 'more']);
    await endTurn();
    expect(told.slice(2)).toEqual([
      'b takes 12',
      'b writes 12',
      'b writes more',
      'b corks',
      'b writes and',
      'b writes more',
      'b uncorks',
    ]);
  });

  it('works on so many at most before it writes', async () => {
    const told: string[] = [];
    const berths = toBerths(60, told);
    occupy(2);
    for (const { arrive } of berths) arrive('x');
    await endTurn();
    await endTurn();
    const kinds = told.map((line) => (line.includes('takes') ? 't' : 'w')).join('');
    expect(kinds).toMatch(/^tw(t{32})(w{32})(t{27})(w{27})$/);
  });

  it('leaves with a socket that is paused until it is resumed, or nothing more comes', async () => {
    const told: string[] = [];
    const [a, b, c] = toBerths(3, told);
    occupy(2);
    for (const berth of [a, b, c]) berth?.arrive('x');
    for (const berth of [b, c]) if (berth) berth.socket.held = true;
    await endTurn();
    expect(told.slice(2)).toEqual([]);
    b?.arrive('y');
    b?.bytes.resume();
    await endTurn();
    expect(told.slice(2)).toEqual(['b takes xy', 'b writes XY']);
    c?.bytes.takeAll();
    expect(told.slice(4)).toEqual(['c takes x', 'c writes X']);
    await endTurn();
  });
});

it('answers who has closed its side before it came to the request', async () => {
  const written: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes, _, done) => {
      written.push(String(bytes));
      done();
    },
  });
  const connection = new PlainConnection(socket as Socket, {
    limits: { headersMs: 1_000, requestMs: 1_000, keepAliveMs: 1_000, unreadMs: 1_000, maxHeaderBytes: 16_384 },
    room: new BodyRoom(1_000_000),
    isStopping: () => false,
    serve: (exchange) => exchange.reply(200, {}).end('an answer'),
    over: () => undefined,
    handOver: () => undefined,
    left: () => undefined,
  });
  occupy(2);
  toBerths(1, [])[0]?.arrive('x');
  socket.push('GET / HTTP/1.1\r\nhost: h\r\n\r\n');
  socket.push(null);
  await once(socket, 'end');
  expect(written.join('')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nan answer$/);
  expect(connection.isIdle).toBe(true);
  await endTurn();
});

describe('a busy server', () => {
  let provider: Server;
  let server: ReturnType<typeof createNodeServer>;
  let upstream: Upstream;
  let clients: RawClient[] = [];
  let port = 0;

  /** Tells what it was sent in a reply that ends with the connection, as old providers do, and in several pieces. */
  const onRequest = (socket: Socket): void => {
    let received = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const [head = '', body = ''] = received.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
      if (body.length < length) return;
      received = '';
      if (head.includes('/closing')) {
        socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      } else {
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${length.toString(16)}\r\n`);
        socket.write(body);
        socket.write('\r\n0\r\n\r\n');
      }
    });
  };

  const ask = (url: string, body: Uint8Array): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      upstream.start(
        { url, method: 'POST', headers: {}, body, headTimeoutMs: 20_000, idleTimeoutMs: 20_000 },
        {
          onHead: () => undefined,
          onData: (chunk) => void (text += Buffer.from(chunk).toString('latin1')),
          onEnd: () => resolve(text),
          onError: reject,
        },
      );
    });

  const pass: Handler = async (exchange) => {
    const body = await exchange.body(2_000_000);
    const { port: to } = provider.address() as AddressInfo;
    const text = await ask(`http://127.0.0.1:${to}${exchange.path}`, body);
    const reply = exchange.reply(200, { 'content-type': 'text/plain' });
    if (exchange.path.includes('whole')) return reply.end(text);
    for (let at = 0; at < text.length; at += 700) if (!reply.write(text.slice(at, at + 700))) await reply.drained();
    reply.end();
  };

  beforeEach(async () => {
    provider = createServer(onRequest);
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    upstream = createUpstream();
    server = createNodeServer(pass);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    await upstream.close();
    server.closeAllConnections();
    server.close();
    provider.close();
  });

  const toBody = (name: string, length: number): string => `<${name} ${'.'.repeat(length)}>`;
  const toPost = (path: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const toChunked = (path: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  /** The body of a reply, however it was framed. */
  const bodiesIn = (received: string): string[] =>
    (received.replaceAll(/\r\n[\da-f]+\r\n/g, '').match(/<[^<>]*>/g) ?? []).map((body) => body.replaceAll('\r\n', ''));

  /** How many have come to their end. */
  const countIn = (received: string): number => received.split('>').length - 1;

  it('answers everybody with their own, in order, however much comes at once', async () => {
    const paths = ['/whole', '/pieces', '/whole/closing', '/pieces/closing'];
    const lengths = [0, 10, 3_000, 17_000, 70_000];
    const asked = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const client = await connectRaw(port);
        clients.push(client);
        const bodies = Array.from({ length: 12 }, (__, step) =>
          toBody(`${index}-${step}`, lengths[(index + step) % 5] ?? 0),
        );
        return { client, index, bodies };
      }),
    );
    const sending = asked.map(({ client, index, bodies }) => {
      // Every third one asks for all at once, and every fourth in a way that Node's own server has to read.
      const requests = bodies.map((body, step) =>
        (index % 4 === 3 && step === 5 ? toChunked : toPost)(paths[(index * 7 + step) % 4] ?? '', body),
      );
      return index % 3 === 0 ? client.send(requests.join('')) : sendInTurns(client, requests);
    });
    await Promise.all(sending);
    for (const { client, bodies } of asked) {
      const received = await client.until((text) => countIn(text) === bodies.length);
      expect(bodiesIn(received).map((body) => body.length)).toEqual(bodies.map((body) => body.length));
      expect(bodiesIn(received)).toEqual(bodies);
    }
  }, 30_000);

  async function sendInTurns(client: RawClient, requests: readonly string[]): Promise<void> {
    for (const [at, request] of requests.entries()) {
      client.send(request);
      await client.until((text) => countIn(text) > at);
    }
  }

  it('answers the others where some are gone', async () => {
    occupy(2);
    const all = await Promise.all(Array.from({ length: 20 }, () => connectRaw(port)));
    clients.push(...all);
    for (const [index, client] of all.entries()) {
      client.send(toPost('/whole', toBody(`${index}`, 10)));
      if (index % 2 === 1) client.destroy();
    }
    for (const [index, client] of all.entries()) {
      if (index % 2 === 1) continue;
      const received = await client.until((text) => countIn(text) === 1);
      expect(bodiesIn(received)).toEqual([toBody(`${index}`, 10)]);
    }
  });
});
