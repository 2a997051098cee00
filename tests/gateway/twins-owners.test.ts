// Keys whose limits move together are told of to whoever gave them all, and to nobody else.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { createFleet } from '#lambda/gateway/fleet.ts';
import { createLedger } from '#lambda/gateway/ledger.ts';
import type { ObservedLimit } from '#lambda/wire/types.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createRandom } from '../fakes/random.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const ROUTE = 'groq/openai/gpt-oss-120b';
const DAY = { unit: 'requests', period: 'day', limit: 1_000, resetAtMs: null, from: 'header' } as const;

/** Calls by two keys of one account, each given by somebody; absent: by the environment. Answers whom each is told of. */
async function play(owners: readonly (string | undefined)[]): Promise<(readonly string[])[]> {
  const clock = createFakeClock(Date.UTC(2026, 10, 21, 12));
  const entries = owners.map((owner, at) => ({
    provider: 'groq',
    name: `key-${at}`,
    apiKey: `key-${at}`,
    enabled: true,
    priority: 100,
    weight: 1,
    ...(owner === undefined ? {} : { owner, sealed: { id: `id-${at}`, open: () => ({}) } }),
  }));
  const fleet = createFleet({ entries, providers, serves: ({ kind }) => kind === 'chat' });
  const store = createMemoryStore(clock);
  const ledger = createLedger({ fleet, store, clock, log: silent, metrics: createMetrics() });
  const places = owners.map((_, at) =>
    fleet.candidates.findIndex(({ route, credential }) => route === ROUTE && credential === `key-${at}`),
  );
  const random = createRandom(7);
  for (let used = 1; used <= 60; used++) {
    const index = places[Math.floor(random() * places.length)] ?? 0;
    ledger.standings(clock.now());
    const reserved = await ledger.reserve(index, { requests: 1 }, { lastResort: true, mostUsd: 0 });
    if (!('reservation' in reserved)) throw new Error('refused');
    const limits: ObservedLimit[] = [{ ...DAY, remaining: DAY.limit - used }];
    const usage = { inputTokens: 10, outputTokens: 10 };
    const outcome = { failure: null, committed: true, usage, seenTokens: 10, limits, firstContentMs: 9, ms: 9 };
    await ledger.settle(reserved.reservation, outcome);
    await clock.advance(3_000);
  }
  return places.map((index) => ledger.twins(index));
}

describe('keys of one account', () => {
  it('are told of where the environment, or one person, gave them', async () => {
    expect(await play([undefined, undefined])).toEqual([['key-1'], ['key-0']]);
    expect(await play(['ann', 'ann'])).toEqual([['key-1'], ['key-0']]);
  });

  it('are not where others gave them, whom that tells whose account it is', async () => {
    expect(await play(['ann', 'bob'])).toEqual([[], []]);
    expect(await play(['ann', undefined])).toEqual([[], []]);
  });
});
