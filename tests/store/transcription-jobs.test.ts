// Transcription jobs in the store: one that is deleted takes its transcripts along, also when the first try ended in the middle.
import { expect, it } from 'vitest';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { createJobBook } from '#lambda/store/transcription-jobs.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

it('a job whose deletion ended in the middle is still there to be deleted', async () => {
  const clock = createFakeClock(Date.UTC(2026, 10, 21));
  const store = createMemoryStore(clock);
  const nowMs = clock.now();
  const job: TranscriptionJob = {
    id: 'tr_1',
    personId: 'ada',
    name: 'talk.wav',
    sizeBytes: 1_000,
    options: { model: 'auto', task: 'transcribe', language: null, prompt: null, temperature: null, timestamps: 'none' },
    headers: {},
    status: 'done',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 86_400_000,
    error: null,
    facts: null,
    pieces: [],
    most: null,
    lease: null,
    pace: { workedMs: 0, seconds: 0 },
  };
  const book = createJobBook(store);
  await book.create(job);
  await book.writePiece(job, { start: 0, end: 1 }, { text: 'canary' });
  const pieces = 'transcription-pieces#tr_1';
  const ending = createJobBook({
    ...store,
    query: async (pk, options) => {
      if (pk === pieces) throw new Error('ended');
      return store.query(pk, options);
    },
  });
  await expect(ending.remove(job)).rejects.toThrow('ended');
  for (const left of await book.list('ada')) await book.remove(left);
  expect((await store.query(pieces)).items).toEqual([]);
  expect(await book.list('ada')).toEqual([]);
});
