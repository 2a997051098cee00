// Where the store is distributed and a replica behind: who was just let in is known at once, and a change is made over what is there.
import { expect, it } from 'vitest';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import type { KeyWrapper } from '#lambda/ports.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createSessions } from '#lambda/store/sessions.ts';
import { createSettings } from '#lambda/store/settings.ts';
import { createJobBook } from '#lambda/store/transcription-jobs.ts';
import { createVault } from '#lambda/store/vault.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createLaggingStore } from '../fakes/lagging-store.ts';

const nothing = (): void => undefined;
const clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));

it('a key that was just made lets in', async () => {
  const keys = createApiKeys(createLaggingStore(clock), clock, nothing);
  const grant = { name: 'bot', scopes: ['inference'], models: null, tier: 'any', privacy: 'any' } as const;
  const limits = { requestsPerMinute: null, usd: null };
  const { key, stored } = await keys.create({ ...grant, limits, expiresAtMs: null, personId: 'p', email: null });
  expect(await keys.find(key)).toEqual(stored);
  await keys.remove(stored.id);
  expect(await keys.find(key)).toBeNull();
});

it('a session that was just opened is one', async () => {
  const sessions = createSessions(createLaggingStore(clock), clock, nothing);
  const { token, session } = await sessions.open({ personId: 'p', email: null, via: 'google', device: 'x' });
  expect(await sessions.find(token)).toEqual(session);
});

it('settings are changed over those that are there, at the first try', async () => {
  const store = createLaggingStore(clock);
  let writes = 0;
  const update: typeof store.update = (wanted) => {
    writes++;
    return store.update(wanted);
  };
  const settings = createSettings({ ...store, update }, clock.now);
  await settings.changeInstallation({ audit_days: 30 });
  const { before, after } = await settings.changeInstallation({ audit_days: 60 });
  expect([before, after]).toMatchObject([{ audit_days: 30 }, { audit_days: 60 }]);
  expect(writes).toBe(2);
});

it('the first secret that is kept can be opened, and the master key is proven with one round', async () => {
  let wraps = 0;
  const wrapper: KeyWrapper = {
    wrap: async (plain) => {
      // Who goes round without end gives up here.
      if (++wraps > 10) throw new Error('wrapped again and again');
      return Buffer.from(plain).toString('base64');
    },
    unwrap: async (wrapped) => Buffer.from(wrapped, 'base64'),
  };
  const vault = createVault({ store: createLaggingStore(clock), wrapper, now: clock.now });
  expect(await vault.open('p', 'x', await vault.seal('p', 'x', 'secret'))).toBe('secret');
  expect(wraps).toBe(2);
});

it('what was heard of a piece is not asked for again', async () => {
  const jobs = createJobBook(createLaggingStore(clock));
  const job: TranscriptionJob = {
    id: 'tr_1',
    personId: 'p',
    name: 'talk.wav',
    sizeBytes: 1_000,
    options: { model: 'auto', task: 'transcribe', language: null, prompt: null, temperature: null, timestamps: 'none' },
    headers: {},
    status: 'running',
    createdAtMs: clock.now(),
    expiresAtMs: clock.now() + 86_400_000,
    error: null,
    facts: null,
    pieces: [],
    most: null,
    lease: null,
    pace: { workedMs: 0, seconds: 0 },
  };
  await jobs.create(job);
  await jobs.writePiece(job, { start: 0, end: 1 }, { text: 'heard' });
  const [first, second] = await jobs.readPieces(job, [
    { start: 0, end: 1 },
    { start: 1, end: 2 },
  ]);
  expect([first, second]).toEqual([{ text: 'heard' }, null]);
});
