// Forms with a file: read as they come, kept out of memory, bounded in every direction, and gone when they are wrong.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUploadForm, type UploadForm } from '#lambda/endpoints/read-form.ts';
import { StoreUnavailable, type Exchange, type Spool } from '#lambda/ports.ts';
import { createDiskSpool, createMemorySpool } from '#lambda/store/spool.ts';

const TYPE = 'multipart/form-data; boundary=b';

const field = (name: string, value: string): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (content: string, name = 'file', fileName = 'talk.wav'): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"; filename="${fileName}"\r\ncontent-type: audio/wav\r\n\r\n${content}\r\n`;
const END = '--b--\r\n';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const toExchange = (more: Partial<Exchange>, type = TYPE): Exchange => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: { 'content-type': type },
  remoteAddress: null,
  deadlineAtMs: null,
  body: () => Promise.reject(new Error('read as it comes')),
  onGone: () => undefined,
  reply: () => {
    throw new Error('not replied to');
  },
  ...more,
});

let folder: string;
let spool: Spool;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freeway-form-'));
  spool = createDiskSpool(join(folder, 'spool'), 1_000_000);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string, size = 7, type = TYPE): Promise<UploadForm> =>
  readUploadForm(toExchange({ chunks: () => inPieces(text, size) }, type), spool);

async function contentOf({ file: { content } }: UploadForm): Promise<string> {
  const text = Buffer.from(await content.read(0, content.size)).toString('latin1');
  await content.drop();
  return text;
}

describe('forms', () => {
  it.each([1, 7, 65_536])('are read in pieces of %i bytes, wherever the file stands', async (size) => {
    const sound = 'RIFF\r\n--c\r\n--\xff\x00'.repeat(300);
    for (const text of [
      field('model', 'auto') + file(sound) + field('language', 'de') + END,
      file(sound) + field('model', 'auto') + field('language', 'de') + END,
    ]) {
      const form = await read(text, size);
      expect(form.fields).toEqual({ model: ['auto'], language: ['de'] });
      expect(form.file.name).toBe('talk.wav');
      expect(await contentOf(form)).toBe(sound);
    }
  });

  it('are read whole where they are at hand as a whole', async () => {
    const body = Buffer.from(file('abc') + field('x[]', '1') + field('x[]', '2') + END);
    const form = await readUploadForm(toExchange({ body: () => Promise.resolve(body) }), createMemorySpool(1_000));
    expect([await contentOf(form), form.fields]).toEqual(['abc', { 'x[]': ['1', '2'] }]);
  });

  it.each<[string, string, RegExp, string?]>([
    ['no form', '{}', /multipart\/form-data/, 'application/json'],
    ['a form without a boundary', 'x', /can not be read/, 'multipart/form-data'],
    ['a form that breaks off', file('abc').slice(0, -1), /breaks off/],
    ['a form without its file', field('model', 'auto') + END, /no file/],
    ['a file of another name', file('abc', 'audio') + END, /no file/],
    ['two files', file('abc') + file('def') + END, /more than one file/],
    ['too many fields', field('a', '1').repeat(80) + file('abc') + END, /more than 64 fields/],
    ['a field that is too long', field('prompt', 'x'.repeat(70_000)) + file('abc') + END, /"prompt" is longer/],
  ])('refuse %s, and keep nothing', async (_, text, message, type) => {
    await expect(read(text, 1_000, type)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
    });
    await expect.poll(() => readdirSync(folder)).toEqual(['spool']);
    expect(readdirSync(join(folder, 'spool'))).toEqual([]);
  });

  it('that end with an error of the connection end with that error', async () => {
    const broken = new Error('hung up');
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(file('x'.repeat(200_000)).slice(0, 100_000));
      throw broken;
    };
    await expect(readUploadForm(toExchange({ chunks }), spool)).rejects.toBe(broken);
  });

  it('do not take names of fields for more than names', async () => {
    const { fields } = await read(field('__proto__', 'x') + field('constructor', 'y') + file('abc') + END);
    expect(Object.entries(fields)).toEqual([
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ]);
  });
});

describe('a form that nothing can be kept of', () => {
  it('is a fault of ours, not of whoever sent it', async () => {
    const full = new StoreUnavailable('no space left');
    const keep: Spool['keep'] = async (chunks) => {
      for await (const chunk of chunks) if (chunk.length > 0) throw full;
      throw new Error('nothing came');
    };
    const exchange = toExchange({ chunks: () => inPieces(file('abc'.repeat(1_000)) + END, 64) });
    await expect(readUploadForm(exchange, { maxBytes: 1_000_000, keep })).rejects.toBe(full);
  });
});

describe('the spool', () => {
  it('keeps files without a name, and sweeps what others have left', async () => {
    const path = join(folder, 'old');
    createDiskSpool(path, 10);
    await expect.poll(() => readdirSync(folder)).toContain('old');
    writeFileSync(join(path, 'left-by-a-crash'), 'x');
    const next = createDiskSpool(path, 10);
    const kept = await next.keep(inPieces('hello world', 4));
    expect(readdirSync(path)).toEqual([]);
    expect([kept.size, Buffer.from(await kept.read(6, 99)).toString()]).toEqual([11, 'world']);
    await kept.drop();
    await expect(kept.read(0, 1)).rejects.toThrow();
  });

  it('says what stands in the way, and where, when the folder has gone', async () => {
    const path = join(folder, 'moved');
    const moved = createDiskSpool(path, 10);
    await expect.poll(() => readdirSync(folder)).toContain('moved');
    rmSync(path, { recursive: true });
    await expect(moved.keep(inPieces('hello', 4))).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: expect.stringContaining(`${path} (ENOENT)`),
    });
  });
});
