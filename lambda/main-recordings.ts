// Where recordings for transcription jobs wait: in a bucket where one is named, else in the data folder; opened when the first one comes.
import { join, resolve } from 'node:path';
import { MAX_RECORDING_BYTES } from '#shared/recording-limits.ts';
import { loadOnce } from '#shared/load-once.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { UploadsConfig } from './config-uploads.ts';
import type { Recordings } from './ports-transcription.ts';
import { createFolderRecordings } from './store/recordings-folder.ts';

/** How long recordings are kept in a folder; in a bucket its lifecycle says so. */
const KEPT_MS = 86_400_000;

/** Recordings in a bucket, whose client is loaded when it is first needed. */
export function toBucketRecordings(uploads: UploadsConfig): Recordings {
  const open = loadOnce(async () =>
    (await import('./store/recordings-s3.ts')).createBucketRecordings({ ...uploads, now: systemClock.now }),
  );
  return {
    maxBytes: MAX_RECORDING_BYTES,
    missing: async (recording, untilMs) => (await open()).missing(recording, untilMs),
    read: async (recording, start, end) => (await open()).read(recording, start, end),
    remove: async (recording) => (await open()).remove(recording),
    intake: null,
  };
}

/** Recordings on one machine. `secret` signs the addresses of uploads. */
export function toLocalRecordings({ uploads, folder }: Config, secret: string): Recordings {
  if (uploads !== null) return toBucketRecordings(uploads);
  return createFolderRecordings({
    folder: resolve(join(folder, 'recordings')),
    secret,
    now: systemClock.now,
    keptMs: KEPT_MS,
  });
}
