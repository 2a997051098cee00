// Archives that the zip writer makes are what other tools take for zip archives, and always the same.
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { toZip, type ZipFile } from '../../scripts/zip.ts';

/** Reads an archive by its central directory, as unpackers do. */
function unpack(zip: Buffer): Record<string, string> {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  const files: Record<string, string> = {};
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    expect(zip.readUInt32LE(at + 38) >>> 16).toBe(0o100644);
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    expect(zip.subarray(local + 4, local + 30)).toEqual(zip.subarray(at + 6, at + 32));
    const data = local + 30 + nameLength;
    const bytes = inflateRawSync(zip.subarray(data, data + zip.readUInt32LE(at + 20)));
    expect(bytes.length).toBe(zip.readUInt32LE(at + 24));
    files[name] = bytes.toString();
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return files;
}

const toFile = (path: string, text: string): ZipFile => ({ path, bytes: Buffer.from(text) });

describe('zip', () => {
  it.each([
    ['nothing', []],
    ['an empty file', [toFile('empty', '')]],
    [
      'folders, and names beyond ASCII',
      [toFile('a/b.mjs', 'x'.repeat(70_000)), toFile('ü.json', '{}'), toFile('z', 'z')],
    ],
  ])('holds %s', (_, files) => {
    const zip = Buffer.from(toZip(files));
    expect(unpack(zip)).toEqual(
      Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])),
    );
    expect(Buffer.from(toZip(files)).equals(zip)).toBe(true);
  });
});
