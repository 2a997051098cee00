// What a call costs and what is held back for it, where prices change with time, terms and length.
import { describe, expect, it } from 'vitest';
import type { Price } from '#shared/price.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { toErrorDraft } from '../fakes/provider/plan.ts';
import { createFakeVectors } from '../fakes/vectors.ts';
import { createWorld, toEntry, type World } from './harness.ts';

// The world begins on a Saturday at noon, UTC.
const SATURDAY = 6;
const HOUR_MS = 3_600_000;
const base = { inputPerMillionUsd: 100, outputPerMillionUsd: 1_000 };

const createPaid = (
  price: Price,
  { env = {}, maxOutput = 1_000 }: { env?: Record<string, string>; maxOutput?: number } = {},
): Promise<World> =>
  createWorld({
    providers: [{ name: 'paid', models: [{ id: 'm1', maxOutput }] }],
    entries: [
      toEntry('paid', {
        tier: 'paid',
        models: [{ id: 'm1', kind: 'chat', context: 131_072, maxOutput, size: 'large', price }],
      }),
    ],
    env,
  });
const costOf = async (world: World): Promise<number> => Number((await world.ask()).headers['x-freeway-cost-usd']);
const lastOf = async (world: World) => (await world.records()).at(-1);

describe('a price with a peak', () => {
  const peaks = [{ days: [SATURDAY], from: '12:00', until: '13:00', factor: 2 }];

  it('is that of the moment of asking, in everything that tells it', async () => {
    const world = await createPaid({ ...base, peaks });
    const inPeak = await costOf(world);
    expect(await lastOf(world)).toMatchObject({ cost_usd: inPeak, list_usd: inPeak });
    await world.clock.advance(HOUR_MS);
    const after = await costOf(world);
    expect(inPeak).toBeCloseTo(2 * after, 12);
    expect(await lastOf(world)).toMatchObject({ cost_usd: after, list_usd: after });
    const [, usd] = /^freeway_cost_usd_total\{[^}]*\} ([\d.e+-]+)$/m.exec(world.metrics()) ?? [];
    expect(Number(usd)).toBeCloseTo(inPeak + after, 12);
  });

  it('is what explanations reckon with', async () => {
    const usdOf = async (price: Price): Promise<number> => {
      const told = (await (await createPaid(price)).ask({}, {}, '/v1/explain')).text;
      return Number(/"usd":([\d.e-]+)/.exec(told)?.[1]);
    };
    expect(await usdOf({ ...base, peaks })).toBeCloseTo(2 * (await usdOf(base)), 9);
  });

  it('is held back at its dearest, since the answer may come in the peak', async () => {
    const later = [{ days: [SATURDAY], from: '13:00', until: '14:00', factor: 2 }];
    const env = { FREEWAY_BUDGET_USD_PER_DAY: '1.5' };
    // A thousand tokens cost a dollar now, and two in an hour.
    expect((await (await createPaid({ ...base, peaks: later }, { env })).ask()).status).toBe(402);
    expect((await (await createPaid(base, { env })).ask()).status).toBe(200);
  });
});

it('a price that changes on a day does so', async () => {
  const dear = { inputPerMillionUsd: 200, outputPerMillionUsd: 2_000 };
  const world = await createPaid({ ...base, changes: [{ from: '2026-11-22', ...dear }] });
  const before = await costOf(world);
  await world.clock.advance(12 * HOUR_MS);
  expect(await costOf(world)).toBeCloseTo(2 * before, 12);
});

