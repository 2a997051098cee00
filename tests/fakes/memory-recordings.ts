// Recordings of which nothing is kept: every part is still to come.
import type { Recordings } from '#lambda/ports-transcription.ts';

/** Recordings that take a gigabyte at an address of their own. */
export const createMemoryRecordings = (): Recordings => ({
  maxBytes: 2 ** 30,
  missing: async ({ id, sizeBytes }) => [{ number: 0, start: 0, bytes: sizeBytes, url: `/api/uploads/${id}/0` }],
  read: () => Promise.reject(new Error('nothing was uploaded')),
  remove: async () => undefined,
  intake: { expects: () => null, write: async () => undefined },
});
