// Writes messages of AWS's binary event streams, with Node's own checksum.
import { crc32 } from 'node:zlib';

const TEXT = 7;

function toHeader(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
  const size = Buffer.alloc(2);
  size.writeUInt16BE(valueBytes.length);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, Buffer.from([TEXT]), size, valueBytes]);
}

function toUint(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** One message. */
export function toMessage(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => toHeader(name, value)));
  const body = Buffer.from(payload);
  const lengths = Buffer.concat([toUint(12 + head.length + body.length + 4), toUint(head.length)]);
  const message = Buffer.concat([lengths, toUint(crc32(lengths)), head, body]);
  return Buffer.concat([message, toUint(crc32(message))]);
}

/** The message of an event. */
export function toEvent(type: string, payload: unknown): Buffer {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' };
  return toMessage(headers, typeof payload === 'string' ? payload : JSON.stringify(payload));
}

/** The message of an exception in the middle of a stream. */
export function toException(type: string, message: string): Buffer {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return toMessage(headers, JSON.stringify({ message }));
}
