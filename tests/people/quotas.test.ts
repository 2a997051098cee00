// Quotas of keys, people and all: kept exactly when many ask at once of two instances, in every store; settled by what was used; and begun anew.
import { describe, expect, it } from 'vitest';
import type { Caller } from '#lambda/gateway/answer.ts';
import { createKeyLimits, type Asker, type KeyLimitsKeeper } from '#lambda/gateway/key-limits.ts';
import type { QuotaHeld } from '#lambda/gateway/quotas.ts';
import type { RunResult } from '#lambda/gateway/run.ts';
import type { Store } from '#lambda/ports.ts';
import type { Alert } from '#lambda/ports-telemetry.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { CallerError } from '#shared/failures.ts';
import type { ApiKeyGrant } from '#shared/people.ts';
import type { Quota, QuotaName } from '#shared/quotas.ts';
import type { Usage } from '#shared/usage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { stores } from './stores.ts';

const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** Noon of some day, UTC. */
const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

function openKeeper(store: Store, clock: FakeClock, told: Alert[] = [], shares: readonly number[] | null = null) {
  const alerts = {
    raise: (alert: Alert) => void told.push(alert),
    flush: async () => undefined,
    list: async () => [],
    shares: () => shares,
  };
  return createKeyLimits({ store, clock, log: quiet, metrics: createMetrics(), alerts });
}

const toKey = ({ requests_per_minute, requests_per_day, tokens_per_minute, tokens_per_day }: Quota): ApiKeyGrant => ({
  id: 'key1',
  name: 'bot',
  scopes: ['inference'],
  models: null,
  tier: 'any',
  privacy: 'any',
  limits: {
    requestsPerMinute: requests_per_minute ?? null,
    requestsPerDay: requests_per_day,
    tokensPerMinute: tokens_per_minute,
    tokensPerDay: tokens_per_day,
    usd: null,
  },
  expiresAtMs: null,
});

const ada = { id: 'person_ada', name: 'ada@example.com', budget: null, quota: null };
const whoses = ['key', 'person', 'everybody'] as const;
type Whose = (typeof whoses)[number];
const toAsker = (whose: Whose, quota: Quota): Asker => ({
  key: whose === 'key' ? toKey(quota) : null,
  person: { ...ada, quota: whose === 'person' ? quota : null },
  everybody: whose === 'everybody' ? quota : null,
});

async function leftOf(keeper: KeyLimitsKeeper, whose: Whose, quota: Quota, name: QuotaName): Promise<number> {
  const [key] = await keeper.remaining([toKey(quota)]);
  const left = {
    key: key!,
    person: (await keeper.ofPeople([{ id: ada.id, budget: null, quota }]))[0]!.quota,
    everybody: await keeper.ofAll(quota),
  }[whose][name];
  return left!.remaining;
}

interface Outcomes {
  readonly held: readonly QuotaHeld[];
  readonly refused: readonly CallerError[];
}

async function askAll(asking: readonly Promise<{ quota: QuotaHeld | null }>[]): Promise<Outcomes> {
  const outcomes = await Promise.allSettled(asking);
  return {
    held: outcomes.flatMap((one) => (one.status === 'fulfilled' && one.value.quota ? [one.value.quota] : [])),
    refused: outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as CallerError] : [])),
  };
}

const listening: Pick<Caller, 'gone'> = { gone: false };
const toResult = (usage: Usage | null): RunResult => ({ usage, settled: Promise.resolve() }) as unknown as RunResult;
async function settle(held: QuotaHeld, usage: Usage | null): Promise<void> {
  const { settled } = await held.follow(Promise.resolve(toResult(usage)), listening);
  await settled;
}

const cases = [
  ['requests_per_minute', 0, 20],
  ['requests_per_day', 0, 20],
  // Room for twenty calls that may take 50 each.
  ['tokens_per_minute', 50, 1_000],
  ['tokens_per_day', 50, 1_000],
] as const;

