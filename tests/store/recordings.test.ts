// Recordings in a folder: addresses that are signed and expire, parts that are there whole or not at all, and nothing left after a day.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Recordings } from '#lambda/ports-transcription.ts';
import { toParts, toSlices } from '#lambda/store/recording-parts.ts';
import { createFolderRecordings } from '#lambda/store/recordings-folder.ts';
import { createJobBook } from '#lambda/store/transcription-jobs.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const DAY_MS = 86_400_000;
const recording = { id: 'tr_0123456789abcdef', sizeBytes: 5 };

let folder: string;
let nowMs: number;
let recordings: Recordings;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freeway-recordings-'));
  nowMs = Date.now();
  recordings = createFolderRecordings({ folder, secret: 'a secret', now: () => nowMs, keptMs: DAY_MS });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const addressOf = async (): Promise<[part: string, query: string]> => {
  const [part] = await recordings.missing(recording, nowMs + 60_000);
  const url = new URL(part?.url ?? '', 'http://here');
  return [url.pathname.replace('/api/uploads/', ''), url.search.slice(1)];
};

describe('recordings in a folder', () => {
  it('are read back by ranges, and asked for until they are there', async () => {
    const [part, query] = await addressOf();
    expect(recordings.intake?.expects(part, query)).toBe(5);
    await recordings.intake?.write(part, Buffer.from('abcde'));
    expect(await recordings.missing(recording, nowMs + 60_000)).toEqual([]);
    expect(Buffer.from(await recordings.read(recording, 1, 4)).toString()).toBe('bcd');
    await recordings.remove(recording);
    await expect(recordings.read(recording, 1, 4)).rejects.toMatchObject({ name: 'RecordingGone' });
  });

  it('are taken at no other address, and at none that is too old', async () => {
    const [part, query] = await addressOf();
    const { intake } = recordings;
    expect(intake?.expects('tr_0123456789abcdef/1', query)).toBeNull();
    expect(intake?.expects('../owner-key', query)).toBeNull();
    expect(intake?.expects(part, query.replace('bytes=5', 'bytes=50'))).toBeNull();
    expect(intake?.expects(part, '')).toBeNull();
    nowMs += 61_000;
    expect(intake?.expects(part, query)).toBeNull();
  });

  it('have as much room as the disk has, but for what the store needs', async () => {
    const { bavail, bsize } = statfsSync(folder);
    const room = (await recordings.room?.()) ?? Infinity;
    // Others write to the same disk meanwhile.
    expect(Math.abs(bavail * bsize - 64 * 2 ** 20 - room)).toBeLessThan(512 * 2 ** 20);
    expect(room).toBeLessThan(bavail * bsize);
    rmSync(folder, { recursive: true });
    await expect(recordings.room?.()).resolves.toBeGreaterThan(0);
  });

  it.runIf(existsSync('/dev/full'))('that find the disk full are told so, and leave nothing behind', async () => {
    const [part] = await addressOf();
    mkdirSync(join(folder, recording.id));
    symlinkSync('/dev/full', join(folder, `${part}.half`));
    const written = recordings.intake?.write(part, Buffer.from('abcde'));
    await expect(written).rejects.toMatchObject({ name: 'StoreUnavailable', isFull: true });
    expect(readdirSync(join(folder, recording.id))).toEqual([]);
  });

  it('that can not be opened at the moment are not taken for gone', async () => {
    const [part] = await addressOf();
    // Stands for a process that has as many files open as it may.
    mkdirSync(join(folder, recording.id));
    symlinkSync('0', join(folder, part));
    await expect(recordings.read(recording, 1, 4)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('leave no half of themselves on a disk that is full', async () => {
    const [part] = await addressOf();
    mkdirSync(join(folder, part), { recursive: true });
    await expect(recordings.intake?.write(part, Buffer.from('abcde'))).rejects.toThrow();
    expect(readdirSync(join(folder, recording.id))).toEqual(['0']);
  });

  it('are gone after a day, also those of a process that was killed', async () => {
    const [part] = await addressOf();
    await recordings.intake?.write(part, Buffer.from('abcde'));
    await recordings.missing({ id: 'tr_another_0123456789', sizeBytes: 1 }, nowMs);
    expect(existsSync(join(folder, recording.id))).toBe(true);
    const old = (nowMs - DAY_MS - 1_000) / 1_000;
    utimesSync(join(folder, recording.id), old, old);
    await recordings.missing({ id: 'tr_another_0123456789', sizeBytes: 1 }, nowMs);
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('a range lies in the parts that hold it', () => {
  const large = { id: recording.id, sizeBytes: 20 * 1024 * 1024 };
  const parts = toParts(large);
  expect(parts.map(({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes, 0)).toBe(large.sizeBytes);
  const [first] = parts;
  const edge = first?.bytes ?? 0;
  expect(toSlices(large, edge - 2, edge + 3)).toEqual([
    { number: 0, start: edge - 2, end: edge },
    { number: 1, start: 0, end: 3 },
  ]);
});

it('jobs and the transcripts of their pieces are gone after a day', async () => {
  const clock = createFakeClock(Date.now());
  const book = createJobBook(createMemoryStore(clock));
  const job = { id: 'tr_1', personId: 'owner', expiresAtMs: clock.now() + DAY_MS } as TranscriptionJob;
  const whole: TranscriptionJob = {
    ...job,
    name: 'talk',
    sizeBytes: 5,
    options: { model: 'auto', task: 'transcribe', language: null, prompt: null, temperature: null, timestamps: 'none' },
    headers: {},
    status: 'running',
    createdAtMs: clock.now(),
    error: null,
    facts: null,
    pieces: [],
    most: null,
    lease: null,
    pace: { workedMs: 0, seconds: 0 },
  };
  await book.create(whole);
  await book.writePiece(whole, { start: 0, end: 9 }, { text: 'kept' });
  expect(
    await book.readPieces(whole, [
      { start: 0, end: 9 },
      { start: 9, end: 10 },
    ]),
  ).toEqual([{ text: 'kept' }, null]);
  await clock.advance(DAY_MS + 1_000);
  expect(await book.get('owner', 'tr_1')).toBeNull();
  expect(await book.readPieces(whole, [{ start: 0, end: 9 }])).toEqual([null]);
});
