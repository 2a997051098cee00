// Plain requests are served straight from the socket; callers must not be able to tell, wherever their bytes are cut and whatever comes behind them.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeServer, type NodeLimits } from '#lambda/http/node.ts';
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

async function listen(handler: Handler, limits?: NodeLimits): Promise<number> {
  const started = (server = createNodeServer(handler, limits));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (started.address() as AddressInfo).port;
}

interface Client {
  readonly send: (text: string) => void;
  /** All that has come, once it matches. */
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly closed: Promise<string>;
}

async function open(port: number): Promise<Client> {
  const client = await connectRaw(port);
  clients.push(client);
  return { ...client, until: (pattern) => client.until((received) => pattern.test(received)) };
}

const toPost = (body: string, ...lines: string[]): string =>
  ['POST /p HTTP/1.1', 'host: h', ...lines, `content-length: ${body.length}`, '', body].join('\r\n');

const echo: Handler = async (exchange) => {
  const body = Buffer.from(await exchange.body(2_000_000)).toString('latin1');
  exchange.reply(200, {}).end(`<${exchange.method} ${exchange.path} ${body}>`);
};

const bodiesIn = (received: string): string[] => received.match(/<[^<>]*>/g) ?? [];

describe('plain requests', () => {
  it('are answered one after the other on one connection, which says how long it is kept', async () => {
    const client = await open(await listen(echo, { keepAliveMs: 7_000 }));
    client.send(toPost('one'));
    const first = await client.until(/<POST \/p one>/);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(first).toMatch(/\r\ncontent-length: 13\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/);
    expect(first).toContain('\r\nconnection: keep-alive\r\nkeep-alive: timeout=7\r\n\r\n');
    expect(first).toContain('\r\nx-content-type-options: nosniff\r\n');
    client.send('GET /g HTTP/1.1\r\nhost: h\r\n\r\n');
    expect(bodiesIn(await client.until(/<GET/))).toEqual(['<POST /p one>', '<GET /g >']);
  });

  it('may be cut at every byte', async () => {
    const port = await listen(echo);
    const request = toPost('some body', 'content-type: text/plain');
    await Promise.all(
      Array.from(request, async (_, at) => {
        const client = await open(port);
        client.send(request.slice(0, at));
        for (let turns = 0; turns < 20; turns++) await turn();
        client.send(request.slice(at));
        expect(bodiesIn(await client.until(/>/))).toEqual(['<POST /p some body>']);
        // The connection goes on, whoever serves it.
        client.send(toPost('more'));
        expect(bodiesIn(await client.until(/more>/))).toHaveLength(2);
      }),
    );
  });

  it('may come all at once, plain or not, and are answered in order', async () => {
    const client = await open(await listen(echo));
    const chunked = 'POST /c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    client.send(toPost('1') + toPost('2') + chunked + toPost('3') + chunked + 'GET /g HTTP/1.1\r\nhost: h\r\n\r\n');
    expect(bodiesIn(await client.until(/<GET/))).toEqual([
      '<POST /p 1>', '<POST /p 2>', '<POST /c abc>', '<POST /p 3>', '<POST /c abc>', '<GET /g >',
    ]); // prettier-ignore
  });

  it('carry long bodies whole, and several thousand in one go', async () => {
    const client = await open(await listen(echo));
    const long = 'x'.repeat(1_000_000);
    client.send(toPost(long));
    expect(bodiesIn(await client.until(/>/))).toEqual([`<POST /p ${long}>`]);
    client.send(toPost('y').repeat(3_000) + toPost('end'));
    expect(bodiesIn(await client.until(/end>/))).toHaveLength(3_002);
  });

  it('whose body nobody reads are passed over, and the next one is answered', async () => {
    const seen: string[] = [];
    const port = await listen(async (exchange) => {
      seen.push(exchange.path);
      exchange.reply(403, {}).end('<no>');
    });
    const client = await open(port);
    const request = toPost('x'.repeat(300_000));
    client.send(request.slice(0, 100_000));
    await client.until(/<no>/);
    client.send(request.slice(100_000) + toPost('y'));
    expect(bodiesIn(await client.until(/<no>[^]*<no>/))).toHaveLength(2);
    expect(seen).toEqual(['/p', '/p']);
  });

  it('are no longer taken once the server stops', async () => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    let served = 0;
    const client = await open(
      await listen(async (exchange) => {
        served++;
        arrived.resolve();
        await go.promise;
        exchange.reply(200, {}).end('<last>');
      }),
    );
    // What comes behind it would be carried out, and never be answered.
    client.send(toPost('x') + toPost('behind'));
    await arrived.promise;
    const stopped = new Promise((resolve) => server?.close(resolve));
    go.resolve();
    expect(await client.closed).toMatch(/\r\nconnection: close\r\n\r\n<last>$/);
    await stopped;
    expect(served).toBe(1);
    server = null;
  });
});

