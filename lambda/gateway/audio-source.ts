// A recording that is read piece by piece, wherever it lies: in memory, in a file, or in a bucket.
import type { Input } from 'mediabunny';
import { toWholePages } from './ogg-pages.ts';
import { guardReader } from './reader-guard.ts';
import { toKnownLength } from './wav-length.ts';

export interface AudioSource {
  /** Bytes. */
  readonly size: number;
  /** Whether what is read belongs to whoever has read it, who may hand it on; absent: it does not. */
  readonly own?: boolean;
  /** The bytes from `start` up to, without, `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** A recording that is in memory already. */
export const toMemorySource = (bytes: Uint8Array): AudioSource => ({
  size: bytes.length,
  read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
});

/** Reads bytes from a place on: as many as there are. */
export type Peek = (at: number, length: number) => Promise<Buffer>;

/** What is read in a row, in few reads. */
export function createPeek({ size, read }: AudioSource): Peek {
  const BLOCK_BYTES = 256 * 1024;
  let block = Buffer.alloc(0);
  let blockAt = 0;
  return async (at, length) => {
    const end = Math.min(size, at + length);
    if (at < blockAt || end > blockAt + block.length) {
      block = Buffer.from(await read(at, Math.min(size, Math.max(end, at + BLOCK_BYTES))));
      blockAt = at;
    }
    return block.subarray(at - blockAt, end - blockAt);
  };
}

/** A recording whose own failures are remembered, to be told from those of a reader that loses its way in damaged bytes. */
export interface WatchedSource {
  readonly source: AudioSource;
  /** What the place of the recording failed at last; null: nothing. */
  failure(): unknown;
}

/** Watches a recording while it is read. */
export function watchSource({ size, own = false, read }: AudioSource): WatchedSource {
  let failure: unknown = null;
  return {
    source: {
      size,
      own,
      read: async (start, end) => {
        try {
          return await read(start, end);
        } catch (error) {
          failure = error;
          throw error;
        }
      },
    },
    failure: () => failure,
  };
}

/** So much of a recording is kept in memory while it is read. */
const CACHE_BYTES = 2 * 1024 * 1024;

/** The recording as the demuxer reads it. Whoever opens it disposes of it. */
export async function openInput(given: AudioSource): Promise<Input> {
  const { ALL_FORMATS, CustomSource, Input, LogLevel, Logging } = await import('mediabunny');
  // What is wrong with a recording is told to whoever sent it, not between the lines of our log.
  Logging.level = LogLevel.Silent;
  const source = await toKnownLength(await toWholePages(given));
  const input = new Input({
    source: new CustomSource({
      getSize: () => source.size,
      read: (start, end) => source.read(start, end),
      maxCacheSize: CACHE_BYTES,
      prefetchProfile: 'fileSystem',
    }),
    formats: ALL_FORMATS,
  });
  guardReader(input, source.size);
  return input;
}
