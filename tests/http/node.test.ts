// The node:http entry, over real connections: what the app sees, what clients see, and what must not bring it down.
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createNodeServer, type NodeLimits } from '#lambda/http/node.ts';
import type { Exchange, Gone, Handler, ReplyBody } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';
import { connectRaw } from './raw-client.ts';

let server: Server | null = null;

afterEach(async () => {
  const last = server;
  server = null;
  if (!last) return;
  await new Promise((resolve) => {
    last.close(resolve);
    last.closeAllConnections();
  });
});

async function listen(handler: Handler, limits?: NodeLimits): Promise<{ url: string; port: number }> {
  const started = (server = createNodeServer(handler, limits));
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

/** Sends bytes as they are, and collects all that comes back until the connection closes. */
function exchangeRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

const ok: Handler = async (exchange) => exchange.reply(200, {}).end('ok');

/** Answers what it was sent, as an endpoint would. */
const echo: Handler = async (exchange) => {
  const { method, path, query, headers, remoteAddress, deadlineAtMs } = exchange;
  try {
    const body = Buffer.from(await exchange.body(1_000)).toString();
    const told = { method, path, query, headers, remoteAddress, deadlineAtMs, body };
    exchange.reply(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    exchange.reply(error.status, {}).end(error.code);
  }
};

describe('node server: requests', () => {
  it('hands over method, path, query, headers, address and body', async () => {
    const { url } = await listen(echo);
    const reply = await fetch(`${url}/v1/a%2Fb?x=1&y=%20`, {
      method: 'POST',
      body: 'Grüße',
      headers: { 'X-Own': 'b' },
    });
    expect(await reply.json()).toMatchObject({
      method: 'POST',
      path: '/v1/a%2Fb',
      query: 'x=1&y=%20',
      headers: { 'x-own': 'b' },
      remoteAddress: '127.0.0.1',
      deadlineAtMs: null,
      body: 'Grüße',
    });
  });

  it.each([
    ['GET http://proxy.example/v1/models?a=1 HTTP/1.1', '/v1/models', 'a=1'],
    ['OPTIONS * HTTP/1.1', '*', ''],
    ['GET // HTTP/1.1', '//', ''],
  ])('reads the target of "%s"', async (line, path, query) => {
    const { port } = await listen(echo);
    const received = await exchangeRaw(port, `${line}\r\nhost: h\r\nconnection: close\r\n\r\n`);
    expect(received).toContain(`"path":"${path}","query":"${query}"`);
  });

  it('joins repeated headers', async () => {
    const { port } = await listen(echo);
    const head =
      'GET / HTTP/1.1\r\nhost: h\r\nx-a: 1\r\nx-a: 2\r\ncookie: a=1\r\ncookie: b=2\r\nconnection: close\r\n\r\n';
    const received = await exchangeRaw(port, head);
    expect(received).toContain('"x-a":"1, 2"');
    expect(received).toContain('"cookie":"a=1; b=2"');
  });

  it.each([
    ['declared', { body: 'x'.repeat(1_001) }],
    ['chunked', { body: new Blob(['x'.repeat(1_001)]).stream(), duplex: 'half' }],
    ['much larger', { body: 'x'.repeat(30_000_000) }],
  ])('refuses a body past the limit: %s', async (_, init) => {
    const { url } = await listen(echo);
    const reply = await fetch(url, { method: 'POST', ...init } as RequestInit);
    expect([reply.status, await reply.text()]).toEqual([413, 'too_large']);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1_000) })).status).toBe(200);
  });

  it('fails the body, and no more, when the request breaks off', async () => {
    const failed = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const { port } = await listen(async (exchange) => {
      const reading = Promise.try(() => exchange.body(1_000)).catch(failed.resolve);
      begun.resolve();
      await reading;
      exchange.reply(400, {}).end();
    });
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc'),
    );
    await begun.promise;
    socket.destroy();
    expect(await failed.promise).toMatchObject({ code: 'invalid_request' });
  });
});

