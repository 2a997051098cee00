// Chats with models whose answers are predictions: made, listened to, looked at and cancelled, before a host that counts what it wrote.
import { describe, expect, it } from 'vitest';
import { createFakePredictions, type FakePredictions, type PredictionsSpec } from '../fakes/predictions.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const inputs = ['prompt', 'max_tokens', 'temperature', 'top_p', 'presence_penalty', 'frequency_penalty'];
const model = 'openai/gpt-oss-120b';
const chat = 'openai/gpt-5-mini';
const whole = 'Hello there,\nfriend.';

interface Host {
  readonly world: World;
  readonly host: FakePredictions;
}

/** A world of this host, and of `beta` behind it, which serves the same model in another way. */
async function createHost(spec: Partial<PredictionsSpec> = {}, listed: ProviderEntry['models'] = []): Promise<Host> {
  const hosts: FakePredictions[] = [];
  const world = await createWorld({
    providers: [{ name: 'beta', models: [{ id: model }] }],
    others: (clock) => {
      const models = {
        [model]: inputs,
        [chat]: ['messages', 'max_completion_tokens', 'reasoning_effort', 'verbosity'],
      };
      const host = createFakePredictions({ key: 'r8_key', models, ...spec }, clock);
      hosts.push(host);
      return { host };
    },
    entries: [
      toEntry('host', {
        provider: 'replicate',
        apiKey: 'r8_key',
        baseUrl: 'http://host.test/v1',
        tier: 'paid',
        models: listed,
        priority: 1,
      }),
      toEntry('beta', {
        tier: 'paid',
        models: [{ id: model, kind: 'chat', size: 'large', price: { inputPerMillionUsd: 9, outputPerMillionUsd: 9 } }],
        priority: 2,
      }),
    ],
  });
  return { world, host: hosts[0]! };
}

const callsOf = ({ seen }: FakePredictions): string[] => seen.map(({ call }) => call);
const asked = { model: `replicate/${model}` };

describe('an answer', () => {
  it.each([false, true])('is listened to, and paid for as the prediction says, streamed: %s', async (stream) => {
    const { world, host } = await createHost();
    const reply = await world.ask({ ...asked, stream, stream_options: stream ? { include_usage: true } : undefined });
    expect(reply.status).toBe(200);
    expect(reply.content()).toBe(whole);
    expect(reply.text).toContain('"prompt_tokens":11');
    expect(reply.text).toContain('"completion_tokens":4');
    expect(reply.text).toContain('"finish_reason":"stop"');
    expect(callsOf(host)).toEqual([
      'POST /models/openai/gpt-oss-120b/predictions',
      'GET /files/bcwr-p0rmc0cm2q',
      'GET /predictions/p0rmc0cm2q',
    ]);
    expect(host.seen[0]?.body).toEqual({ input: { prompt: 'Tell me a story.' }, stream: true });
    expect(host.seen[0]?.headers).toMatchObject({ accept: 'application/json', 'cancel-after': '10m' });
    const usd = (11 * 0.18 + 4 * 0.72) / 1e6;
    expect(world.metrics()).toContain(`freeway_cost_usd_total{provider="replicate"} ${usd}`);
  });

  it('is shown piece by piece, and ended long before the provider lets go of the stream', async () => {
    const { world, host } = await createHost();
    const call = world.begin({ ...asked, stream: true });
    await world.clock.advance(330);
    expect(call.text()).toContain('Hello');
    expect(call.text()).not.toContain('friend');
    const reply = await world.clock.runUntil(call.reply);
    expect(reply.ms).toBeLessThan(1_000);
    expect(host.listening()).toBe(0);
    expect(world.upstream.open()).toBe(0);
  });

  it('never shows the key to the host of the events', async () => {
    const { world, host } = await createHost();
    await world.ask(asked);
    expect(host.seen.map(({ authorization }) => authorization)).toEqual(['Bearer r8_key', undefined, 'Bearer r8_key']);
  });

  it.each([false, true])('without events is looked at until it is there, streamed: %s', async (stream) => {
    const { world, host } = await createHost({ isMute: true, bootMs: 3_000 });
    const reply = await world.ask({ ...asked, stream });
    expect(reply.content()).toBe(whole);
    const looks = callsOf(host).filter((call) => call === 'GET /predictions/p0rmc0cm2q').length;
    expect(looks).toBeGreaterThan(2);
    expect(looks).toBeLessThan(8);
  });

  it('whose events can not be read is looked at', async () => {
    const { world, host } = await createHost({ faults: { 'GET /files/': [404, { detail: 'gone' }] } });
    const reply = await world.ask({ ...asked, stream: true });
    expect(reply.content()).toBe(whole);
    expect(reply.headers['x-freeway-route']).toBe(`replicate/${model}`);
    expect(callsOf(host).filter((call) => call.startsWith('POST'))).toHaveLength(1);
  });

  it('is whole even when nobody says what it used', async () => {
    const { world } = await createHost({ faults: { 'GET /predictions/': [500, { detail: 'oh' }] } });
    const reply = await world.ask({ ...asked, stream: true });
    expect(reply.content()).toBe(whole);
    expect(reply.error()).toBeNull();
    expect(reply.text).toContain('[DONE]');
  });

  it.each([false, true])('that fills its bound is told as cut, streamed: %s', async (stream) => {
    const { world } = await createHost();
    const reply = await world.ask({ ...asked, stream, max_tokens: 2 });
    expect(reply.content()).toBe('Hello there,');
    expect(reply.text).toContain('"finish_reason":"length"');
  });

  it('of a model that nobody vouches for is made by its version', async () => {
    const id = 'acme/llama:0123abcd';
    const { world, host } = await createHost({ models: { [id]: inputs } }, [{ id, kind: 'chat', size: 'large' }]);
    const reply = await world.ask({ model: `replicate/${id}` });
    expect(reply.content()).toBe(whole);
    expect(host.seen[0]).toMatchObject({ call: 'POST /predictions', body: { version: id } });
  });
});

