// Money: a day's budget holds whatever happens at the same time, and who asked for free is never made to pay.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const paid = (more: Partial<ProviderEntry> = {}): ProviderEntry =>
  toEntry('paid', {
    tier: 'paid',
    models: [
      {
        id: 'm1',
        kind: 'chat',
        context: 131_072,
        maxOutput: 1_000,
        size: 'large',
        capabilities: ['tools', 'json'],
        price: { inputPerMillionUsd: 100, outputPerMillionUsd: 1_000 },
      },
    ],
    ...more,
  });

const provider = (name: string) => ({ name, models: [{ id: 'm1', maxOutput: 1_000 }] });
const costOf = (world: World): number => {
  const line = /^freeway_cost_usd_total\{[^}]*\} ([\d.e+-]+)$/m.exec(world.metrics());
  return Number(line?.[1] ?? 0);
};

describe('a budget of 5 dollars a day', () => {
  const env = { FREEWAY_BUDGET_USD_PER_DAY: '5' };

  it('is not overrun by calls at the same time: each holds the most it can cost until it is settled', async () => {
    const world = await createWorld({ providers: [provider('paid')], entries: [paid()], env });
    const calls = Array.from({ length: 40 }, () => world.begin({ max_tokens: 1_000 }));
    const replies = await world.clock.runUntil(Promise.all(calls.map(({ reply }) => reply)));
    const served = replies.filter(({ status }) => status === 200).length;
    // At its worst a call costs a bit more than a dollar; what it really costs is far less, but nobody knows before.
    expect(served).toBe(4);
    expect(replies.filter(({ status }) => status === 402)).toHaveLength(36);
    expect(replies.find(({ status }) => status === 402)?.error()?.code).toBe('budget_exceeded');
    expect(world.providers['paid']?.books().total().accepted).toBe(4);
    expect(costOf(world)).toBeLessThan(5);
  });

  it('gives back what calls did not cost, is used up in the end, and begins anew at midnight', async () => {
    const world = await createWorld({ providers: [provider('paid')], entries: [paid()], env });
    let served = 0;
    while ((await world.ask({ max_tokens: 1_000 })).status === 200) served++;
    expect(served).toBeGreaterThan(10);
    const spent = costOf(world);
    expect(spent).toBeGreaterThan(3.5);
    expect(spent).toBeLessThanOrEqual(5);
    await world.clock.advance(12 * 3_600_000 + 5_000);
    expect((await world.ask({ max_tokens: 1_000 })).status).toBe(200);
  });

  it('does not pay what nobody has priced', async () => {
    const unpriced = paid({ models: [{ id: 'm1', kind: 'chat', size: 'large' }] });
    const world = await createWorld({ providers: [provider('paid')], entries: [unpriced], env });
    expect((await world.ask()).status).toBe(402);
    expect(world.providers['paid']?.books().total().accepted).toBe(0);
  });

  it('leaves free models alone', async () => {
    const entries = [paid(), toEntry('gratis')];
    const world = await createWorld({ providers: [provider('paid'), provider('gratis')], entries, env });
    const replies = await Promise.all(Array.from({ length: 10 }, () => world.ask({ max_tokens: 1_000 })));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(costOf(world)).toBe(0);
    expect(world.metrics()).not.toContain('freeway_cost_usd_total{');
  });
});

describe('a request that asked for free', () => {
  const fault = fc.constantFrom('429', '429-day', '500', 'bad-key', 'gone', 'reset', 'cut', 'empty');
  const ways = fc.constantFrom(
    { body: { model: 'm1:free' } },
    { body: { model: 'auto:free' } },
    { body: { model: 'auto:large:free' } },
    { body: { model: 'm1', freeway: { tier: 'free' } } },
    { body: { model: 'auto' }, headers: { 'x-freeway-tier': 'free' } },
    { body: { model: 'm1:free', models: ['auto:free'] } },
    { body: { model: 'm1:free', models: ['other'] } },
  );

  it('is never paid for, whatever fails and however it is asked', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(ways, fc.array(fault, { maxLength: 2 }), fc.boolean(), async (way, faults, stream) => {
        const names = faults.map((_, index) => `free-${index}`);
        const specs = faults.map((fault, index) => ({
          name: `free-${index}`,
          models: [{ id: 'm1', maxOutput: 1_000, fault }],
        }));
        const world = await createWorld({
          providers: [...specs, provider('paid')],
          entries: [...names.map((name) => toEntry(name)), paid({ priority: 1 })],
        });
        const { body, headers = {} } = way as { body: Record<string, unknown>; headers?: Record<string, string> };
        const reply = await world.ask(
          { ...body, stream, freeway: { max_wait_ms: 100, ...(body['freeway'] as object | undefined) } },
          headers,
        );
        if (reply.status !== 200) refused++;
        expect(world.providers['paid']?.books().total().accepted).toBe(0);
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(refused).toBeGreaterThan(20);
  });
});

describe('a budget of 9 dollars a month', () => {
  const env = { FREEWAY_BUDGET_USD_PER_DAY: '5', FREEWAY_BUDGET_USD_PER_MONTH: '9' };
  const DAY_MS = 24 * 3_600_000;
  const spend = async (world: World): Promise<void> => {
    while ((await world.ask({ max_tokens: 1_000 })).status === 200);
  };
  /** Whose budget each alert was about, and how much of it was used. */
  const alerts = (world: World): [string, number][] =>
    world.logs
      .filter(({ event }) => event === 'budget.alert')
      .map(({ what }) => /^(\d+) % of this (\w+)'s/.exec(String(what)) ?? [])
      .map(([, percent, every]) => [every ?? '', Number(percent)]);

  it('ends paying before the day would, until the next month; half, most and all of both are told once', async () => {
    const world = await createWorld({ providers: [provider('paid')], entries: [paid()], env });
    await spend(world);
    expect(costOf(world)).toBeLessThanOrEqual(5);
    const [half, all, ...more] = alerts(world);
    expect(half).toEqual(['day', 51]);
    expect(all?.[1]).toBeGreaterThan(75);
    expect(more).toEqual([]);
    for (let days = 0; days < 2; days++) {
      await world.clock.advance(DAY_MS);
      await spend(world);
    }
    expect(costOf(world)).toBeGreaterThan(7.5);
    expect(costOf(world)).toBeLessThanOrEqual(9);
    const month = alerts(world).filter(([every]) => every === 'month');
    expect(month).toHaveLength(3);
    expect((await world.ask({ max_tokens: 1_000 })).error()?.code).toBe('budget_exceeded');
    await world.clock.advance(31 * DAY_MS);
    expect((await world.ask({ max_tokens: 1_000 })).status).toBe(200);
  });
});