describe('replies to plain requests', () => {
  const answer = async (handler: Handler): Promise<string> => {
    const client = await open(await listen(handler));
    client.send(toPost(''));
    client.send(toPost('', 'connection: close'));
    return client.closed;
  };

  it.each([
    ['nothing', [], '5\r\nabcde\r\n0\r\n\r\n'],
    ['a text', ['f'], '5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n'],
    ['bytes', [Buffer.from('fg')], '5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\n'],
    ['signs of several bytes', ['é'], '5\r\nabcde\r\n2\r\n\xc3\xa9\r\n0\r\n\r\n'],
  ])('streams are sent in chunks and end with %s', async (_, last, expected) => {
    const received = await answer(async (exchange) => {
      const body = exchange.reply(200, {});
      body.write('');
      body.write('abcde');
      body.end(...last);
    });
    expect(received).toContain(`\r\ntransfer-encoding: chunked\r\n`);
    expect(received.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toMatch(new RegExp(`^${RegExp.escape(expected)}HTTP`));
  });

  it('large pieces are sent whole, in a stream or not', async () => {
    const piece = Buffer.alloc(50_000, 'z');
    const streamed = await answer(async (exchange) => {
      const body = exchange.reply(200, {});
      body.write(piece);
      body.end(piece);
    });
    const chunk = `c350\r\n${piece.toString()}\r\n`;
    expect(streamed).toContain(`\r\n\r\n${chunk}${chunk}0\r\n\r\nHTTP/1.1 200`);
    const whole = await answer(async (exchange) => exchange.reply(200, {}).end(piece));
    expect(whole).toContain(`\r\ncontent-length: 50000\r\n`);
    expect(whole).toContain(`\r\n\r\n${piece.toString()}HTTP/1.1 200`);
  });

  it('a promised length is kept: what is more is cut off, and what is less ends the connection', async () => {
    const more = await answer(async (exchange) => {
      const body = exchange.reply(200, { 'content-length': '4' });
      body.write('abc');
      body.end('defg');
    });
    expect(more).toMatch(/\r\n\r\nabcdHTTP\/1\.1 200/);
    const less = await answer(async (exchange) => exchange.reply(200, { 'content-length': '4' }).end('abc'));
    expect(less).toMatch(/\r\n\r\nabc$/);
  });

  it.each([204, 304])('%s has no body and no length', async (status) => {
    const received = await answer(async (exchange) => exchange.reply(status, {}).end());
    expect(received.slice(0, received.indexOf('\r\n\r\n'))).not.toMatch(/content-length|transfer-encoding/);
    expect(received.slice(received.indexOf('\r\n\r\n'))).toMatch(/^\r\n\r\nHTTP\/1\.1 /);
  });

  it('a handler that fails after its head was made, and before it was sent, is a bare 500', async () => {
    const received = await answer(async (exchange) => {
      exchange.reply(200, {});
      throw new Error('boom');
    });
    expect(received).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n[^]*\r\ncontent-length: 0\r\n/);
  });
});

describe('plain connections that stand still', () => {
  // Longer than this process ever stands still between a connection and its first bytes.
  const limits = { headersMs: 400, requestMs: 500, keepAliveMs: 500 };

  it('are closed when no request comes, and when no further one comes', async () => {
    const port = await listen(echo, limits);
    const silent = await open(port);
    expect(await silent.closed).toBe('');
    const once = await open(port);
    once.send(toPost('x'));
    expect(bodiesIn(await once.closed)).toEqual(['<POST /p x>']);
  });

  it('are told so and closed when a body never ends, whether somebody waits for it or not', async () => {
    const port = await listen(async (exchange) => {
      if (exchange.query !== '') return exchange.reply(200, {}).end('<early>');
      const failed: unknown = await Promise.try(() => exchange.body(1_000)).catch((error: unknown) => error);
      exchange.reply(400, {}).end(`<${(failed as Error).message}>`);
    }, limits);
    const waited = await open(port);
    waited.send(toPost('abc').slice(0, -1));
    const told = await waited.closed;
    expect(bodiesIn(told)).toEqual(['<The request broke off before its body was complete.>']);
    expect(told).toContain('\r\nconnection: close\r\n');
    const unread = await open(port);
    unread.send(toPost('abc').replace('/p', '/p?early').slice(0, -1));
    expect(bodiesIn(await unread.closed)).toEqual(['<early>']);
  });
});
