// How long a request waits for what costs less, and how often candidates with passing faults are asked again.
import { describe, expect, it } from 'vitest';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

/** One request in so many seconds is free; all others may be paid for at another's. What is reserved ahead of clocks makes it a fifth more. */
const openWorld = (seconds: number): Promise<World> =>
  createWorld({
    providers: [
      { name: 'alpha', models: [{ id: 'm1' }] },
      { name: 'beta', models: [{ id: 'm1' }] },
    ],
    entries: [
      toEntry('alpha', {
        pools: [{ models: ['*'], scope: 'credential', unit: 'requests', max: 1, clock: { kind: 'rolling', seconds } }],
      }),
      toEntry('beta', { tier: 'paid' }),
    ],
  });

/** A request that finds the free one just taken. */
async function askSecond(world: World, count: number, freeway: Record<string, unknown>): Promise<Reply> {
  expect((await world.ask({ max_tokens: 50 })).headers['x-freeway-credential']).toBe('alpha');
  const messages = [{ role: 'user', content: 'some words '.repeat(count / 2) }];
  return world.ask({ messages, max_tokens: 50, freeway });
}

/** What the answer itself takes, ms. */
const ANSWER_MS = 600;

describe('what is free later', () => {
  it.each<[string, number, number, Record<string, unknown>]>([
    ['a second later is waited for by a request of 450 tokens', 1, 400, {}],
    ['five seconds later is waited for by one of 4,000', 5, 4_000, {}],
    ['five seconds later is waited for where nothing may be paid', 5, 10, { tier: 'free' }],
  ])('%s', async (_, seconds, count, freeway) => {
    const world = await openWorld(seconds);
    const { headers, ms } = await askSecond(world, count, freeway);
    expect(headers['x-freeway-credential']).toBe('alpha');
    expect(ms).toBeGreaterThanOrEqual(seconds * 1_000);
    expect(ms).toBeLessThan(seconds * 1_200 + ANSWER_MS + 100);
    expect([world.providers['alpha']?.books().total().limited, world.upstream.started()]).toEqual([0, 2]);
  });

  it.each<[string, number, number, Record<string, unknown>]>([
    ['a second later is not waited for by a request of 60 tokens', 1, 10, {}],
    ['twenty seconds later is waited for by none, however long', 20, 40_000, {}],
    ['five seconds later is not waited for by whoever waits no longer than that', 5, 4_000, { max_wait_ms: 300 }],
    ['is not waited for by whoever does not wait', 1, 4_000, { max_wait_ms: 0 }],
    ['is not waited for by whoever must be answered before', 5, 4_000, { timeout_ms: 4_000 }],
  ])('%s: it is paid for at once', async (_, seconds, count, freeway) => {
    const { headers, ms } = await askSecond(await openWorld(seconds), count, freeway);
    expect(headers['x-freeway-credential']).toBe('beta');
    expect(ms).toBeLessThanOrEqual(ANSWER_MS);
  });

  it('is told where nothing may be paid and it comes too late', async () => {
    const { status, headers, ms } = await askSecond(await openWorld(20), 10, { tier: 'free' });
    expect([status, ms]).toEqual([503, 0]);
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(20);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(24);
  });
});

describe('candidates with passing faults', () => {
  /** Pauses before they are asked again: 250 ms, twice as long each time up to 2 s, each half to one and a half times as long. */
  const pausesMs = (rounds: number): number =>
    Array.from({ length: rounds }, (_, round) => Math.min(2_000, 250 * 2 ** round)).reduce((sum, ms) => sum + ms, 0);

  it.each([
    ['a single one five times', ['alpha'], 5],
    ['each of two nine times', ['alpha', 'beta'], 9],
    ['each of three nine times', ['alpha', 'beta', 'gamma'], 9],
  ])('%s', async (_, names, rounds) => {
    const world = await createWorld({
      providers: names.map((name) => ({ name, models: [{ id: 'm1', fault: '503' }] })),
    });
    const { status, ms } = await world.ask({ freeway: { max_wait_ms: 60_000 } });
    expect(status).toBe(502);
    for (const name of names) expect(world.providers[name]?.books().total().accepted, name).toBe(1 + rounds);
    expect(ms).toBeGreaterThan(pausesMs(rounds) * 0.5);
    expect(ms).toBeLessThan(pausesMs(rounds) * 1.5 + 1_000);
  });

  it('no longer than the caller waits', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1', fault: '503' }] }] });
    const { status, ms } = await world.ask({ freeway: { max_wait_ms: 1_000 } });
    expect(status).toBe(502);
    expect(ms).toBeLessThan(1_300);
    expect(world.providers['alpha']?.books().total().accepted).toBeLessThan(5);
  });
});
