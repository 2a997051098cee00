// Writes zip archives: the same files always give the same bytes, so that a build can be compared with another.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Version 2.0, names in UTF-8, deflated, and 1 January 1980 as the time of every file. */
const VERSION = 20;
const UTF8 = 0x800;
const DEFLATED = 8;
const DATE = 0x21;
/** A regular file that everybody may read, made on Unix; Lambda refuses to start from files it can't read. */
const MADE_ON_UNIX = (3 << 8) | VERSION;
const MODE = (0o100_644 << 16) >>> 0;

function toDescription({ path, bytes }: ZipFile, packed: Uint8Array): Buffer {
  const description = Buffer.alloc(26);
  description.writeUInt16LE(VERSION, 0);
  description.writeUInt16LE(UTF8, 2);
  description.writeUInt16LE(DEFLATED, 4);
  description.writeUInt16LE(0, 6);
  description.writeUInt16LE(DATE, 8);
  description.writeUInt32LE(crc32(bytes), 10);
  description.writeUInt32LE(packed.length, 14);
  description.writeUInt32LE(bytes.length, 18);
  description.writeUInt16LE(Buffer.byteLength(path), 22);
  return description;
}

function toUInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function toCentral(description: Buffer, path: string, offset: number): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32LE(CENTRAL, 0);
  head.writeUInt16LE(MADE_ON_UNIX, 4);
  // No comment, first disk, no internal attributes.
  return Buffer.concat([head, description, Buffer.alloc(6), toUInt32(MODE), toUInt32(offset), Buffer.from(path)]);
}

/** An archive of the files in the order given. */
export function toZip(files: readonly ZipFile[]): Uint8Array {
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const packed = deflateRawSync(file.bytes, { level: 9 });
    const description = toDescription(file, packed);
    directory.push(toCentral(description, file.path, offset));
    const body = Buffer.concat([toUInt32(LOCAL), description, Buffer.from(file.path), packed]);
    bodies.push(body);
    offset += body.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}
