// Recordings in which nobody speaks: an empty answer, or the same over and over, is borne out by a second one and then believed, at no provider's expense.
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTranscribers, type Transcribers } from '../fakes/transcribers.ts';
import { toWav } from '../fakes/wav.ts';
import { createJobClient } from './job-client.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

let fakes: Transcribers;
let freeway: Started;

beforeEach(async () => {
  fakes = await serveTranscribers();
});
afterEach(async () => {
  await freeway.stop();
  await fakes.close();
});

async function start(names: readonly string[], more: Record<string, unknown> = {}): Promise<OpenAI> {
  const entries = names.map((name, index) => ({
    provider: 'deepgram',
    name,
    apiKey: `key-of-${name}`,
    baseUrl: `${fakes.url}/v1`,
    tier: 'free',
    priority: index + 1,
    ...more,
  }));
  freeway = await startServer(entries, { FREEWAY_DEMO: 'off' });
  return new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0 });
}

const silence = toWav(30, 8_000, () => 0);
const askers = (): unknown[] => fakes.seen.map(({ headers }) => headers['authorization']);
const hearing = (transcript: string) => ({
  metadata: { duration: 30 },
  results: { channels: [{ alternatives: [{ transcript, words: [] }] }] },
});

describe('a recording in which nobody speaks', () => {
  it.each([
    ['one provider is asked twice', ['first'], ['Token key-of-first', 'Token key-of-first']],
    ['another provider is asked', ['first', 'second'], ['Token key-of-first', 'Token key-of-second']],
  ])('%s, and then it is empty', async (_, names, asked) => {
    const client = await start(names);
    fakes.text = '';
    const file = await toFile(silence, 'silence.wav');
    const said = await client.audio.transcriptions.create({ file, model: 'auto', response_format: 'verbose_json' });
    expect(said).toMatchObject({ text: '', duration: 30, segments: [] });
    expect(askers()).toEqual(asked);
    expect(await client.audio.transcriptions.create({ file, model: 'auto', response_format: 'srt' })).toBe('');
  });

  it('is held against nobody: whoever heard nothing is asked first again, however often', async () => {
    const client = await start(['first', 'second']);
    fakes.text = '';
    for (let one = 0; one < 6; one++)
      await client.audio.transcriptions.create({ file: await toFile(silence, 'silence.wav'), model: 'auto' });
    fakes.text = 'Hello there.';
    fakes.seen.length = 0;
    await client.audio.transcriptions.create({ file: await toFile(silence, 'talk.wav'), model: 'auto' });
    expect(askers()).toEqual(['Token key-of-first']);
  });

  it('is paid for once: what was paid for is believed', async () => {
    const client = await start(['first', 'second'], { tier: 'paid' });
    fakes.text = '';
    expect(
      await client.audio.transcriptions.create({ file: await toFile(silence, 'silence.wav'), model: 'auto' }),
    ).toEqual({ text: '' });
    expect(fakes.seen).toHaveLength(1);
  });

  it('is what the second hears, where the first made words up', async () => {
    const client = await start(['first', 'second']);
    const file = await toFile(silence, 'silence.wav');
    fakes.text = 'Hello there.';
    fakes.faults.set('POST /v1/listen', [200, hearing('Thank you. '.repeat(40))]);
    expect(await client.audio.transcriptions.create({ file, model: 'auto' })).toEqual({ text: 'Hello there.' });
    fakes.text = 'Thank you. '.repeat(40);
    fakes.faults.set('POST /v1/listen', [200, hearing('')]);
    expect(await client.audio.transcriptions.create({ file, model: 'auto' })).toEqual({ text: '' });
  });

  it('is a piece like others of a job, which comes to its end', async () => {
    await start(['first']);
    fakes.text = '';
    const client = createJobClient(freeway.url, { authorization: `Bearer ${OWNER_KEY}` });
    const job = await client.send(silence, { name: 'silence.wav' });
    expect(await client.finish(job.id)).toMatchObject({ status: 'done', pieces: [{ status: 'done', error: null }] });
    expect(await client.result(job.id, 'text')).toBe('\n');
    expect(fakes.seen).toHaveLength(2);
  });
});