describe.each(stores)('in %s', (_, open) => {
  it.each(whoses.flatMap((whose) => cases.map((one) => [whose, ...one] as const)))(
    'of %s: %s let exactly as many of sixty at once through as they hold, from two instances',
    async (whose, name, tokens, max) => {
      const clock = createFakeClock(NOON);
      const store = await open(clock);
      const keepers = [0, 1].map(() => openKeeper(store, clock));
      const quota = { [name]: max };
      const asker = toAsker(whose, quota);
      const asking = Array.from({ length: 60 }, (__, index) => keepers[index % 2]!.admit(asker, { tokens }));
      const { held, refused } = await askAll(asking);
      expect([held.length, refused.length]).toEqual([20, 40]);
      for (const { status, code, retryable } of refused)
        expect([status, code, retryable]).toEqual([429, 'rate_limited', true]);
      await clock.advance(1_001);
      expect(await leftOf(keepers[1]!, whose, quota, name)).toBe(0);
      await store.close();
    },
  );

  it('count what was used in the place of what was estimated, on the other instance too', async () => {
    const clock = createFakeClock(NOON);
    const store = await open(clock);
    const [here, there] = [openKeeper(store, clock), openKeeper(store, clock)];
    const quota = { tokens_per_minute: 1_000, tokens_per_day: 5_000 };
    const asker = toAsker('key', quota);
    const { quota: less } = await here!.admit(asker, { tokens: 900 });
    await expect(there!.admit(asker, { tokens: 900 })).rejects.toThrow(/1,000 tokens a minute, has 100 left/);
    await settle(less!, { inputTokens: 60, outputTokens: 40 });
    const { quota: more } = await there!.admit(asker, { tokens: 100 });
    await settle(more!, { inputTokens: 600, outputTokens: 600 });
    await clock.advance(1_001);
    expect(await leftOf(here!, 'key', quota, 'tokens_per_minute')).toBe(0);
    expect(await leftOf(here!, 'key', quota, 'tokens_per_day')).toBe(5_000 - 100 - 1_200);
    await store.close();
  });
});

/** One keeper on a fake clock, and what was told. */
function openOne(shares: readonly number[] | null = null) {
  const clock = createFakeClock(NOON);
  const told: Alert[] = [];
  const store = createMemoryStore(clock);
  return { clock, told, store, keeper: openKeeper(store, clock, told, shares) };
}

