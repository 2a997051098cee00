// Before the first content: who is asked next, what is waited for, and which failures are themselves the answer.
import { describe, expect, it } from 'vitest';
import { failuresToOpen, recoveryMs } from '#lambda/routing/breaker.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, START_MS, toEntry } from './harness.ts';

const provider = (name: string, fault?: string): FakeProviderSpec => ({
  name,
  keepRequests: 50,
  models: [{ id: 'm1', ...(fault === undefined ? {} : { fault }) }],
});

describe('limits', () => {
  it.each([
    '429',
    '429-after-2',
    '429-date',
    '429-ms',
    '429-text',
    '429-gemini',
    '429-day',
    'quota',
    'quota-402',
    'quota-403',
  ])('%s fails over at once', async (fault) => {
    const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
    const reply = await world.ask();
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    expect(reply.ms).toBeLessThan(1_500);
    expect(world.providers['alpha']!.received()).toHaveLength(1);
  });
  it('Retry-After is waited out in place when nobody else can serve', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'first-1-429-after-2')] });
    const reply = await world.ask();
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    const [first, second] = world.providers['alpha']!.received();
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(2_000);
    expect(second!.atMs - first!.atMs).toBeLessThan(2_500);
  });
  it('a window that others have used up is over when its provider says, not a whole window later', async () => {
    const told = { 'x-ratelimit-limit-requests-minute': '10', 'x-ratelimit-remaining-requests-minute': '0' };
    const headers = { ...told, 'retry-after': '3' };
    const world = await createWorld({
      providers: [provider('alpha')],
      entries: [
        toEntry('alpha', {
          pools: [
            { models: ['*'], scope: 'credential', unit: 'requests', max: 10, clock: { kind: 'rolling', seconds: 60 } },
          ],
        }),
      ],
    });
    world.providers['alpha']!.script([{ kind: 'raw', status: 429, headers, body: '{}' }]);
    const reply = await world.ask();
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    expect(reply.ms).toBeGreaterThanOrEqual(3_000);
    expect(reply.ms).toBeLessThan(8_000);
  });
  it('a limit beyond the patience of the caller is told honestly and at once', async () => {
    const world = await createWorld({ providers: [provider('alpha', '429-after-120')] });
    const reply = await world.ask();
    expect(reply.status).toBe(503);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(100);
    expect(reply.ms).toBeLessThan(1_000);
  });
  /** The wait is over as soon as it is told: the moment has passed, or no clock is that exact. */
  const overAtOnce = ['0', '-5', '0.05', 'Wed, 21 Oct 2015 07:28:00 GMT'];
  const refusing = (retryAfter: string): FakeProviderSpec => ({
    name: 'alpha',
    keepRequests: 200,
    models: [{ id: 'm1', fault: { kind: 'raw', status: 429, headers: { 'retry-after': retryAfter }, body: '{}' } }],
  });
  it.each(overAtOnce)('Retry-After: %s is believed ever less while calls go on being refused', async (retryAfter) => {
    const world = await createWorld({ providers: [refusing(retryAfter)] });
    const reply = await world.ask();
    expect([reply.status, reply.json().error?.code]).toEqual([503, 'exhausted']);
    expect(world.providers['alpha']!.received().length).toBeLessThan(15);
  });
  it.each(overAtOnce)('Retry-After: %s keeps nobody from who had only a passing fault', async (retryAfter) => {
    const world = await createWorld({ providers: [refusing(retryAfter), provider('beta', 'first-1-reset')] });
    const reply = await world.ask();
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    expect(reply.ms).toBeLessThan(2_000);
  });
  it.each(['429', '429-after-2', '429-after-120', 'quota'])(
    '%s: whoever forbids failover is told when to come back, too',
    async (fault) => {
      const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
      const reply = await world.ask({ freeway: { failover: false } });
      expect([reply.status, reply.json().error]).toMatchObject([503, { code: 'exhausted', attempts: [{}] }]);
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      expect(reply.json().error).toHaveProperty('earliest_reset', expect.stringMatching(/^2026-/));
    },
  );
  it('limits never open the breaker: 60 % at random, three candidates, 3,000 requests, no 429 and no error', async () => {
    const names = ['alpha', 'beta', 'gamma'];
    const specs = names.map((name, index) => ({
      ...provider(name),
      keepRequests: 0,
      wordsPerChunk: 60,
      seed: index + 1,
      chaos: [{ fault: '429-ms-200', share: 0.6 }],
    }));
    const world = await createWorld({ providers: specs, entries: names.map((name) => toEntry(name)) });
    const statuses = new Map<number, number>();
    let left = 3_000;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const reply = await world.begin({ stream: left % 2 === 0 }).reply;
        const status = reply.content() === canonicalAnswer ? reply.status : -reply.status;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await world.clock.runUntil(Promise.all(Array.from({ length: 20 }, worker)));
    expect(Object.fromEntries(statuses)).toEqual({ 200: 3_000 });
    expect(world.metrics()).not.toContain('result="overloaded"');
  });
});