describe('what is held back', () => {
  it('is an answer of 16,384 tokens, where the caller bounds none and the model may write more', async () => {
    const env = { FREEWAY_BUDGET_USD_PER_DAY: '16' };
    const long = await createPaid(base, { env, maxOutput: 64_000 });
    const refused = await long.ask();
    expect([refused.status, refused.json().error?.message]).toEqual([402, expect.stringContaining('Give max_tokens')]);
    expect(long.providers['paid']?.books().total().accepted).toBe(0);
    expect((await long.ask({ max_tokens: 10_000 })).status).toBe(200);
    const wide = await createPaid(base, { env: { FREEWAY_BUDGET_USD_PER_DAY: '17' }, maxOutput: 64_000 });
    expect((await wide.ask()).status).toBe(200);
  });

  it('is enough for answers of any length, by the provider’s own books', async () => {
    const world = await createWorld({
      providers: [
        {
          name: 'paid',
          models: [{ id: 'm1', maxOutput: 15_000, tokensPerSecond: 10_000, answer: () => 'word '.repeat(60_000) }],
        },
      ],
      entries: [
        toEntry('paid', {
          tier: 'paid',
          models: [{ id: 'm1', kind: 'chat', context: 131_072, maxOutput: 15_000, size: 'large', price: base }],
        }),
      ],
      env: { FREEWAY_BUDGET_USD_PER_DAY: '50' },
    });
    const calls = Array.from({ length: 10 }, () => world.begin({}));
    const replies = await world.clock.runUntil(Promise.all(calls.map(({ reply }) => reply)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
    const { inputTokens, outputTokens } = world.providers['paid']!.books().total();
    expect(outputTokens).toBe(45_000);
    expect((inputTokens * base.inputPerMillionUsd + outputTokens * base.outputPerMillionUsd) / 1e6).toBeLessThanOrEqual(
      50,
    );
  });

  it('is at the dearer of the terms that were asked for and the usual ones', async () => {
    const env = { FREEWAY_BUDGET_USD_PER_DAY: '1.5' };
    const price = { ...base, factors: { priority: 2, flex: 0.5 } };
    expect((await (await createPaid(price, { env })).ask({ service_tier: 'priority' })).status).toBe(402);
    expect((await (await createPaid(price, { env })).ask({ service_tier: 'flex' })).status).toBe(200);
  });
});

describe('a reply that says how it was billed', () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
  const headers = { 'content-type': 'application/json' };
  const createHost = (price: Price, more: object): Promise<World> => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 100 };
    const body = JSON.stringify({
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: 'm1',
      choices,
      usage,
      ...more,
    });
    return createWorld({
      providers: [],
      others: () => ({
        host: { handle: () => ({ ...toErrorDraft({ status: 200, headers, body }, 100), close: () => undefined }) },
      }),
      entries: [toEntry('host', { tier: 'paid', models: [{ id: 'm1', kind: 'chat', size: 'large', price }] })],
    });
  };

  it.each([
    ['priority', 0.4],
    ['default', 0.2],
  ])('costs accordingly: %s', async (service_tier, usd) => {
    expect(await costOf(await createHost({ ...base, factors: { priority: 2 } }, { service_tier }))).toBeCloseTo(
      usd,
      12,
    );
  });

  it('costs nobody knows what on terms that nobody has priced', async () => {
    const world = await createHost({ ...base, factors: { flex: 0.5 } }, { service_tier: 'priority' });
    expect((await world.ask()).headers).not.toHaveProperty('x-freeway-cost-usd');
    expect((await lastOf(world))?.cost_usd).toBeNull();
  });

  it('is not believed about its cost where the catalog does not say so', async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, cost: 12 };
    expect(await costOf(await createHost(base, { usage }))).toBeCloseTo(0.2, 12);
  });
});

describe('a bound on list prices', () => {
  const freeway = { max_price: { input: 150, output: 1_500 } };

  it('holds at the dearest hour of the day, and from the day on which a price changes', async () => {
    const later = [{ days: [SATURDAY], from: '13:00', until: '14:00', factor: 2 }];
    expect((await (await createPaid({ ...base, peaks: later })).ask({ freeway })).status).toBe(422);
    const dear = { inputPerMillionUsd: 200, outputPerMillionUsd: 2_000 };
    const world = await createPaid({ ...base, changes: [{ from: '2026-11-22', ...dear }] });
    expect((await world.ask({ freeway })).status).toBe(200);
    await world.clock.advance(12 * HOUR_MS);
    expect((await world.ask({ freeway })).status).toBe(422);
  });

  it('asks no price of an output that vectors do not have', async () => {
    const vectors = createFakeVectors({}, createFakeClock(0, { seed: 1 }));
    const models = [{ id: 'e1', kind: 'embedding', price: { inputPerMillionUsd: 100 } }] as const;
    const world = await createWorld({
      providers: [],
      others: () => ({ alpha: vectors }),
      entries: [toEntry('alpha', { tier: 'paid', models: [...models] })],
    });
    const ask = (input: number) =>
      world.ask(
        { model: 'e1', input: 'Hi.', messages: undefined, freeway: { max_price: { input, output: 1 } } },
        {},
        '/v1/embeddings',
      );
    expect([(await ask(150)).status, (await ask(50)).status]).toEqual([200, 422]);
  });
});
