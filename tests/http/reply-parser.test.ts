// Replies as bytes: read whole, byte by byte and in pieces of chance, always with the same outcome; what is unclear is refused.
import { describe, expect, it } from 'vitest';
import { MalformedReply, ReplyParser } from '#lambda/http/reply-parser.ts';
import type { Headers } from '#lambda/ports.ts';

interface Read {
  status: number;
  headers: Headers;
  body: string;
  pieces: number;
  ended: boolean;
  reusable: boolean;
}

/** Feeds the pieces of one reply. */
function read(pieces: readonly Buffer[], { method = 'POST', closes = false } = {}): Read {
  const seen: Read = { status: 0, headers: {}, body: '', pieces: 0, ended: false, reusable: false };
  const kept: Buffer[] = [];
  const parser = new ReplyParser({
    head: (status, headers) => Object.assign(seen, { status, headers }),
    data: (chunk) => kept.push(chunk),
    end: () => (seen.ended = true),
  });
  parser.begin(method);
  for (const piece of pieces) {
    const before = kept.length;
    parser.feed(Buffer.from(piece));
    expect(kept.length - before).toBeLessThanOrEqual(1);
  }
  if (closes) expect(parser.close()).toBe(seen.ended);
  return { ...seen, body: Buffer.concat(kept).toString(), pieces: kept.length, reusable: parser.isReusable };
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8');
const everyByte = (whole: Buffer): Buffer[] => Array.from(whole, (_, at) => whole.subarray(at, at + 1));

/** Cuts at places of chance, the same ones every time. */
function atRandom(whole: Buffer, seed: number): Buffer[] {
  const pieces: Buffer[] = [];
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at < whole.length;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const end = Math.min(whole.length, at + 1 + ((state >>> 16) % 9));
    pieces.push(whole.subarray(at, end));
    at = end;
  }
  return pieces;
}

const sized = bytes('HTTP/1.1 200 OK\nContent-Type: text/plain\nX-Twice: a\nx-twice:  b  \nContent-Length: 7\n\nGrüße');
const chunked = bytes(
  'HTTP/1.1 200\nTransfer-Encoding: chunked\n\n5\ndata:\n1;name="a;b"\n \n000a\n0123456789\n1F\nabcdefghijklmnopqrstuvwxyzABCDE\n0\nX-Trailer: yes\n\n',
);
const interim = bytes(
  'HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nlink: </a>\n\nHTTP/1.1 201 Created\ncontent-length: 2\n\nok',
);