describe('failures that are the answer', () => {
  it.each([
    ['filter', 400, 'content_filter'],
    ['unsupported', 400, 'invalid_request'],
  ])('%s is reported, not routed round', async (fault, status, code) => {
    const refusing: FakeProviderSpec['models'][number] =
      fault === 'filter' ? { id: 'm1', fault } : { id: 'm1', fault: { kind: 'refusal', refusal: 'invalid_request' } };
    const world = await createWorld({
      providers: [{ name: 'alpha', keepRequests: 9, models: [refusing] }, provider('beta')],
    });
    for (const stream of [true, false]) {
      const reply = await world.ask({ stream });
      expect([reply.status, reply.json().error?.code]).toEqual([status, code]);
    }
    expect(world.providers['alpha']!.received()).toHaveLength(2);
    expect(world.providers['beta']!.received()).toHaveLength(0);
  });
  it('a content filter is routed round for those who ask for that, and told when all have one', async () => {
    const world = await createWorld({
      providers: [provider('alpha', 'filter'), provider('beta')],
      entries: [toEntry('alpha', { priority: 10 }), toEntry('beta')],
    });
    const byHeader = await world.ask({}, { 'x-freeway-content-filter': 'failover' });
    const byBody = await world.ask({ stream: true, freeway: { content_filter: 'failover' } });
    for (const reply of [byHeader, byBody]) expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    const strict = await createWorld({ providers: [provider('alpha', 'filter'), provider('beta', 'filter')] });
    const reply = await strict.ask({ freeway: { content_filter: 'failover' } });
    expect([reply.status, reply.json().error?.code]).toEqual([400, 'content_filter']);
    expect(strict.providers['beta']!.received()).toHaveLength(1);
  });
  it('a context overflow moves to a longer model, past those that hold no more', async () => {
    const sized = (name: string, context: number) =>
      toEntry(name, { priority: 10, models: [{ id: 'm1', kind: 'chat', context, size: 'large' }] });
    const world = await createWorld({
      providers: [provider('alpha', 'context'), provider('beta'), provider('gamma')],
      entries: [
        sized('alpha', 32_000),
        { ...sized('beta', 32_000), priority: 20 },
        { ...sized('gamma', 200_000), priority: 30 },
      ],
    });
    const reply = await world.ask();
    expect(reply.headers['x-freeway-credential']).toBe('gamma');
    expect(world.providers['beta']!.received()).toHaveLength(0);
  });
  it.each<[string, number, unknown[]]>([
    ['is paid for where only paid models hold it', 200_000, [200, 'gamma']],
    ['is told where none holds it', 32_000, [400, undefined]],
  ])(
    'a long prompt that no large model holds for free does not go to a small one that holds less: it %s',
    async (_, context, end) => {
      const sized = (name: string, model: object, more = {}) =>
        toEntry(name, { models: [{ id: 'm1', kind: 'chat', context: 8_000, ...model }], ...more });
      const world = await createWorld({
        providers: [provider('alpha'), provider('beta'), provider('gamma')],
        entries: [
          sized('alpha', { size: 'small' }),
          sized('beta', { size: 'large' }),
          sized('gamma', { size: 'large', context }, { tier: 'paid' }),
        ],
      });
      const messages = [{ role: 'user', content: 'words of a long document '.repeat(20_000) }];
      const { status, headers } = await world.ask({ model: 'auto', messages });
      expect([status, headers['x-freeway-credential']]).toEqual(end);
      for (const name of ['alpha', 'beta']) expect(world.providers[name]!.received()).toHaveLength(0);
    },
  );
  it('an optional field that is refused is left out, once, and then for good', async () => {
    const strict: FakeProviderSpec = {
      name: 'alpha',
      keepRequests: 9,
      models: [{ id: 'm1', rejectsFields: ['logit_bias'] }],
    };
    const world = await createWorld({ providers: [strict] });
    for (let i = 0; i < 2; i++) expect((await world.ask({ logit_bias: { 1: 2 } })).status).toBe(200);
    expect(world.providers['alpha']!.received()).toHaveLength(3);
  });
});

