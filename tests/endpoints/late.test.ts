// Services that are opened when they are first asked: what could not be loaded, as where too many files were open, is there for whoever asks next.
import { afterEach, expect, it, vi } from 'vitest';
import { openBatches } from '#lambda/deps-batches.ts';
import { openJobs } from '#lambda/deps-jobs.ts';
import { toBucketRecordings } from '#lambda/main-recordings.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const store = createMemoryStore();
const { jobs, audio } = openJobs({ store } as never);
const { appDeps } = openBatches({ store, background: { stopping: new AbortController().signal } } as never);
const bucket = toBucketRecordings({ bucket: 'b', region: 'r', prefix: '', endpoint: null } as never);

const services: Readonly<Record<string, readonly [path: string, ask: () => Promise<unknown>]>> = {
  'the book of jobs': ['#lambda/store/transcription-jobs.ts', () => jobs.list('ada')],
  'the reader of recordings': ['#lambda/gateway/audio-desk.ts', async () => audio()],
  'the desk of batches': ['#lambda/endpoints/batch-desk.ts', async () => (await appDeps.batchDesk()).forget('ada')],
  'the runner of jobs': ['#lambda/endpoints/job-runner.ts', async () => appDeps.jobRunner(bucket)],
};

afterEach(() => vi.resetModules());

it.each(Object.entries(services))('%s', async (_, [path, ask]) => {
  vi.doMock(path, () => {
    throw new Error('EMFILE');
  });
  await expect(ask()).rejects.toThrow();
  vi.doUnmock(path);
  const first = await ask();
  expect(await ask()).toEqual(first);
});

it('there is one runner of jobs, whoever asks for it and however many at once', async () => {
  const [one, other] = await Promise.all([appDeps.jobRunner(bucket), appDeps.jobRunner(bucket)]);
  expect(one).toBe(other);
  expect(await appDeps.jobRunner(bucket)).toBe(one);
});