describe('replies', () => {
  it.each([
    ['of a known length', sized, { status: 200, body: 'Grüße', headers: { 'x-twice': 'a, b' } }],
    ['in chunks', chunked, { status: 200, body: 'data: 0123456789abcdefghijklmnopqrstuvwxyzABCDE' }],
    ['after interim ones', interim, { status: 201, body: 'ok' }],
  ])('are read %s, however they are cut', (_, whole, expected) => {
    const outcome = { ...expected, ended: true, reusable: true };
    expect(read([whole])).toMatchObject({ ...outcome, pieces: 1 });
    expect(read(everyByte(whole))).toMatchObject(outcome);
    for (let seed = 1; seed <= 300; seed++) expect(read(atRandom(whole, seed))).toMatchObject(outcome);
  });

  it('are told of when they are not whole yet', () => {
    for (const whole of [sized, chunked, interim])
      for (let length = 0; length < whole.length; length++)
        expect(read([whole.subarray(0, length)]), `${length} bytes`).toMatchObject({ ended: false, reusable: false });
  });

  it('end with the connection when nothing else tells their end', () => {
    const seen = read([bytes('HTTP/1.1 200 OK\n\nall '), bytes('of it')], { closes: true });
    expect(seen).toMatchObject({ body: 'all of it', ended: true, reusable: false });
    expect(read([sized.subarray(0, -1)], { closes: true }).ended).toBe(false);
  });

  it('have no body where there can be none', () => {
    expect(read([bytes('HTTP/1.1 204 No Content\n\n')])).toMatchObject({ status: 204, ended: true, reusable: true });
    expect(read([bytes('HTTP/1.1 304 Not Modified\ncontent-length: 9\n\n')])).toMatchObject({ ended: true });
    const head = read([bytes('HTTP/1.1 200 OK\ncontent-length: 9\n\n')], { method: 'HEAD' });
    expect(head).toMatchObject({ ended: true, reusable: true, body: '' });
    expect(read([bytes('HTTP/1.1 200 OK\ncontent-length: 0\n\n')])).toMatchObject({ ended: true, reusable: true });
  });

  it.each([
    ['says that it closes', 'HTTP/1.1 200 OK\nConnection: x, Close\ncontent-length: 1\n\na'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\ncontent-length: 1\n\na'],
    [
      'names a length and sends chunks',
      'HTTP/1.1 200 OK\ncontent-length: 4\ntransfer-encoding: chunked\n\n1\na\n0\n\n',
    ],
    ['sends more than it says', 'HTTP/1.1 200 OK\ncontent-length: 1\n\nab'],
  ])('leave a connection that is not used again when the provider %s', (_, text) => {
    expect(read([bytes(text)])).toMatchObject({ body: 'a', ended: true, reusable: false });
  });

  it('of HTTP/1.0 may ask to be followed', () => {
    const text = 'HTTP/1.0 200 OK\nconnection: Keep-Alive\ncontent-length: 1\n\na';
    expect(read([bytes(text)])).toMatchObject({ ended: true, reusable: true });
  });
});

describe('replies that are refused', () => {
  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\n'],
    ['another version', 'HTTP/2 200 OK\n\n'],
    ['no status', 'HTTP/1.1 OK\n\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\nupgrade: x\n\n'],
    ['two lengths', 'HTTP/1.1 200 OK\ncontent-length: 1\ncontent-length: 2\n\nab'],
    ['a length with a sign', 'HTTP/1.1 200 OK\ncontent-length: +1\n\na'],
    ['an unknown coding', 'HTTP/1.1 200 OK\ntransfer-encoding: gzip, chunked\n\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\n: x\n\n'],
    ['a header with a space in its name', 'HTTP/1.1 200 OK\na b: x\n\n'],
    ['a header continued on the next line', 'HTTP/1.1 200 OK\na: x\n y\n\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n\na\n'],
    ['a chunk with a negative size', 'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n-1\na\n'],
    ['a chunk of more than can be counted', 'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n10000000000000\na\n'],
    ['a chunk longer than it says', 'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n1\nab\n0\n\n'],
  ])('%s', (_, text) => {
    expect(() => read([bytes(text)])).toThrow(MalformedReply);
    expect(() => read(everyByte(bytes(text)))).toThrow(MalformedReply);
  });

  it.each([
    ['a line feed alone in the head', 'HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n'],
    ['a carriage return alone in the head', 'HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n'],
    ['a zero byte in the head', 'HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n'],
    ['a line feed alone after a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n'],
  ])('%s', (_, text) => {
    expect(() => read([Buffer.from(text)])).toThrow(MalformedReply);
  });

  it('heads, sizes and trailers without an end', () => {
    const endless = (start: string): Buffer[] => [bytes(start), ...Array(300).fill(Buffer.alloc(1_000, 'a'))];
    const lines = (start: string): Buffer[] => [bytes(start), ...Array(300).fill(bytes(`a: ${'b'.repeat(1_000)}\n`))];
    expect(() => read(endless('HTTP/1.1 200 OK\nx: '))).toThrow(MalformedReply);
    expect(() => read(endless('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n1;'))).toThrow(MalformedReply);
    expect(() => read(lines('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n0\n'))).toThrow(MalformedReply);
  });

  it('bytes before anything was asked', () => {
    const parser = new ReplyParser({ head: () => undefined, data: () => undefined, end: () => undefined });
    expect(() => parser.feed(sized)).toThrow(MalformedReply);
  });
});