describe('optional fields that are refused one by one', () => {
  const strict = (...rejectsFields: string[]): FakeProviderSpec => ({
    name: 'alpha',
    keepRequests: 20,
    models: [{ id: 'm1', rejectsFields }],
  });
  const given = { logit_bias: { 1: 2 }, seed: 1, user: 'u', metadata: {}, store: true };

  it('are all left out, and then for good', async () => {
    const world = await createWorld({ providers: [strict('logit_bias', 'seed', 'user')] });
    for (let i = 0; i < 2; i++) expect((await world.ask(given)).status).toBe(200);
    expect(world.providers['alpha']!.received()).toHaveLength(5);
  });
  it('are listed each time, as far as they were given', async () => {
    const world = await createWorld({ providers: [strict('logit_bias', 'seed', 'max_tokens')] });
    const first = await world.ask({ logit_bias: { 1: 2 }, seed: 1 });
    expect(first.headers['x-freeway-dropped']).toBe('logit_bias, seed');
    const later = await world.ask({ seed: 1, stream: true, stream_options: { include_usage: true } });
    expect(later.headers['x-freeway-dropped']).toBe('seed');
    expect(later.text).toContain('"dropped":["seed"]');
    // What goes out under another name is not lost.
    for (const more of [{}, { max_tokens: 9 }])
      expect((await world.ask(more)).headers).not.toHaveProperty('x-freeway-dropped');
  });
  it('end the request when they are too many', async () => {
    const world = await createWorld({ providers: [strict(...Object.keys(given))] });
    const reply = await world.ask(given);
    expect([reply.status, reply.error()?.code]).toEqual([400, 'invalid_request']);
    expect(world.providers['alpha']!.received()).toHaveLength(5);
  });
});

describe('a key that is refused', () => {
  const calls = async (fault: string, minutes: readonly number[]): Promise<number[]> => {
    const world = await createWorld({ providers: [provider('alpha', fault)] });
    const counts: number[] = [];
    for (const wait of minutes) {
      await world.clock.advance(wait * 60_000);
      await world.ask();
      counts.push(world.providers['alpha']!.received().length);
    }
    return counts;
  };
  it('by mistake serves again after two minutes', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'first-1-bad-key')] });
    expect((await world.ask()).status).toBe(502);
    const resting = await world.ask();
    expect([resting.status, resting.headers['x-should-retry']]).toEqual([503, 'false']);
    await world.clock.advance(121_000);
    expect((await world.ask()).content()).toBe(canonicalAnswer);
  });
  it('again rests for an hour, each time', async () => {
    expect(await calls('bad-key', [0, 1, 2, 3, 50, 10, 30, 31])).toEqual([1, 1, 2, 2, 2, 3, 3, 4]);
  });
  it('a day later is given the two minutes again', async () => {
    expect(await calls('bad-key', [0, 3, 1, 26 * 60, 3])).toEqual([1, 2, 2, 3, 4]);
  });
  it('by many calls at once is refused once', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'bad-key')] });
    await world.clock.runUntil(Promise.all(Array.from({ length: 5 }, () => world.begin({}).reply)));
    await world.clock.advance(121_000);
    const before = world.providers['alpha']!.received().length;
    await world.ask();
    expect(world.providers['alpha']!.received()).toHaveLength(before + 1);
  });
});

