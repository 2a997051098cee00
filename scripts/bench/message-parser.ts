// Reads HTTP/1.1 messages, requests or replies, from pieces of any size: just enough for a load driver and a simulated provider.

/** Called in the order head, body*, end for each message. */
export interface MessageListener {
  /** Start line and header lines, without the empty line that ends them. */
  head(text: string): void;
  /** A piece of the body; valid only during the call. */
  body(piece: Buffer): void;
  end(): void;
}

type State = 'head' | 'sized' | 'size-line' | 'chunk' | 'chunk-end' | 'trailer';

const LINE_END = '\r\n';

/** Length of the body as its head tells it: a number, or `chunked`. Neither given means no body. Throws on a length that is none. */
export function toFraming(head: string): number | 'chunked' {
  if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) return 'chunked';
  const length = /\r\ncontent-length: *([^\r]*)/i.exec(head)?.[1];
  if (length === undefined) return 0;
  if (!/^\d+ *$/.test(length)) throw new Error(`content-length is "${length}", but must be a number`);
  return Number(length);
}

function parseChunkSize(line: string): number {
  const size = /^[0-9a-f]+/i.exec(line)?.[0];
  if (size === undefined) throw new Error(`"${line}" is no chunk size`);
  return Number.parseInt(size, 16);
}

/** A parser for one connection: feed it what arrives. Throws when it is not HTTP. */
export function createMessageParser(listener: MessageListener): (piece: Buffer) => void {
  let state: State = 'head';
  let remaining = 0;
  let rest: Buffer | null = null;

  const finish = (): void => {
    state = 'head';
    listener.end();
  };
  const begin = (text: string): void => {
    const framing = toFraming(text);
    listener.head(text);
    if (framing === 'chunked') state = 'size-line';
    else if (framing === 0) finish();
    else [state, remaining] = ['sized', framing];
  };
  const line = (text: string): void => {
    if (state === 'chunk-end') state = 'size-line';
    else if (state === 'trailer') {
      if (text === '') finish();
    } else {
      remaining = parseChunkSize(text);
      state = remaining === 0 ? 'trailer' : 'chunk';
    }
  };
  const counted = (data: Buffer, at: number): number => {
    const until = Math.min(data.length, at + remaining);
    remaining -= until - at;
    listener.body(data.subarray(at, until));
    if (remaining > 0) return until;
    if (state === 'sized') finish();
    else state = 'chunk-end';
    return until;
  };
  /** Reads on from `at`; answers where it got to, or -1 when the line or head is not complete yet. */
  const step = (data: Buffer, at: number): number => {
    if (state === 'sized' || state === 'chunk') return counted(data, at);
    const mark = state === 'head' ? LINE_END + LINE_END : LINE_END;
    const until = data.indexOf(mark, at, 'latin1');
    if (until < 0) return -1;
    const text = data.toString('latin1', at, until);
    if (state === 'head') begin(text);
    else line(text);
    return until + mark.length;
  };

  return (piece) => {
    const data = rest === null ? piece : Buffer.concat([rest, piece]);
    rest = null;
    let at = 0;
    while (at < data.length) {
      const next = step(data, at);
      if (next < 0) {
        rest = data.subarray(at);
        return;
      }
      at = next;
    }
  };
}
