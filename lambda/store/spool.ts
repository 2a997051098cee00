// Where uploads are laid down while they are used: in files that nobody else can open and that are gone with the process, or in memory.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool, Spooled } from '../ports.ts';
import { toUnavailable } from './folder-faults.ts';

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await file.write(chunk, done, chunk.length - done, size + done);
      done += bytesWritten;
    }
    size += chunk.length;
  }
  return size;
}

async function readAll(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
  }
  return bytes;
}

/** What a process that was killed has left behind, where the system keeps open files by their names. */
async function sweep(folder: string): Promise<void> {
  // At once: a process that ends as soon as it has begun makes no folder behind its own end.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const left = await readdir(folder);
  // Another process may use the folder too; what it has open can't be taken from it, or goes on without its name.
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true }).catch(() => undefined)));
}

/** Lays uploads down in files of this folder, which is made and swept at once. A file loses its name as soon as it is open, so that it ends with the process. */
export function createDiskSpool(folder: string, maxBytes: number): Spool {
  const swept = sweep(folder);
  const refuse = (error: unknown): unknown => toUnavailable(error, `Uploads can't be laid down in ${folder}`);
  // Whoever needs it hears of what went wrong.
  swept.catch(() => undefined);
  return {
    maxBytes,
    keep: async (chunks): Promise<Spooled> => {
      const path = join(folder, randomBytes(12).toString('hex'));
      const file = await swept
        .then(() => open(path, 'wx+', 0o600))
        .catch((error: unknown) => {
          throw refuse(error);
        });
      try {
        await rm(path, { force: true }).catch(() => undefined);
        const size = await writeAll(file, chunks);
        return {
          size,
          own: true,
          read: (start, end) => readAll(file, start, Math.min(end, size)),
          drop: async () => {
            await file.close();
            await rm(path, { force: true });
          },
        };
      } catch (error) {
        await file.close();
        await rm(path, { force: true });
        throw refuse(error);
      }
    },
  };
}

/** Keeps uploads in memory, where there is no room elsewhere. */
export function createMemorySpool(maxBytes: number): Spool {
  return {
    maxBytes,
    keep: async (chunks): Promise<Spooled> => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
      return {
        size: bytes.length,
        read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
        drop: () => Promise.resolve(),
      };
    },
  };
}