describe('a refusal that says nothing', () => {
  const mute = (name: string): FakeProviderSpec => ({
    name,
    keepRequests: 20,
    models: [{ id: 'm1', fault: { kind: 'raw', status: 400, headers: {}, body: '' } }],
  });

  it('is tried elsewhere', async () => {
    const world = await createWorld({ providers: [mute('alpha'), provider('beta')] });
    const reply = await world.ask();
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
  });
  it('is not provoked a second time, and benches nobody', async () => {
    const world = await createWorld({ providers: [mute('alpha')] });
    for (let asked = 1; asked <= failuresToOpen + 2; asked++) {
      const reply = await world.ask();
      expect([reply.status, reply.error()?.code, reply.ms < 100]).toEqual([502, 'upstream_failed', true]);
      expect(world.providers['alpha']!.received()).toHaveLength(asked);
    }
  });
});

describe('a provider that is away with all of its models', () => {
  const models = Array.from({ length: 20 }, (_, index) => ({ id: `m${index}` }));
  const away = (fault: string): FakeProviderSpec => ({
    name: 'alpha',
    keepRequests: 500,
    models: models.map((model) => ({ ...model, fault })),
  });
  const entries = [toEntry('alpha', { models: models.map(({ id }) => ({ id, size: 'large' })) })];
  it.each(['503', 'reset'])('%s: is asked again for a few of them at a time, not for all', async (fault) => {
    const world = await createWorld({ providers: [away(fault)], entries });
    const reply = await world.ask({ model: 'auto' });
    expect([reply.status, reply.error()?.code]).toEqual([502, 'upstream_failed']);
    const calls = world.providers['alpha']!.received().length;
    expect(calls).toBeGreaterThan(30);
    expect(calls).toBeLessThan(40);
  });
  it('answers as soon as it is back', async () => {
    const world = await createWorld({ providers: [away('flap-3000-600000-503')], entries });
    const reply = await world.ask({ model: 'auto' });
    expect([reply.status, reply.content()]).toEqual([200, canonicalAnswer]);
    expect(reply.ms).toBeLessThan(6_000);
  });
  it('keeps another that had one fault from nothing', async () => {
    const world = await createWorld({
      providers: [away('503'), provider('beta', 'first-1-503')],
      entries: [...entries, toEntry('beta', { priority: 200 })],
    });
    const reply = await world.ask({ model: 'auto' });
    expect([reply.status, reply.headers['x-freeway-credential']]).toEqual([200, 'beta']);
    expect(reply.ms).toBeLessThan(1_500);
  });
});

describe('nonsense', () => {
  it.each([
    ['free', 6],
    ['paid', 1],
  ] as const)('of a %s provider is asked for so many times: %i', async (tier, calls) => {
    const world = await createWorld({
      providers: [provider('alpha', 'html')],
      entries: [toEntry('alpha', { tier })],
      env: { FREEWAY_PAID: 'allowed' },
    });
    const reply = await world.ask();
    expect([reply.status, reply.error()?.code]).toEqual([502, 'upstream_failed']);
    expect(world.providers['alpha']!.received()).toHaveLength(calls);
  });
});

