// The bench's HTTP parser: every cut of the same bytes reads the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMessageParser, toFraming } from '../../scripts/bench/message-parser.ts';

interface Message {
  head: string;
  body: string;
}

/** Reads the pieces; only messages that have ended are told. */
function readAll(pieces: readonly Buffer[]): Message[] {
  const messages: Message[] = [];
  let current: Message = { head: '', body: '' };
  const parse = createMessageParser({
    head: (text) => {
      current = { head: text, body: '' };
    },
    body: (piece) => {
      current.body += piece.toString('latin1');
    },
    end: () => {
      messages.push(current);
    },
  });
  for (const piece of pieces) parse(piece);
  return messages;
}

/** The text cut at the given places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const sized = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"a":"b\r\n\r\n"}';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;note=1\r\n\r\n world\r\n\r\n0\r\nx-trailer: 1\r\n\r\n';
const empty = 'HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n';
const request = 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}';

const cases: readonly [string, string, Message[]][] = [
  ['a body of known length', sized, [{ head: sized.slice(0, sized.indexOf('\r\n\r\n')), body: '{"a":"b\r\n\r\n"}' }]],
  ['a chunked body', chunked, [{ head: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', body: 'hello\r\n world\r\n' }]],
  ['no body', empty, [{ head: 'HTTP/1.1 204 No Content\r\ndate: today', body: '' }]],
  [
    'messages one behind the other',
    request + empty + chunked + request,
    [
      { head: request.slice(0, request.indexOf('\r\n\r\n')), body: '{}' },
      { head: 'HTTP/1.1 204 No Content\r\ndate: today', body: '' },
      { head: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', body: 'hello\r\n world\r\n' },
      { head: request.slice(0, request.indexOf('\r\n\r\n')), body: '{}' },
    ],
  ],
];

describe('createMessageParser', () => {
  it.each(cases)('reads %s in one piece', (_, text, expected) => {
    expect(readAll([Buffer.from(text, 'latin1')])).toEqual(expected);
  });

  it.each(cases)('reads %s byte by byte', (_, text, expected) => {
    expect(readAll([...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it.each(cases)('reads %s however it is cut', (_, text, expected) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
        expect(readAll(cut(text, places))).toEqual(expected);
      }),
    );
  });

  it.each(cases)('does not tell the end of %s before its last byte', (_, text, expected) => {
    expect(readAll([Buffer.from(text.slice(0, -1), 'latin1')])).toHaveLength(expected.length - 1);
  });

  it('refuses a chunk size that is none', () => {
    const bad = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n';
    expect(() => readAll([Buffer.from(bad)])).toThrow('"hello" is no chunk size');
  });
});

describe('toFraming', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 12', 12],
    ['HTTP/1.1 200 OK\r\nCONTENT-LENGTH:0', 0],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked', 'chunked'],
    ['HTTP/1.1 200 OK\r\nx-content-length: 12', 0],
    ['HTTP/1.1 200 OK', 0],
  ])('of %j is %s', (head, expected) => {
    expect(toFraming(head)).toBe(expected);
  });

  it.each(['-1', 'twelve', '1, 1', ''])('refuses the length "%s"', (length) => {
    expect(() => toFraming(`HTTP/1.1 200 OK\r\ncontent-length: ${length}`)).toThrow('must be a number');
  });
});