describe('a quota', () => {
  it('is taken from all whom it bounds, or from none', async () => {
    const { keeper, clock } = openOne();
    const quota = { requests_per_day: 30 };
    const wide: Asker = { key: toKey(quota), person: { ...ada, quota }, everybody: { requests_per_day: 10 } };
    const { held, refused } = await askAll(Array.from({ length: 25 }, () => keeper.admit(wide, { tokens: 0 })));
    expect([held.length, refused.length]).toEqual([10, 15]);
    expect(refused[0]!.message).toMatch(/^The whole installation may make 10 requests a day, and has made them/);
    await clock.advance(1_001);
    expect(await leftOf(keeper, 'key', quota, 'requests_per_day')).toBe(20);
    expect(await leftOf(keeper, 'person', quota, 'requests_per_day')).toBe(20);
  });

  it('of a person counts all their keys together, and nobody else', async () => {
    const { keeper } = openOne();
    const mine = { ...ada, quota: { requests_per_minute: 3 } };
    const by = (id: string): Asker => ({ key: { ...toKey({}), id }, person: mine, everybody: null });
    await askAll(['a', 'b', 'c'].map((id) => keeper.admit(by(id), { tokens: 0 })));
    await expect(keeper.admit(by('d'), { tokens: 0 })).rejects.toThrow(
      /^Ada@example.com may make 3 requests a minute, and has made them\. Try again in \d+ s, or have an admin raise/,
    );
    const bob = { ...mine, id: 'person_bob', name: 'bob@example.com' };
    await expect(keeper.admit({ ...by('e'), person: bob }, { tokens: 0 })).resolves.toBeTruthy();
  });

  it('of a minute begins anew as time passes, one of a day at midnight UTC, as the refusal says', async () => {
    const { keeper, clock } = openOne();
    const minute = toAsker('person', { requests_per_minute: 1 });
    const day = toAsker('everybody', { requests_per_day: 1 });
    for (const [asker, span, words] of [
      [
        day,
        [12 * HOUR_MS, 12 * HOUR_MS + 6_000],
        /1 request a day, and has made it\. Try again after midnight UTC, in 12 h/,
      ],
      [minute, [60_000, 66_000], /in \d+ s,/],
    ] as const) {
      await keeper.admit(asker, { tokens: 0 });
      const { refused } = await askAll([keeper.admit(asker, { tokens: 0 })]);
      const [{ retryAfterMs, message }] = refused as [CallerError];
      expect(message).toMatch(words);
      expect(retryAfterMs).toBeGreaterThanOrEqual(span[0]);
      expect(retryAfterMs).toBeLessThanOrEqual(span[1]);
      await clock.advance(retryAfterMs! - 1);
      await expect(keeper.admit(asker, { tokens: 0 })).rejects.toThrow(CallerError);
      await clock.advance(1);
      await expect(keeper.admit(asker, { tokens: 0 })).resolves.toBeTruthy();
    }
  });

  it('that a request does not fit into at all says so, and not to try again', async () => {
    const { keeper } = openOne();
    const asker = toAsker('key', { tokens_per_minute: 100, tokens_per_day: 1_000 });
    const { refused } = await askAll([keeper.admit(asker, { tokens: 500 })]);
    expect(refused[0]).toMatchObject({ code: 'rate_limited', retryable: false, retryAfterMs: null });
    expect(refused[0]!.message).toMatch(/100 tokens a minute, and this request alone may take 500.*max_tokens/);
    const { quota } = await keeper.admit(asker, { tokens: 100 });
    const headers = quota!.headers();
    expect(headers).toMatchObject({ 'x-ratelimit-limit-tokens': '100', 'x-ratelimit-remaining-tokens': '0' });
    expect(Object.keys(headers).filter((name) => name.endsWith('requests'))).toEqual([]);
  });

  it('gives back the tokens of a request that failed, all of one that nobody was asked for, keeps the estimate where nobody tells, and adds what nobody foresaw', async () => {
    const { keeper, clock } = openOne();
    const quota = { requests_per_day: 10, tokens_per_day: 1_000 };
    const asker = toAsker('person', quota);
    const take = async (tokens: number): Promise<QuotaHeld> => (await keeper.admit(asker, { tokens })).quota!;
    const tokensLeft = async (): Promise<number> => {
      await clock.advance(1_001);
      return leftOf(keeper, 'person', quota, 'tokens_per_day');
    };
    const attempt = { route: 'p/m', credential: 'c', tier: 'free', failure: 'cancelled' } as never;
    const fail = (attempts: never[]): Promise<never> =>
      Promise.reject(new CallerError('exhausted', 'Nobody.', { attempts }));
    await expect((await take(400)).follow(fail([attempt]), listening)).rejects.toThrow('Nobody.');
    expect(await tokensLeft()).toBe(1_000);
    // Whoever hangs up in the middle has had what was under way.
    await expect((await take(100)).follow(fail([attempt]), { gone: true })).rejects.toThrow('Nobody.');
    expect(await tokensLeft()).toBe(900);
    await expect((await take(100)).follow(fail([]), { gone: true })).rejects.toThrow('Nobody.');
    expect(await tokensLeft()).toBe(900);
    await settle(await take(200), null);
    expect(await tokensLeft()).toBe(700);
    // Sound: how many tokens it comes to is told with each piece of it.
    const sound = await take(0);
    expect(await tokensLeft()).toBe(700);
    await settle(sound, { audioSeconds: 60 });
    for (const inputTokens of [30, 20]) await settle(sound, { inputTokens, outputTokens: 50 });
    expect(await tokensLeft()).toBe(550);
    // All but the one that nobody was asked for.
    expect(await leftOf(keeper, 'person', quota, 'requests_per_day')).toBe(6);
  });

  it('that was taken before midnight is not given back to the day after', async () => {
    const { keeper, clock } = openOne();
    const quota = { tokens_per_day: 1_000 };
    const { quota: held } = await keeper.admit(toAsker('key', quota), { tokens: 800 });
    await clock.advance(12 * HOUR_MS + 10_000);
    await settle(held!, { inputTokens: 1, outputTokens: 1 });
    expect(await leftOf(keeper, 'key', quota, 'tokens_per_day')).toBe(1_000);
  });

  it('of a day is told of at its shares, once each a day whatever the number of instances, and once when it refuses', async () => {
    const { keeper, clock, told, store } = openOne();
    const other = openKeeper(store, clock, told);
    const asker = toAsker('key', { requests_per_day: 10, requests_per_minute: 100 });
    const run = async (count: number): Promise<void> => {
      for (let asked = 0; asked < count; asked++) {
        const { held } = await askAll([(asked % 2 === 0 ? keeper : other).admit(asker, { tokens: 0 })]);
        for (const one of held) await settle(one, null);
      }
    };
    await run(4);
    expect(told).toEqual([]);
    await run(8);
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual(
      Array.from({ length: 3 }, () => ['quota', 'the API key "bot"']),
    );
    expect(told.map(({ text }) => /^\d+ %/.exec(text)?.[0])).toEqual(['50 %', '80 %', '100 %']);
    await clock.advance(12 * HOUR_MS + 6_000);
    await run(12);
    expect(told).toHaveLength(6);
  });

  it('is told of where the settings say, and by the word that it refuses', async () => {
    const { keeper, told } = openOne([0.25]);
    const asker = toAsker('everybody', { tokens_per_day: 1_000 });
    await settle((await keeper.admit(asker, { tokens: 240 })).quota!, null);
    expect(told).toEqual([]);
    await settle((await keeper.admit(asker, { tokens: 20 })).quota!, null);
    expect(told).toMatchObject([
      { text: expect.stringMatching(/^26 % of the 1,000 tokens a day of the whole installation are used: 260\.$/) },
    ]);
    await askAll([keeper.admit(asker, { tokens: 800 })]);
    expect(told).toHaveLength(1);
  });
});
