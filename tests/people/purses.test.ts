// What a key and whoever it belongs to may spend: a call is paid from both or from neither, at its worst until its cost is known.
import { describe, expect, it } from 'vitest';
import { createKeyLimits, type Asker, type KeyLimitsKeeper } from '#lambda/gateway/key-limits.ts';
import type { Store } from '#lambda/ports.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import type { ApiKeyGrant } from '#shared/people.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const nothing = (): void => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const alerts = { raise: nothing, flush: async () => undefined, list: async () => [] };
/** Noon of some day, UTC. */
const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

type Usd = NonNullable<ApiKeyGrant['limits']['usd']>;
type Budget = NonNullable<Asker['person']['budget']>;

const toKey = (usd: Usd | null): ApiKeyGrant => ({
  id: 'key1',
  name: 'bot',
  scopes: ['inference'],
  models: null,
  tier: 'any',
  privacy: 'any',
  limits: { requestsPerMinute: null, requestsPerDay: null, tokensPerMinute: null, tokensPerDay: null, usd },
  expiresAtMs: null,
});
const perDay = (max: number): Budget => ({ usd_per_day: max, usd_per_month: null, mode: 'hard' });
const toAsker = (usd: Usd | null, budget: Budget | null): Asker => ({
  key: toKey(usd),
  person: { id: 'person_ada', name: 'ada@example.com', budget, quota: null },
  everybody: null,
});

interface Till {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly keeper: KeyLimitsKeeper;
}

function openTill(): Till {
  const clock = createFakeClock(NOON);
  const store = createMemoryStore(clock);
  return { clock, store, keeper: openKeeper(store, clock) };
}

const openKeeper = (store: Store, clock: FakeClock): KeyLimitsKeeper =>
  createKeyLimits({ store, clock, log, metrics: createMetrics(), alerts });

async function purseOf(keeper: KeyLimitsKeeper, asker: Asker) {
  const { purse } = await keeper.admit(asker, { tokens: 0 });
  if (purse === null) throw new Error('nothing is bounded');
  return purse;
}

/** What the key and the person have left, US dollars. */
async function leftOf({ keeper }: Till, { key, person }: Asker): Promise<(number | undefined)[]> {
  const [ofKey] = await keeper.remaining([key!]);
  const [ofPerson] = await keeper.ofPeople([person]);
  return [ofKey?.usd?.remaining, ofPerson?.budget[0]?.remaining];
}

describe('two purses', () => {
  const both = toAsker({ max: 1, per: 'day' }, perDay(0.5));

  it('hold as much as the tighter one, which says so when it does not hold a call', async () => {
    const { keeper } = openTill();
    const tightPerson = await purseOf(keeper, both);
    expect(tightPerson.roomUsd()).toBe(0.5);
    expect(tightPerson.refusal()).toMatchObject({ code: 'budget_exceeded' });
    const tightKey = await purseOf(keeper, toAsker({ max: 0.25, per: 'day' }, perDay(0.5)));
    expect(tightKey.roomUsd()).toBe(0.25);
    expect(tightKey.refusal()).toMatchObject({ code: 'rate_limited' });
  });

  it('are both paid from, first the most that a call can cost and then what it did', async () => {
    const till = openTill();
    const held = await (await purseOf(till.keeper, both)).reserve(0.4);
    expect(await leftOf(till, both)).toEqual([expect.closeTo(0.6), expect.closeTo(0.1)]);
    await held?.settle(0.1);
    expect(await leftOf(till, both)).toEqual([expect.closeTo(0.9), expect.closeTo(0.4)]);
  });

  it.each([
    ['the second', { max: 1, per: 'day' }, perDay(0.5)],
    ['the first', { max: 0.5, per: 'day' }, perDay(1)],
  ] as const)('pay nothing of a call that %s does not hold', async (_name, usd, budget) => {
    const till = openTill();
    const asker = toAsker(usd, budget);
    expect(await (await purseOf(till.keeper, asker)).reserve(0.6)).toBeNull();
    expect(await leftOf(till, asker)).toEqual([usd.max, budget.usd_per_day]);
  });

  it('keep the most that a call could have cost where nobody tells what it did', async () => {
    const till = openTill();
    const held = await (await purseOf(till.keeper, both)).reserve(0.4);
    await held?.settle(null);
    expect(await leftOf(till, both)).toEqual([expect.closeTo(0.6), expect.closeTo(0.1)]);
  });

  it('know what was spent elsewhere', async () => {
    const { store, clock, keeper } = openTill();
    const other = openKeeper(store, clock);
    expect((await purseOf(other, both)).roomUsd()).toBe(0.5);
    const held = await (await purseOf(keeper, both)).reserve(0.4);
    await held?.settle(0.3);
    await clock.advance(2_000);
    expect((await purseOf(other, both)).roomUsd()).toBeCloseTo(0.2);
  });
});

describe('one purse', () => {
  it('is that of the key, that of the person, or none', async () => {
    const { keeper } = openTill();
    expect((await purseOf(keeper, toAsker({ max: 2, per: 'week' }, null))).roomUsd()).toBe(2);
    expect((await purseOf(keeper, toAsker(null, perDay(3)))).roomUsd()).toBe(3);
    expect((await keeper.admit(toAsker(null, null), { tokens: 0 })).purse).toBeNull();
  });

  it('pays no call that nobody has priced, unless it only counts', async () => {
    const { keeper } = openTill();
    expect(await (await purseOf(keeper, toAsker({ max: 1, per: 'day' }, null))).reserve(null)).toBeNull();
    const counting = await purseOf(keeper, toAsker({ max: 1, per: 'day', mode: 'soft' }, null));
    expect(await counting.reserve(null)).not.toBeNull();
  });

  it('counts on beyond a bound of which it only tells', async () => {
    const till = openTill();
    const asker = toAsker({ max: 1, per: 'day', mode: 'soft' }, null);
    const purse = await purseOf(till.keeper, asker);
    for (const usd of [0.75, 2]) await (await purse.reserve(usd))?.settle(usd);
    const [{ usd } = { usd: null }] = await till.keeper.remaining([asker.key!]);
    expect(usd).toMatchObject({ limit: 1, remaining: 0 });
    expect(purse.roomUsd()).toBeGreaterThan(1e9);
  });

  it.each([
    ['day', 12 * HOUR_MS],
    ['never', null],
  ] as const)('says when that of a key begins anew: %s', async (per, retryAfterMs) => {
    const till = openTill();
    const asker = toAsker({ max: 1, per }, null);
    const purse = await purseOf(till.keeper, asker);
    await (await purse.reserve(1))?.settle(1);
    expect(await purse.reserve(0.01)).toBeNull();
    expect(purse.refusal()).toMatchObject({ retryable: per !== 'never', retryAfterMs });
    expect(purse.refusal().message).toContain(per === 'never' ? '$1 in all' : '$1 a day');
    const [left] = await till.keeper.remaining([asker.key!]);
    expect(left?.usd).toEqual({
      limit: 1,
      remaining: 0,
      resetAtMs: retryAfterMs === null ? null : NOON + retryAfterMs,
    });
  });
});
