// Cuts a binary event stream into frames: each message bears its lengths, headers, payload, and two checksums.
import type { ProviderFailure } from '#shared/failures.ts';
import type { CutFrames, FrameCutter, Framing } from '../frames.ts';
import type { SseFrame } from '../types.ts';

/** Two lengths and their checksum. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** The largest message that is taken in. */
const LARGEST_BYTES = 4 * 1024 * 1024;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of the bytes. */
export function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

const broken = (what: string): ProviderFailure => ({
  kind: 'bad_reply',
  message: `The provider sent a broken event stream: ${what}.`,
});

/** Bytes of a header's value by its type; text and binary values bear their own length. */
const sizes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const BINARY = 6;
const TEXT = 7;

/** The headers that hold text; null when they can't be read. */
function readHeaders(bytes: Uint8Array, toText: (bytes: Uint8Array) => string): Map<string, string> | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headers = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    if (nameEnd >= bytes.length) return null;
    const type = bytes[nameEnd] ?? -1;
    let start = nameEnd + 1;
    let size = sizes[type];
    if (type === BINARY || type === TEXT) {
      if (start + 2 > bytes.length) return null;
      size = view.getUint16(start);
      start += 2;
    }
    if (size === undefined || start + size > bytes.length) return null;
    if (type === TEXT)
      headers.set(toText(bytes.subarray(at + 1, nameEnd)), toText(bytes.subarray(start, start + size)));
    at = start + size;
  }
  return headers;
}

/** The frame of a message: its event and payload. An exception is a frame of that name, with its kind under `__type`. */
function toFrame(headers: Map<string, string>, payload: string): SseFrame {
  const kind = headers.get(':exception-type') ?? headers.get(':error-code');
  if (kind === undefined) return { raw: '', event: headers.get(':event-type') ?? null, data: payload };
  const told = headers.get(':error-message');
  const data = JSON.stringify({ __type: kind, ...(told === undefined ? { body: payload } : { message: told }) });
  return { raw: '', event: 'exception', data };
}

function readMessage(message: Uint8Array, headersEnd: number, toText: (bytes: Uint8Array) => string): SseFrame | null {
  const headers = readHeaders(message.subarray(PRELUDE_BYTES, headersEnd), toText);
  return headers && toFrame(headers, toText(message.subarray(headersEnd, message.length - CHECKSUM_BYTES)));
}

/** How long the message at the beginning of the bytes is, and where its headers end; null while that is not known, and what is wrong with it. */
function readPrelude(bytes: Uint8Array): { readonly size: number; readonly headersEnd: number } | string | null {
  if (bytes.length < PRELUDE_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== checksum(bytes.subarray(0, 8))) return 'a checksum is wrong';
  const size = view.getUint32(0);
  const headersEnd = PRELUDE_BYTES + view.getUint32(4);
  if (size > LARGEST_BYTES) return `a message has ${size} bytes`;
  return headersEnd + CHECKSUM_BYTES > size ? 'a length is wrong' : { size, headersEnd };
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right;
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Takes the first message off the bytes; null while it is not complete, and what is wrong with it. */
function takeMessage(
  bytes: Uint8Array,
  toText: (bytes: Uint8Array) => string,
): { readonly frame: SseFrame; readonly rest: Uint8Array } | string | null {
  const prelude = readPrelude(bytes);
  if (prelude === null || typeof prelude === 'string') return prelude;
  const { size, headersEnd } = prelude;
  if (bytes.length < size) return null;
  const end = size - CHECKSUM_BYTES;
  const told = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(end);
  if (told !== checksum(bytes.subarray(0, end))) return 'a checksum is wrong';
  const frame = readMessage(bytes.subarray(0, size), headersEnd, toText);
  return frame === null ? 'the headers of a message can not be read' : { frame, rest: bytes.subarray(size) };
}

function openCutter(toText: (bytes: Uint8Array) => string): FrameCutter {
  let pending: Uint8Array = new Uint8Array(0);
  const feed = (piece: Uint8Array): CutFrames => {
    const frames: SseFrame[] = [];
    let bytes = join(pending, piece);
    for (;;) {
      const taken = takeMessage(bytes, toText);
      if (typeof taken === 'string') return { frames, failure: broken(taken) };
      if (taken === null) break;
      frames.push(taken.frame);
      bytes = taken.rest;
    }
    // The provider's buffer may be reused once we return.
    pending = bytes.slice();
    return { frames, failure: null };
  };
  // What is left is a message that was cut.
  return { feed, end: () => [] };
}

/** Binary event streams. */
export const eventStream: Framing = { contentType: 'application/vnd.amazon.eventstream', open: openCutter };
