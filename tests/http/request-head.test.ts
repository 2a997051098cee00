// Heads of plain requests: whatever is taken for plain is read by Node's parser in the very same way; whatever could be read otherwise is not plain.
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HeadReader, readPlainHead } from '#lambda/http/request-head.ts';

const post = (...lines: string[]): string =>
  ['POST /v1/chat/completions HTTP/1.1', 'host: h', ...lines, 'content-length: 2'].join('\r\n');

describe('plain heads', () => {
  it('tells method, path, query, headers in lower case and the length of the body', () => {
    expect(readPlainHead(post('Content-Type: application/json', 'X-Own:\t b \t', 'empty:', 'wide: \xa0'))).toEqual({
      method: 'POST',
      path: '/v1/chat/completions',
      query: '',
      headers: {
        host: 'h',
        'content-type': 'application/json',
        'x-own': 'b',
        empty: '',
        wide: '\xa0',
        'content-length': '2',
      },
      length: 2,
    });
    expect(readPlainHead('GET /a?b?c=d HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive')).toMatchObject({
      method: 'GET',
      path: '/a',
      query: 'b?c=d',
      length: 0,
    });
  });

  it.each([
    ['another method', 'PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 2'],
    ['another version', 'GET / HTTP/1.0\r\nhost: h'],
    ['a whole address', 'GET http://h/ HTTP/1.1\r\nhost: h'],
    ['no host', 'GET / HTTP/1.1\r\nx: y'],
    ['an empty host', 'GET / HTTP/1.1\r\nhost:'],
    ['nothing but a request line', 'GET / HTTP/1.1'],
    ['a line before the request', '\r\nGET / HTTP/1.1\r\nhost: h'],
    ['two spaces', 'GET  / HTTP/1.1\r\nhost: h'],
    ['no length', 'POST / HTTP/1.1\r\nhost: h'],
    ['a body that GET has not', 'GET / HTTP/1.1\r\nhost: h\r\ncontent-length: 2'],
    ['two lengths', post('content-length: 2')],
    ['a signed length', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +2'],
    ['a length in hex', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0x2'],
    ['lengths in a list', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2, 2'],
    ['an empty length', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length:'],
    ['a large body', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1048577'],
    ['chunks', post('transfer-encoding: chunked')],
    ['chunks in capitals', post('Transfer-Encoding: identity')],
    ['an expectation', post('expect: 100-continue')],
    ['an upgrade', post('connection: upgrade', 'upgrade: h2c')],
    ['a connection that closes', post('connection: close')],
    ['headers of the connection', post('connection: keep-alive, x-own')],
    ['a header twice', post('x: 1', 'X: 2')],
    ['a folded header', post('x: 1', ' 2')],
    ['a space before the colon', post('x : 1')],
    ['a line without a colon', post('x')],
    ['a header without a name', post(': 1')],
    ['half a line end', post('x: 1\ny: 2')],
    ['the other half', post('x: 1\ry: 2')],
    ['a zero', post('x: \0')],
    ['an escape', post('x: \x1b')],
    ['the name of what all objects have', post('__proto__: x')],
  ])('is not plain: %s', (_, head) => expect(readPlainHead(head)).toBeNull());
});

/** What Node's server makes of bytes. Null: it refuses them, or waits for more. */
function readByNode(text: string): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer((request) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { method, url, headers } = request;
        resolve({ method, url, headers: { ...headers }, body: Buffer.concat(pieces).toString('latin1') });
        socket.destroy();
      });
    });
    server.on('clientError', () => socket.destroy());
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    socket.on('close', () => resolve(null));
    server.emit('connection', socket as Socket);
    socket.push(Buffer.from(text, 'latin1'));
    setImmediate(() => setImmediate(() => socket.destroy()));
  });
}

