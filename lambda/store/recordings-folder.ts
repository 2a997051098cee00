// Recordings in a folder of this machine, taken in by ourselves at signed addresses that expire.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MAX_RECORDING_BYTES } from '#shared/recording-limits.ts';
import { RecordingGone, type RecordingRef, type Recordings } from '../ports-transcription.ts';
import { toUnavailable } from './folder-faults.ts';
import { toParts, toSlices, type Slice } from './recording-parts.ts';

export interface FolderOptions {
  readonly folder: string;
  /** Signs addresses; whoever knows it may upload. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a recording is kept, ms. */
  readonly keptMs: number;
}

/** Left free for whatever else lies on the disk, the store above all. */
const SPARED_BYTES = 64 * 1024 * 1024;

const PART = /^(tr_[\w-]{10,40})\/(\d{1,4})$/;

async function readSlice(path: string, { start, end }: Slice): Promise<Buffer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    // One that can't be opened at the moment is still there.
    if (error.code !== 'ENOENT') throw error;
    throw new RecordingGone('The recording is no longer there. Upload it again.');
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whole or not at all, whatever happens in between. Rejects with StoreUnavailable where the file system refuses. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const half = `${path}.half`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(half, bytes, { mode: 0o600 });
    await rename(half, path);
  } catch (error) {
    // A disk that is full stays so for as long as the half lies there.
    await rm(half, { force: true });
    throw toUnavailable(error, `A part of a recording can't be laid down in ${dirname(path)}`);
  }
}

/** Bytes that have room on the disk of this folder; of one that is not made yet, on that of the folder it will lie in. */
async function readRoom(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)));
  return Math.max(0, bavail * bsize - SPARED_BYTES);
}

/** Deletes what is older than it may be, also what a process left behind that was killed. */
async function sweep({ folder, now, keptMs }: FolderOptions): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < now() - keptMs) await rm(path, { recursive: true, force: true });
  }
}

/** Recordings below a folder, which is made when the first one comes. */
export function createFolderRecordings(options: FolderOptions): Recordings {
  const { folder, secret, now } = options;
  const pathOf = (part: string): string => join(folder, part);
  const sign = (part: string, bytes: number, expires: number): Buffer =>
    createHmac('sha256', secret).update(`upload\n${part}\n${bytes}\n${expires}`).digest();
  const toUrl = (part: string, bytes: number, untilMs: number): string => {
    const expires = Math.floor(untilMs / 1_000);
    const signature = sign(part, bytes, expires).toString('base64url');
    return `/api/uploads/${part}?bytes=${bytes}&expires=${expires}&signature=${signature}`;
  };
  const has = async (part: string, bytes: number): Promise<boolean> =>
    (await stat(pathOf(part)).catch(() => null))?.size === bytes;
  return {
    maxBytes: MAX_RECORDING_BYTES,
    room: () => sweep(options).then(() => readRoom(folder)),
    missing: async (recording, untilMs) => {
      await sweep(options);
      const parts = await Promise.all(
        toParts(recording).map(async (part) => ({
          ...part,
          here: await has(`${recording.id}/${part.number}`, part.bytes),
        })),
      );
      return parts
        .filter(({ here }) => !here)
        .map(({ number, start, bytes }) => ({
          number,
          start,
          bytes,
          url: toUrl(`${recording.id}/${number}`, bytes, untilMs),
        }));
    },
    read: async (recording: RecordingRef, start, end) => {
      const slices = toSlices(recording, start, end);
      const read = await Promise.all(
        slices.map((slice) => readSlice(pathOf(`${recording.id}/${slice.number}`), slice)),
      );
      return read.length === 1 && read[0] ? read[0] : Buffer.concat(read);
    },
    remove: ({ id }) => rm(pathOf(id), { recursive: true, force: true }),
    intake: {
      expects: (part, query) => {
        const given = new URLSearchParams(query);
        const [bytes, expires] = [Number(given.get('bytes')), Number(given.get('expires'))];
        const signature = Buffer.from(given.get('signature') ?? '', 'base64url');
        const right = sign(part, bytes, expires);
        const isSigned = signature.length === right.length && timingSafeEqual(signature, right);
        return PART.test(part) && isSigned && expires * 1_000 > now() ? bytes : null;
      },
      write: (part, bytes) => writeWhole(pathOf(part), bytes),
    },
  };
}