describe('node server: replies', () => {
  it('carries the security headers, cookies one by one, and nothing that would split the head', async () => {
    const { url } = await listen(async (exchange) => {
      const headers = {
        'set-cookie': 'a=1; Path=/\nb=2',
        'x-route': 'β\r\nx-evil: 1',
        'x-frame-options': 'SAMEORIGIN',
      };
      exchange.reply(200, headers).end('{}');
    });
    const { headers } = await fetch(url);
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(headers.get('x-route')).toBe('???x-evil: 1');
    expect(headers.get('x-evil')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
  });

  it('sends each chunk as it is written', async () => {
    const opened = Promise.withResolvers<ReplyBody>();
    const { url } = await listen(async (exchange) => {
      const body = exchange.reply(200, { 'content-type': 'text/event-stream' });
      body.write('first');
      opened.resolve(body);
      await new Promise<Gone>((resolve) => exchange.onGone(resolve));
    });
    const reply = await fetch(url);
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    const read = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    const body = await opened.promise;
    expect(await read()).toBe('first');
    body.write('second');
    expect(await read()).toBe('second');
    body.end('third');
    body.end('ignored');
    expect(body.write('ignored')).toBe(true);
    expect(await read()).toBe('third');
    expect((await reader.read()).done).toBe(true);
  });

  it('says when the reader is slower, and goes on when it has caught up', async () => {
    const stuck = Promise.withResolvers<void>();
    const { url } = await listen(async (exchange) => {
      const body = exchange.reply(200, {});
      const piece = Buffer.alloc(1 << 20, 'x');
      for (let i = 0; i < 32; i++) {
        if (body.write(piece)) continue;
        stuck.resolve();
        await body.drained();
      }
      body.end();
    });
    const response = await new Promise<IncomingMessage>((resolve) => httpRequest(url, resolve).end());
    await stuck.promise;
    let size = 0;
    for await (const chunk of response) size += (chunk as Buffer).length;
    expect(size).toBe(32 << 20);
  });

  it('releases a writer whose reader has gone, and tells everybody who asked, once', async () => {
    const gone: string[] = [];
    const over = Promise.withResolvers<void>();
    const { url } = await listen(async (exchange) => {
      for (let i = 0; i < 30; i++) exchange.onGone(() => gone.push('early'));
      const body = exchange.reply(200, {});
      while (body.write(Buffer.alloc(1 << 20))) await Promise.resolve();
      await body.drained();
      await new Promise<Gone>((resolve) => exchange.onGone(resolve));
      expect(body.write('more')).toBe(true);
      over.resolve();
    });
    const response = await new Promise<IncomingMessage>((resolve) => httpRequest(url, resolve).end());
    response.once('data', () => response.destroy());
    await over.promise;
    expect(gone).toHaveLength(30);
  });

  it('does not call a finished reply gone', async () => {
    let gone = 0;
    const { url } = await listen(async (exchange) => {
      exchange.onGone(() => gone++);
      exchange.reply(200, {}).end('ok');
    });
    for (let i = 0; i < 3; i++) await (await fetch(url, { headers: { connection: 'close' } })).text();
    expect(gone).toBe(0);
  });

  it('answers HEAD without a body', async () => {
    const { port } = await listen(ok);
    const received = await exchangeRaw(port, 'HEAD / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n');
    expect(received).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\r\n\r\n$/);
  });
});

