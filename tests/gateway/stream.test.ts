// Deadlines inside a stream, callers who hang up, and endings in every shape: nothing is left open behind any of them.
import { describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec, FakeRequest } from '../fakes/provider/spec.ts';
import { createWorld, type World } from './harness.ts';

const provider = (name: string, fault?: string): FakeProviderSpec => ({
  name,
  models: [{ id: 'm1', ...(fault === undefined ? {} : { fault }) }],
});

function expectNothingLeft(world: World): void {
  expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
}

describe('endings', () => {
  it.each(['no-done', 'malformed-10', 'split-utf8', 'giant', 'duplicate-finish', 'no-usage', 'gzip'])(
    '%s is mended in place, by one provider',
    async (fault) => {
      const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
      const reply = await world.ask({ stream: true });
      expect(reply.error()).toBeNull();
      if (fault !== 'split-utf8') expect(reply.content()).toBe(canonicalAnswer);
      expect(reply.events().at(-1)).toBe('[DONE]');
      expect(reply.headers['x-freeway-credential']).toBe('alpha');
      expect(world.upstream.started()).toBe(1);
      expectNothingLeft(world);
    },
  );
  it.each([
    'error-200',
    'empty',
    'html',
    'reset',
    'reset-after-head',
    'cut-0',
    'cut-clean-0',
    '500',
    '503',
    '429',
    '529',
  ])('%s before the first content fails over unseen', async (fault) => {
    for (const stream of [true, false]) {
      const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
      const reply = await world.ask({ stream });
      expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
      expect(reply.headers['x-freeway-credential']).toBe('beta');
      expectNothingLeft(world);
    }
  });
});

describe('deadlines', () => {
  it('silence in the middle ends after 12 s without content, not after 12 s without bytes', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'stall-20'), provider('beta')] });
    const reply = await world.ask({ stream: true });
    expect(reply.content()).toBe(canonicalAnswer);
    expect(reply.ms).toBeGreaterThan(12_000);
    expect(reply.ms).toBeLessThan(16_000);
    expectNothingLeft(world);
  });
  it('a reply whose connection stays open after its end is not waited for by the caller', async () => {
    const world = await createWorld({
      providers: [{ name: 'alpha', models: [{ id: 'm1', fault: { kind: 'stall', at: { chunks: 999 } } }] }],
    });
    const call = world.begin({ stream: true });
    await world.clock.advance(3_000);
    expect(call.text()).toContain('[DONE]');
    const reply = await world.clock.runUntil(call.reply);
    expect([reply.content(), reply.error()]).toEqual([canonicalAnswer, null]);
    expect(world.providers['alpha']!.books().total()).toMatchObject({ accepted: 1, abandoned: 1 });
    expectNothingLeft(world);
  });
  it('the total deadline ends even a stream that goes on', async () => {
    const drip: FakeProviderSpec = {
      name: 'alpha',
      models: [{ id: 'm1', tokensPerSecond: 0.2, answer: () => 'tick '.repeat(200) }],
    };
    const world = await createWorld({ providers: [drip] });
    const reply = await world.ask({ stream: true });
    expect(reply.ms).toBeGreaterThanOrEqual(600_000);
    expect(reply.ms).toBeLessThan(601_000);
    expect(reply.error()).not.toBeNull();
    expect(reply.text).not.toContain('[DONE]');
    expectNothingLeft(world);
  });
});

describe('callers who hang up', () => {
  it.each([
    ['before the first content', 'late-5000', 1_000],
    ['in the middle', 'ok', 400],
    ['while it stalls', 'stall-20', 3_000],
    ['while two are asked', 'silent', 9_000],
  ])('%s: the providers are left at once', async (_, fault, afterMs) => {
    const world = await createWorld({
      providers: [
        provider('alpha', fault === 'ok' ? undefined : fault),
        provider('beta', fault === 'silent' ? fault : undefined),
      ],
    });
    const call = world.begin({ stream: true });
    await world.clock.advance(afterMs);
    expect(world.upstream.open()).toBeGreaterThan(0);
    call.hangUp();
    expect(world.upstream.open()).toBe(0);
    const before = world.upstream.started();
    await world.clock.runUntil(call.reply);
    expect(world.upstream.started()).toBe(before);
    expectNothingLeft(world);
  });
});

describe('whole answers from a provider that always streams', () => {
  const frames = ['Once ', 'upon ', 'a time.'].map(
    (content) =>
      `data: ${JSON.stringify({ id: 'c1', created: 1, model: 'm1', choices: [{ index: 0, delta: { content } }] })}\n\n`,
  );
  const finish = `data: ${JSON.stringify({ id: 'c1', created: 1, model: 'm1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 4 } })}\n\n`;
  const streaming = (body: string): FakeProviderSpec => ({
    name: 'alpha',
    models: [{ id: 'm1', fault: { kind: 'raw', status: 200, headers: { 'content-type': 'text/event-stream' }, body } }],
  });
  it('are collected', async () => {
    const world = await createWorld({ providers: [streaming(`${frames.join('')}${finish}data: [DONE]\n\n`)] });
    const reply = await world.ask();
    expect(reply.content()).toBe('Once upon a time.');
    expect(reply.json()).toMatchObject({ object: 'chat.completion', usage: { completion_tokens: 4 } });
  });
  it('are whole, too, when it ends without a word why', async () => {
    const world = await createWorld({ providers: [streaming(`${frames.join('')}data: [DONE]\n\n`)] });
    const reply = await world.ask();
    expect([reply.content(), reply.json()]).toMatchObject([
      'Once upon a time.',
      { choices: [{ finish_reason: 'stop' }] },
    ]);
  });
  it('come from elsewhere when it falls silent in the middle', async () => {
    const world = await createWorld({
      providers: [provider('alpha'), provider('beta')],
      others: (clock) => {
        const alpha = createFakeProvider(provider('alpha', 'stall-20'), clock);
        const body = JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'Hello' }], stream: true });
        return { alpha: { handle: (request: FakeRequest) => alpha.handle({ ...request, body }) } };
      },
    });
    const reply = await world.ask();
    expect([reply.status, reply.content(), reply.headers['x-freeway-trail']]).toEqual([
      200,
      canonicalAnswer,
      expect.stringMatching(/=timeout\(/),
    ]);
    expect(reply.ms).toBeLessThan(20_000);
    expectNothingLeft(world);
  });
  it('have no hole where a piece of an answer without a name is broken', async () => {
    const nameless = frames.map((frame) => frame.replace('"id":"c1",', ''));
    const torn = nameless.with(
      1,
      'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"up\n\n',
    );
    for (const stream of [false, true]) {
      const world = await createWorld({
        providers: [streaming(`${torn.join('')}${finish}data: [DONE]\n\n`), provider('beta')],
      });
      const reply = await world.ask({ stream });
      expect(reply.content()).not.toContain('Once a time');
    }
  });
  it('are asked elsewhere when the stream was cut', async () => {
    const world = await createWorld({ providers: [streaming(frames.join('')), provider('beta')] });
    expect((await world.ask()).content()).toBe(canonicalAnswer);
  });
});
