// A late first content is raced by a second candidate, within a budget, and never for money unless that is allowed.
import { describe, expect, it } from 'vitest';
import { createHedge } from '#lambda/gateway/hedge.ts';
import { createSketch } from '#lambda/gateway/sketch.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const provider = (name: string, fault?: string): FakeProviderSpec => ({
  name,
  models: [{ id: 'm1', ...(fault === undefined ? {} : { fault }) }],
});
const extraCalls = (world: World): number => world.upstream.started();
const won = (world: World): number =>
  Number(/freeway_hedges_total\{won="true"\} (\d+)/.exec(world.metrics())?.[1] ?? 0);

describe('sketch', () => {
  it('knows nothing before twenty measurements', () => {
    const sketch = createSketch();
    for (let i = 0; i < 19; i++) sketch.add(100);
    expect(sketch.p95()).toBeNull();
    sketch.add(100);
    expect(sketch.p95()).not.toBeNull();
  });
  it.each([
    [Array.from({ length: 1_000 }, (_, i) => i + 1), 950],
    [Array.from({ length: 300 }, () => 4_000), 4_000],
    [[...Array.from({ length: 96 }, () => 200), ...Array.from({ length: 4 }, () => 30_000)], 200],
  ])('is at most a fifth too high (case %#)', (measured, exact) => {
    const sketch = createSketch();
    for (const ms of measured.toSorted((a, b) => ((a * 7919) % 1009) - ((b * 7919) % 1009))) sketch.add(ms);
    expect(sketch.p95()!).toBeGreaterThanOrEqual(exact * 0.9);
    expect(sketch.p95()!).toBeLessThanOrEqual(exact * 1.25);
  });
  it('forgets old habits', () => {
    const sketch = createSketch();
    for (let i = 0; i < 400; i++) sketch.add(10_000);
    for (let i = 0; i < 4_000; i++) sketch.add(100);
    expect(sketch.p95()!).toBeLessThan(150);
  });
});

describe('hedge budget', () => {
  it('spends 3 % of the requests in the long run', () => {
    const hedge = createHedge();
    let spent = 0;
    for (let i = 0; i < 10_000; i++) {
      hedge.earn();
      if (hedge.spend()) spent++;
    }
    expect(spent).toBeLessThanOrEqual(10 + 10_000 * 0.03);
    expect(spent).toBeGreaterThanOrEqual(300);
  });
});

describe('what is late', () => {
  const measure = (hedge: ReturnType<typeof createHedge>, streamed: boolean, ms: number): void => {
    for (let i = 0; i < 100; i++) hedge.observe(7, streamed, ms);
  };
  it('is what is slower than 95 of 100 of the same candidate and kind; without any, than is usual', () => {
    const hedge = createHedge();
    measure(hedge, true, 3_000);
    measure(hedge, false, 20_000);
    expect(hedge.lateMs(7, true, 9_000)).toBeCloseTo(3_000, -3);
    expect(hedge.lateMs(7, false, 9_000)).toBeCloseTo(20_000, -4);
    expect(hedge.lateMs(8, true, 9_000)).toBe(9_000);
  });
  it('is nothing that takes less than a second', () => {
    const hedge = createHedge();
    measure(hedge, true, 40);
    expect([hedge.lateMs(7, true, 9_000), hedge.lateMs(8, true, 300)]).toEqual([1_000, 1_000]);
  });
  it('may be raced ten times at once, and once more for each that is given back', () => {
    const hedge = createHedge();
    const spend = (): number => {
      let count = 0;
      while (count < 100 && hedge.spend()) count++;
      return count;
    };
    expect(spend()).toBe(10);
    hedge.giveBack();
    hedge.giveBack();
    expect(spend()).toBe(2);
  });
});

describe('hedged requests', () => {
  it.each([
    ['silent', true],
    ['silent', false],
    ['late-20000', true],
    ['late-20000', false],
  ])('%s, stream %s: the second candidate answers', async (fault, stream) => {
    const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
    const reply = await world.ask({ stream });
    expect(reply.content()).toBe(canonicalAnswer);
    expect(reply.ms).toBeLessThan(15_000);
    expect(reply.headers['x-freeway-credential']).toBe('beta');
    expect(reply.headers['x-freeway-trail']).toMatch(/^openai-compatible\/m1=timeout\(\d+\)$/);
    expect([extraCalls(world), won(world), world.upstream.open(), world.clock.pending()]).toEqual([2, 1, 0, 0]);
    expect(world.providers['alpha']!.books().total()).toMatchObject({ accepted: 1, abandoned: 1 });
  });
  it('the first may still win: the second is given up, and both are settled', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'late-9000'), provider('beta', 'late-9000')] });
    const reply = await world.ask({ stream: true });
    expect(reply.content()).toBe(canonicalAnswer);
    expect(reply.headers['x-freeway-credential']).toBe('alpha');
    expect([extraCalls(world), won(world), world.upstream.open(), world.clock.pending()]).toEqual([2, 0, 0, 0]);
    expect(world.providers['beta']!.books().total()).toMatchObject({ abandoned: 1 });
  });
  it('a second that fails leaves the first alone', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'late-10000'), provider('beta', '503')] });
    const reply = await world.ask({ stream: true });
    expect(reply.content()).toBe(canonicalAnswer);
    expect(reply.headers['x-freeway-credential']).toBe('alpha');
  });
  it('learns: a candidate that is always slow is not raced', async () => {
    const slow: FakeProviderSpec = { name: 'alpha', models: [{ id: 'm1', ttftMs: 9_500 }] };
    const world = await createWorld({ providers: [slow, { name: 'beta', models: [{ id: 'm1', ttftMs: 30_000 }] }] });
    for (let i = 0; i < 25; i++) await world.ask({ stream: true });
    const before = extraCalls(world);
    await world.ask({ stream: true });
    expect(extraCalls(world) - before).toBe(1);
  });
  it('costs at most 3 % extra calls in steady state', async () => {
    const jittery: FakeProviderSpec = {
      name: 'alpha',
      wordsPerChunk: 20,
      models: [{ id: 'm1' }],
      chaos: [{ fault: 'late-3000', share: 0.2 }],
    };
    const world = await createWorld({ providers: [jittery, { ...provider('beta'), wordsPerChunk: 20 }] });
    for (let i = 0; i < 400; i++) await world.ask({ stream: true });
    expect(extraCalls(world) - 400).toBeLessThanOrEqual(10 + 400 * 0.03);
  });
  it.each([
    [{ FREEWAY_PAID: 'fallback' }, 1],
    [{ FREEWAY_PAID: 'allowed' }, 2],
  ])('pays for a race only where paying is allowed: %o', async (env, calls) => {
    const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 1 };
    const paid = toEntry('beta', {
      tier: 'paid',
      priority: 20,
      models: [{ id: 'm1', kind: 'chat', size: 'large', price }],
    });
    const world = await createWorld({
      providers: [provider('alpha', 'late-9000'), provider('beta')],
      entries: [toEntry('alpha', { priority: 10 }), paid],
      env,
    });
    await world.ask({ stream: true });
    expect(extraCalls(world)).toBe(calls);
  });
  it('does not race when failover is off', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'late-9000'), provider('beta')] });
    await world.ask({ stream: true, freeway: { failover: false } });
    expect(extraCalls(world)).toBe(1);
  });
});