describe('node server: what must not bring it down', () => {
  const cases: [string, string, RegExp][] = [
    ['garbage', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', /^HTTP\/1.1 400 /],
    ['length and chunked', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1.1 400 /],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['endless headers', `GET / HTTP/1.1\r\nhost: h\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
  ]; // prettier-ignore
  it.each(cases)('%s', async (_, text, expected) => {
    const { url, port } = await listen(ok);
    expect(await exchangeRaw(port, text)).toMatch(expected);
    expect((await fetch(url)).status).toBe(200);
  });

  it('a request that never ends its headers', async () => {
    const { url, port } = await listen(ok, { headersMs: 400, requestMs: 400 });
    expect(await exchangeRaw(port, 'GET / HTTP/1.1\r\nhost: h\r\n')).toMatch(/^HTTP\/1.1 408 /);
    expect((await fetch(url)).status).toBe(200);
  });

  it.each([
    ['throws', () => { throw new Error('boom'); }],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ] as [string, Handler][])('a handler that %s is a bare 500', async (_, handler) => {
    const { url } = await listen(handler);
    const reply = await fetch(url);
    expect([reply.status, await reply.text()]).toEqual([500, '']);
  }); // prettier-ignore

  it('a reply that was left open is cut, not ended', async () => {
    const { url } = await listen(async (exchange: Exchange) => {
      exchange.reply(200, {}).write('half');
    });
    await expect(fetch(url).then((reply) => reply.text())).rejects.toThrow(/terminated|fetch failed/);
  });
});

describe('node server: a body that is read in part', () => {
  it('passes, so that the next request on its connection is answered', async () => {
    const { port } = await listen(async (exchange) => {
      if (exchange.path === '/next') return exchange.reply(200, {}).end('next');
      for await (const chunk of exchange.chunks!(8_000_000)) if (chunk.length > 0) break;
      exchange.reply(400, {}).end('enough');
    });
    const client = await connectRaw(port);
    const body = 'x'.repeat(3_000_000);
    client.send(`POST /upload HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await client.until((received) => received.endsWith('enough'));
    client.send('GET /next HTTP/1.1\r\nhost: h\r\n\r\n');
    expect(await client.until((received) => received.endsWith('next'))).toMatch(/HTTP\/1.1 200 /);
    client.destroy();
  });
});

describe('node server: a body that nobody wants, on a connection that ends with its reply', () => {
  it.each([
    ['by us', 900_000],
    ['by Node', 3_000_000],
  ])('and is served %s, passes, so that the reply is not lost', async (_, bytes) => {
    const { port } = await listen(async (exchange) => exchange.reply(413, {}).end('<too large>'));
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const faults: unknown[] = [];
    let received = '';
    socket.on('error', (error) => faults.push(error)).on('data', (chunk) => (received += chunk.toString()));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const piece = Buffer.alloc(bytes / 30, 120);
    socket.write(`POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n`);
    await vi.waitFor(() => expect(received).toContain('<too large>'));
    for (let sent = 0; sent < bytes; sent += piece.length)
      await new Promise((resolve) => socket.write(piece, () => setImmediate(resolve)));
    socket.end();
    await closed;
    expect(faults).toEqual([]);
  });
});

/** The first is served by us, the other by Node. */
const ways = ['GET', 'DELETE'] as const;

describe('node server: a body that still comes when the server is stopped', () => {
  it('is refused in words', async () => {
    const interrupt = new AbortController();
    const { port } = await listen(
      async (exchange) => {
        const error = await (async (): Promise<unknown> => {
          for await (const chunk of exchange.chunks!(8_000_000)) if (chunk.length > 0) interrupt.abort();
          return null;
        })().catch((thrown: unknown) => thrown);
        const { code, status, retryable } = error as CallerError;
        exchange.reply(status, {}).end(`${code} ${retryable}`);
      },
      { interrupt: interrupt.signal },
    );
    const client = await connectRaw(port);
    client.send('POST /upload HTTP/1.1\r\nhost: h\r\ncontent-length: 4000000\r\n\r\n');
    const sending = setInterval(() => client.send('x'.repeat(1_000)), 5);
    onTestFinished(() => clearInterval(sending));
    expect(await client.until((text) => text.endsWith('deadline true'))).toMatch(/^HTTP\/1.1 504 /);
    client.destroy();
  });
});

describe('node server: callers who hold on to what they have', () => {
  it.each(ways)(
    'one who reads nothing of a reply (%s) is gone in the end, and its writer hears of it',
    async (method) => {
      const gone = Promise.withResolvers<Gone>();
      const { url, port } = await listen(
        async (exchange) => {
          if (exchange.path === '/short') return exchange.reply(200, {}).end('short');
          const over = new AbortController();
          exchange.onGone((why) => {
            over.abort();
            gone.resolve(why);
          });
          const reply = exchange.reply(200, {});
          while (!over.signal.aborted) {
            reply.write('x'.repeat(65_536));
            await reply.drained();
            await new Promise((next) => setImmediate(next));
          }
        },
        { unreadMs: 300 },
      );
      const socket = connect(port, '127.0.0.1', () => socket.write(`${method} / HTTP/1.1\r\nhost: h\r\n\r\n`));
      socket.on('error', () => undefined).pause();
      expect(await gone.promise).toBe('hung_up');
      expect(await (await fetch(`${url}/short`)).text()).toBe('short');
      socket.destroy();
    },
  );

  it.each([1_000, 2_000_000])(
    'the rest of a body of %i bytes that was refused is not waited for long',
    async (length) => {
      const { port } = await listen(async (exchange) => exchange.reply(401, {}).end('no'), {
        headersMs: 300,
        requestMs: 600_000,
      });
      const received = await exchangeRaw(port, `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\n\r\nabc`);
      expect(received).toMatch(/^HTTP\/1.1 401 .*no$/s);
    },
  );
});

describe('node server: a clock that is set anew', () => {
  it('a day ahead closes no connection, an hour back holds none open, and the date is told anew', async () => {
    const { port } = await listen(ok, { headersMs: 200 });
    const client = await connectRaw(port);
    const ask = 'GET / HTTP/1.1\r\nhost: h\r\n\r\n';
    client.send(ask);
    await client.until((received) => received.endsWith('ok'));
    const real = Date.now.bind(Date);
    let byMs = 24 * 3_600_000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + byMs);
    onTestFinished(() => void clock.mockRestore());
    // One that says nothing is closed: all have been looked at by then.
    await exchangeRaw(port, '');
    client.send(ask);
    await client.until((received) => received.split('\r\n\r\nok').length === 3);
    byMs = -3_600_000;
    await exchangeRaw(port, '');
    client.send(ask);
    const received = await client.until((text) => text.split('\r\n\r\nok').length === 4);
    const told = [...received.matchAll(/^date: (.*)\r$/gm)].map(([, date]) => Date.parse(date ?? ''));
    expect(told.map((atMs) => Math.floor((atMs - real()) / 3_600_000 + 0.5))).toEqual([0, 24, -1]);
    client.destroy();
  });
});

describe('node server: stopping', () => {
  it('lets a stream finish, and then closes its kept-alive connection', async () => {
    const waiting = Promise.withResolvers<void>();
    const { url } = await listen(async (exchange) => {
      const body = exchange.reply(200, {});
      body.write('a');
      await waiting.promise;
      body.end('b');
    });
    const reply = await fetch(url);
    const closed = new Promise((resolve) => server?.close(resolve));
    waiting.resolve();
    expect(await reply.text()).toBe('ab');
    await closed;
    server = null;
  });
});
