// How large a recording may be that is to be uploaded.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { Recordings } from '../../ports-transcription.ts';

function checkBounds(sizeBytes: number, maxBytes: number): void {
  if (sizeBytes === 0)
    throw new CallerError('invalid_request', 'The recording is empty.', {
      param: 'size_bytes',
      reason: refused('recording_empty'),
    });
  if (sizeBytes <= maxBytes) return;
  const [size, max] = [sizeBytes, maxBytes].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  throw new CallerError(
    'too_large',
    `The recording is ${size} GB large, and ${max} GB are taken. Save it as mp3, m4a or ogg (an hour of speech is about 30 MB), or in parts.`,
    { param: 'size_bytes', reason: refused('recording_too_large', { bytes: sizeBytes, max_bytes: maxBytes }) },
  );
}

/**
 * Whether a recording of this size can be taken in, before anything of it is sent: a disk that fills up takes the store with it. Rejects with
 * CallerError.
 */
export async function checkSize(sizeBytes: number, { maxBytes, room }: Recordings): Promise<void> {
  checkBounds(sizeBytes, maxBytes);
  const free = (await room?.()) ?? Infinity;
  if (sizeBytes <= free) return;
  const [size, left] = [sizeBytes, free].map((bytes) => Math.round(bytes / 2 ** 20));
  throw new CallerError(
    'too_large',
    `The recording is ${size} MB large, and this server has room for ${left} MB. Save it smaller (an hour of speech as mp3 is about 30 MB), or have its operator make room.`,
    { param: 'size_bytes', reason: refused('no_room', { bytes: sizeBytes, free_bytes: free }) },
  );
}