const talk = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: [{ type: 'text', text: 'Who are you?' }] },
];

describe('a conversation', () => {
  it('is told as a script to a model with nothing but a prompt', async () => {
    const { world, host } = await createHost();
    const reply = await world.ask({ ...asked, messages: talk, max_completion_tokens: 9, temperature: 0.5, seed: 7 });
    expect(host.seen[0]?.body['input']).toEqual({
      prompt: 'Be brief.\n\nUser: Hi\n\nAssistant: Hello.\n\nUser: Who are you?\n\nAssistant:',
      max_tokens: 9,
      temperature: 0.5,
    });
    expect(reply.json()).toMatchObject({ freeway: { dropped: ['seed'] } });
  });

  it('is told as it is to a model that takes messages', async () => {
    const { world, host } = await createHost();
    const body = { model: `replicate/${chat}`, messages: talk, max_tokens: 9, temperature: 1, reasoning_effort: 'low' };
    expect((await world.ask(body)).status).toBe(200);
    expect(host.seen[0]?.body['input']).toEqual({
      messages: [...talk.slice(0, 3), { role: 'user', content: 'Who are you?' }],
      max_completion_tokens: 9,
      reasoning_effort: 'low',
    });
  });

  it('is told again without an input that the model does not know', async () => {
    const { world, host } = await createHost({ models: { [model]: ['prompt', 'max_tokens'] } });
    const reply = await world.ask({ ...asked, temperature: 0.2, max_tokens: 100 });
    expect(reply.content()).toBe(whole);
    const makings = host.seen.filter(({ call }) => call.endsWith('/predictions'));
    expect(makings.map(({ body }) => body['input'])).toEqual([
      { prompt: 'Tell me a story.', max_tokens: 100, temperature: 0.2 },
      { prompt: 'Tell me a story.', max_tokens: 100 },
    ]);
  });
});

it('a picture is not asked about where it has no place, whatever its model can see', async () => {
  const { world, host } = await createHost({}, [{ id: model, kind: 'chat', size: 'large', capabilities: ['vision'] }]);
  const content = [
    { type: 'text', text: 'What is it?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,aGVsbG8=' } },
  ];
  const reply = await world.ask({ ...asked, messages: [{ role: 'user', content }] });
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(callsOf(host)).toEqual([]);
});

