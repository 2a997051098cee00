// Direct invokes that bring an endpoint with them, for every operation, and what may be said of a recording.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { createInvoke, type Invoke } from '#lambda/endpoints/invoke.ts';
import { createPin } from '#lambda/main-invoke.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { toWav } from '../fakes/wav.ts';

const models = [
  { id: 'words', kind: 'transcription' as const },
  { id: 'vectors', kind: 'embedding' as const },
];
const provider = createFakeProvider({ name: 'alpha', models, keepRequests: 1 }, { now: Date.now });
let server: FakeServer;
let freeway: Started;
let invoke: Invoke;

beforeAll(async () => {
  server = await serveFakeProvider(provider);
  const listed = [{ id: 'words', kind: 'transcription', features: ['prompt', 'temperature'], formats: ['json'] }];
  freeway = await startServer([toEntry('alpha', server.baseUrl, { models: listed })]);
  invoke = createInvoke({
    handler: freeway.freeway.handler,
    ownerKey: OWNER_KEY,
    pin: createPin({
      freeway: freeway.freeway,
      providers,
      secrets: { read: () => Promise.resolve({ K: 'canary-pinned-key' }) },
    }),
    settings: () => Promise.resolve({ endpoints: [], assignments: [] }),
    now: Date.now,
    onRefused: () => undefined,
    onFault: () => undefined,
  });
});
afterAll(async () => {
  await freeway.stop();
  await server.close();
});

const pinnedTo = (model: string, path: string): Record<string, unknown> => ({
  provider_id: 'mine',
  model_id: model,
  endpoint: `${server.baseUrl}${path}`,
  auth_header_name: 'Authorization',
  auth_header_prefix: 'Bearer ',
  secret_path: '/secret',
  secret_key_name: 'K',
});
const audio = toWav(2).toString('base64');
const recording = { operation: 'transcribe', audio, filename: 'talk.wav', language: 'en' };
const sent = (): string => Buffer.from(provider.received().at(-1)?.body ?? '').toString('latin1');

it('vectors and transcripts come from the endpoint that the payload brings', async () => {
  const embed = { operation: 'embed', input: 'one', provider_config: pinnedTo('vectors', '/embeddings') };
  expect(await invoke(embed, null)).toMatchObject({
    embeddings: [expect.any(Array)],
    metadata: { model_id: 'vectors', provider_id: 'mine', tokens_used: { input_tokens: expect.any(Number) } },
  });
  const heard = { ...recording, provider_config: pinnedTo('words', '/audio/transcriptions') };
  expect(await invoke(heard, null)).toMatchObject({ text: 'word1 word2 word3 word4', metadata: { model_id: 'words' } });
  expect(provider.received().at(-1)?.headers['authorization']).toBe('Bearer canary-pinned-key');
});

it('a model that tells no times transcribes when none are asked for, and hears what else is said of the recording', async () => {
  expect(await invoke(recording, null)).toMatchObject({ text: 'word1 word2 word3 word4' });
  const timed = { ...recording, response_format: 'verbose_json' };
  await expect(invoke(timed, null)).rejects.toMatchObject({ name: 'NoCandidate' });
  const asked = { ...recording, response_format: 'json', temperature: 0.5, prompt: 'Ada' };
  expect(await invoke(asked, null)).toMatchObject({ text: 'word1 word2 word3 word4', metadata: { model_id: 'words' } });
  expect(sent()).toMatch(/name="temperature"\r\n\r\n0\.5\r\n/);
  await expect(invoke({ ...recording, response_format: 'srt' }, null)).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('response_format'),
  });
});