describe('the breaker', () => {
  it('is not opened by limits, however many in a row', async () => {
    const world = await createWorld({ providers: [provider('alpha'), provider('beta')] });
    world.providers['alpha']!.script(Array.from({ length: 8 }, () => '429-ms-100'));
    for (let i = 0; i < 8; i++) expect((await world.ask()).headers['x-freeway-credential']).toBe('beta');
    expect((await world.ask()).headers['x-freeway-credential']).toBe('alpha');
  });
  it('opens after three failures in a row, probes one call at a time, and closes by degrees', async () => {
    const world = await createWorld({
      providers: [provider('alpha', 'flap-20000-600000-503'), provider('beta')],
      env: { FREEWAY_HEALTH_CHECKS: 'off' },
    });
    const calls = (): number => world.providers['alpha']!.received().length;
    for (let i = 0; i < 5; i++) expect((await world.ask()).content()).toBe(canonicalAnswer);
    expect(calls()).toBe(3);
    await world.clock.advance(6_000);
    const together = [world.begin({}), world.begin({}), world.begin({})];
    await world.clock.runUntil(Promise.all(together.map(({ reply }) => reply)));
    expect(calls()).toBe(4);
    await world.clock.advance(30_000);
    expect((await world.ask()).headers['x-freeway-credential']).toBe('alpha');
    await world.clock.advance(recoveryMs);
    for (let i = 0; i < 2; i++) expect((await world.ask()).headers['x-freeway-credential']).toBe('alpha');
    expect(calls()).toBe(7);
  });
  it('gives a provider that has come back a growing share of what it would have, and all in the end', async () => {
    const world = await createWorld({
      providers: [provider('alpha', 'flap-20000-600000-503'), provider('beta')],
      env: { FREEWAY_HEALTH_CHECKS: 'off' },
    });
    for (let i = 0; i < 6; i++) await world.ask();
    await world.clock.advance(25_000);
    const served = (): number => world.providers['alpha']!.books().total().served;
    while (served() === 0) await world.ask();
    const shares: number[] = [];
    for (let window = 0; window < 4; window++) {
      const before = served();
      const calls = [];
      for (let i = 0; i < 100; i++) {
        calls.push(world.begin({}).reply);
        await world.clock.advance(100);
      }
      const replies = await world.clock.runUntil(Promise.all(calls));
      expect(replies.every((reply) => reply.content() === canonicalAnswer)).toBe(true);
      shares.push((served() - before) / 100);
    }
    // The first named is preferred. In the middle of each third of the time: a quarter, a half and a bit, most.
    [0.25, 0.55, 0.85].forEach((share, window) => expect(Math.abs(shares[window]! - share)).toBeLessThan(0.13));
    expect(shares[3]).toBe(1);
  });
  it('sends everything to one that has come back and is alone, at once', async () => {
    const world = await createWorld({
      providers: [provider('alpha', 'flap-20000-600000-503')],
      env: { FREEWAY_HEALTH_CHECKS: 'off' },
    });
    expect((await world.ask({ freeway: { max_wait_ms: 1_000 } })).error()).not.toBeNull();
    await world.clock.advance(25_000);
    for (let i = 0; i < 20; i++) {
      const reply = await world.ask();
      expect([reply.content(), reply.headers['x-freeway-attempts']]).toEqual([canonicalAnswer, '1']);
      expect(reply.ms).toBeLessThan(1_500);
    }
  });
  it('opens again at the first failure of one that recovers', async () => {
    const world = await createWorld({
      providers: [provider('alpha', 'flap-20000-5000-503'), provider('beta')],
      env: { FREEWAY_HEALTH_CHECKS: 'off' },
    });
    for (let i = 0; i < 6; i++) await world.ask();
    await world.clock.advance(21_000 - (world.clock.now() - START_MS));
    const alpha = () => world.providers['alpha']!.books().total();
    while (alpha().served === 0) await world.ask();
    await world.clock.advance(26_000 - (world.clock.now() - START_MS));
    const before = alpha();
    const failed = (): number => alpha().accepted - before.accepted - (alpha().served - before.served);
    while (failed() === 0) expect((await world.ask()).content()).toBe(canonicalAnswer);
    const openedMs = world.clock.now();
    while (world.clock.now() < openedMs + 3_000) expect((await world.ask()).content()).toBe(canonicalAnswer);
    expect(failed()).toBe(1);
  });
  it('a provider that flaps for 60 s: all answered, few calls wasted', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'flap-5000-5000-503'), provider('beta')] });
    const calls = [];
    for (let i = 0; i < 60; i++) {
      calls.push(world.begin({ stream: i % 2 === 0 }));
      await world.clock.advance(1_000);
    }
    const replies = await world.clock.runUntil(Promise.all(calls.map(({ reply }) => reply)));
    expect(replies.filter((reply) => reply.content() === canonicalAnswer && reply.error() === null)).toHaveLength(60);
    const { accepted, served } = world.providers['alpha']!.books().total();
    // Six times down: at most the three failures in a row that open the breaker each time.
    expect(accepted - served).toBeLessThanOrEqual(6 * failuresToOpen);
  });
});