describe('a caller who leaves', () => {
  const long = Array.from({ length: 400 }, (_, index) => ` word${index}`);

  it.each([
    ['while it is listened to', { pieces: long }, 3_000],
    ['while it boots', { pieces: long, bootMs: 10_000 }, 3_000],
    ['while it is looked at', { pieces: long, isMute: true }, 3_000],
  ] as const)('has it cancelled %s', async (_, spec, afterMs) => {
    const { world, host } = await createHost(spec);
    const call = world.begin({ ...asked, stream: true });
    await world.clock.advance(afterMs);
    call.hangUp();
    await world.clock.runUntil(call.reply);
    await world.clock.advance(60_000);
    expect(callsOf(host)).toContain('POST /predictions/p0rmc0cm2q/cancel');
    // What is not cancelled runs to its end, and is paid for.
    expect(host.written()).toBeLessThan(80);
    expect(host.listening()).toBe(0);
  });

  it('has nothing cancelled that has ended', async () => {
    const { world, host } = await createHost();
    await world.ask(asked);
    expect(callsOf(host).filter((call) => call.endsWith('/cancel'))).toEqual([]);
  });
});

describe('a host that fails', () => {
  it.each([
    ['before its first word', 0],
    ['in the middle', 2],
  ])('%s is answered for by another one', async (_, after) => {
    const { world, host } = await createHost({
      fails: { after, error: 'Prediction interrupted; please retry (code: PA)' },
    });
    const reply = await world.ask({ model, stream: true });
    expect(reply.error()).toBeNull();
    expect(reply.headers['x-freeway-route']).toBe(after === 0 ? `openai-compatible/${model}` : `replicate/${model}`);
    expect(reply.text).toContain('[DONE]');
    expect(world.providers['beta']?.books().total().served).toBe(1);
    expect(host.listening()).toBe(0);
  });

  it('without events is answered for by another one', async () => {
    const { world } = await createHost({ isMute: true, fails: { after: 1, error: 'CUDA out of memory' } });
    const reply = await world.ask({ model });
    expect(reply.headers['x-freeway-route']).toBe(`openai-compatible/${model}`);
    expect(reply.headers['x-freeway-trail']).toMatch(new RegExp(`^replicate/${model}=overloaded`));
  });

  it.each([
    ['an account without credit', { isWithoutCredit: true }, 'quota_exhausted'],
    ['a key it does not know', { key: 'r8_other' }, 'bad_credential'],
    ['a model that is gone', { models: {} }, 'model_missing'],
    ['a version that is gone', { faults: { 'POST /models/': [422, { title: 'Invalid version or not permitted', detail: 'The specified version does not exist (or perhaps you don\'t have permission to use it?)', status: 422 }] } }, 'model_missing'], // prettier-ignore
    ['content it does not want', { fails: { after: 0, error: 'The input or output was flagged as sensitive. Please try again with different inputs. (E005)' } }, 'content_filtered'], // prettier-ignore
  ] as const)('for %s says so', async (_, spec, kind) => {
    const { world } = await createHost(spec as Partial<PredictionsSpec>);
    const reply = await world.ask({ ...asked, freeway: { content_filter: 'failover', max_wait_ms: 100 } });
    expect(reply.headers['x-freeway-trail']).toMatch(new RegExp(`^replicate/${model}=${kind}`));
  });

  it('for making too many is asked again when it says', async () => {
    const { world, host } = await createHost({ perMinute: 1 });
    await world.ask(asked);
    const reply = await world.ask({ model: `replicate/${chat}`, freeway: { max_wait_ms: 90_000 } });
    expect(reply.content()).toBe(whole);
    expect(reply.ms).toBeGreaterThan(55_000);
    const makings = callsOf(host).filter((call) => call.endsWith('/predictions'));
    expect(makings.length).toBeLessThanOrEqual(4);
  });
});