/** Numbers that are the same in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('plain heads and Node', () => {
  const parts = [
    'GET', 'POST', 'PUT', ' ', '  ', '/', '/a?b', '*', 'http://h/', ' HTTP/1.1', ' HTTP/1.0', 'HTTP/1.1', '\r\n', '\r\n', '\r\n', '\n', '\r', '\t', '\0',
    'host: h', 'Host:h', 'host', ':', 'content-length: 2', 'Content-Length:2', 'content-length: 3', 'content-length: 0', 'content-length: 02', 'content-length : 2',
    'transfer-encoding: chunked', 'transfer-encoding: identity', 'connection: keep-alive', 'connection: close', 'expect: 100-continue', 'x: y', 'x: \xe9', 'x:\xa0', ' folded', 'é: x',
  ]; // prettier-ignore

  it('agree on whatever is plain, however heads are put together', async () => {
    const random = createRandom(7);
    let plain = 0;
    for (let round = 0; round < 4_000; round++) {
      const isPost = random(2) === 0;
      const lines = ['host: h', ...(isPost ? ['content-length: 2'] : [])];
      for (let more = random(3); more > 0; more--) lines.splice(random(3), 0, parts[random(parts.length)] as string);
      let head = [isPost ? 'POST /a?b HTTP/1.1' : 'GET / HTTP/1.1', ...lines].join('\r\n');
      // One in two is damaged somewhere.
      if (random(2) === 0) {
        const at = random(head.length);
        head = head.slice(0, at) + (parts[random(parts.length)] as string) + head.slice(at + random(2));
      }
      const ours = head.includes('\r\n\r\n') ? null : readPlainHead(head);
      if (ours === null) continue;
      plain++;
      const body = 'ab'.slice(0, ours.length);
      const url = ours.query === '' ? ours.path : `${ours.path}?${ours.query}`;
      if (body.length < ours.length) continue;
      expect(await readByNode(`${head}\r\n\r\n${body}`), JSON.stringify(head)).toEqual({
        method: ours.method,
        url,
        headers: { ...ours.headers },
        body,
      });
    }
    expect(plain).toBeGreaterThan(100);
  });
});

describe('heads of one connection', () => {
  const whole = (head: string): Buffer => Buffer.from(`${head}\r\n\r\n`, 'latin1');
  const alone = (head: string): unknown => (head.includes('\r\n\r\n') ? null : readPlainHead(head));

  it('are read as if each came alone, whatever came before', () => {
    const random = createRandom(11);
    const bases = [
      'POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-length: 25\r\nauthorization: Bearer x',
      'POST / HTTP/1.1\r\nContent-Length:\t7 \r\nhost: h',
      'POST / HTTP/1.1\r\nhost: h\r\nx-content-length: 9\r\ncontent-length: 1048576',
      'GET /v1/models HTTP/1.1\r\naccept: a\r\nhost: h',
    ];
    let again = 0;
    for (let round = 0; round < 20_000; round++) {
      const base = bases[random(bases.length)] as string;
      const reader = new HeadReader(16_384);
      const first = reader.read(whole(base));
      expect(first).toEqual(alone(base));
      expect(reader.bytes).toBe(base.length + 4);
      const digit = /(?<=length:\s*)\d+/gi;
      const other =
        random(2) === 0
          ? base.replace(digit, () => String(random(2 ** random(30))).padStart(random(4), '0'))
          : base.slice(0, random(base.length)) + String.fromCharCode(random(128)) + base.slice(random(base.length));
      const second = reader.read(whole(other));
      const expected = alone(other);
      expect(second, JSON.stringify(other)).toEqual(expected);
      if (expected === null) continue;
      expect(reader.bytes).toBe(other.length + 4);
      if (other !== base) again++;
      expect(reader.read(whole(base))).toEqual(first);
    }
    expect(again).toBeGreaterThan(1_000);
  });

  it('are not read again where only their length differs, and their body follows', () => {
    const reader = new HeadReader(16_384);
    const first = reader.read(Buffer.from(`${post('x: y')}\r\n\r\nab`));
    expect(reader.read(Buffer.from(`${post('x: y')}\r\n\r\n{}`))).toBe(first);
    const longer = reader.read(Buffer.from(`${post('x: y').slice(0, -1)}12\r\n\r\n0123456789ab`));
    expect(longer).toMatchObject({ length: 12, headers: { 'content-length': '12', x: 'y' } });
    expect(reader.bytes).toBe(post('x: y').length + 1 + 4);
  });

  it('are forgotten when told to', () => {
    const reader = new HeadReader(16_384);
    const first = reader.read(whole(post('x: y')));
    expect(reader.read(whole(post('x: y')))).toBe(first);
    reader.forget();
    const next = reader.read(whole(post('x: y')));
    expect(next).not.toBe(first);
    expect(next).toEqual(first);
  });

  it('wait for none: one that is not complete, or too long, is not plain', () => {
    const reader = new HeadReader(64);
    const head = post('x: y');
    expect(new HeadReader(16_384).read(Buffer.from(`${head}\r\n`))).toBeNull();
    expect(reader.read(whole(head))).toBeNull();
    expect(reader.read(whole('GET / HTTP/1.1\r\nhost: h'))).not.toBeNull();
    expect(reader.read(Buffer.from('GET / HTTP/1.1\r\nhost: h\r\n'))).toBeNull();
  });
});
