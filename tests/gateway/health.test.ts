// Free checks of what has failed: none while all is well, few while it is not; the recovered come back early, and a model is gone only when its provider's list agrees.
import { describe, expect, it, vi } from 'vitest';
import { createFleet } from '#lambda/gateway/fleet.ts';
import { createHealth } from '#lambda/gateway/health.ts';
import { createLedger } from '#lambda/gateway/ledger.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { UpstreamError, type Upstream } from '#lambda/ports.ts';
import { afterFailure, afterHealthy, breakerState } from '#lambda/routing/breaker.ts';
import { cautionOf, learnMiss } from '#lambda/routing/pools-caution.ts';
import { providers as catalog } from '#catalog/index.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createFakeUpstream } from '../fakes/provider/upstream.ts';
import { createWorld, START_MS, toEntry, type World } from './harness.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const provider = (name: string, more: Partial<FakeProviderSpec> = {}): FakeProviderSpec => ({
  name,
  keepRequests: 10_000,
  models: [{ id: 'm1' }],
  ...more,
});
const countOf = (world: World, name: string, end: string): number =>
  world.providers[name]!.received().filter(({ path }) => path.endsWith(end)).length;
const checks = (world: World, name: string): number => countOf(world, name, '/models');
const chats = (world: World, name: string): number => countOf(world, name, '/completions');

async function askEvery(world: World, ms: number, times: number): Promise<string[]> {
  const by: string[] = [];
  for (let i = 0; i < times; i++) {
    const reply = await world.ask();
    by.push(reply.status === 200 ? (reply.headers['x-freeway-credential'] ?? '') : String(reply.status));
    await world.clock.advance(ms);
  }
  return by;
}

describe('health checks on the provider’s own count', () => {
  it('are none while all is well', async () => {
    const world = await createWorld({ providers: [provider('alpha'), provider('beta')] });
    await askEvery(world, 5 * SECOND, 100);
    expect([checks(world, 'alpha'), checks(world, 'beta')]).toEqual([0, 0]);
  });
  it('do not have a credit forgotten, however long ago they were', async () => {
    const once = {
      models: ['*'],
      scope: 'credential' as const,
      unit: 'requests' as const,
      max: 20,
      clock: { kind: 'once' as const },
    };
    const world = await createWorld({
      providers: [provider('alpha'), provider('beta')],
      entries: [toEntry('alpha', { pools: [once] }), toEntry('beta', { tier: 'paid' })],
    });
    const calls = (): number => chats(world, 'alpha');
    await askEvery(world, SECOND, 5);
    world.providers['alpha']!.script(Array.from({ length: 5 }, () => '503'));
    await askEvery(world, SECOND, 40);
    expect(checks(world, 'alpha')).toBeGreaterThan(0);
    await askEvery(world, SECOND, 20);
    const spent = calls();
    expect(spent).toBeGreaterThanOrEqual(20);
    await world.clock.advance(80 * 24 * HOUR);
    await askEvery(world, SECOND, 5);
    expect(calls()).toBe(spent);
  });
  it('are none for limits, however long', async () => {
    const world = await createWorld({
      providers: [provider('alpha', { models: [{ id: 'm1', fault: '429-after-60' }] }), provider('beta')],
    });
    await askEvery(world, 5 * SECOND, 50);
    expect(checks(world, 'alpha')).toBe(0);
  });
  it('are one where the list comes while calls fail, and cost one call more than none would', async () => {
    const models = [{ id: 'm1', fault: '503' }];
    const counts = [];
    for (const setting of ['on', 'off']) {
      const env = { FREEWAY_HEALTH_CHECKS: setting };
      const world = await createWorld({ providers: [provider('alpha', { models }), provider('beta')], env });
      expect(new Set(await askEvery(world, 5 * SECOND, 600))).toEqual(new Set(['beta']));
      counts.push([checks(world, 'alpha'), checks(world, 'beta'), chats(world, 'alpha')]);
    }
    const [on, off] = counts as [number[], number[]];
    expect(on.slice(0, 2)).toEqual([1, 0]);
    expect(off.slice(0, 2)).toEqual([0, 0]);
    expect(on[2]!).toBeLessThanOrEqual(off[2]! + 1);
  });
});

describe('vouching', () => {
  it('half opens an open breaker at once, and is not believed again in the same outage', () => {
    let book = {};
    const fail = (nowMs: number): void => {
      const { set, add } = afterFailure({ book, mark: 'm', nowMs, random: 1 });
      const added = Object.fromEntries(
        Object.entries(add).map(([name, by]) => [name, ((book as Record<string, number>)[name] ?? 0) + by]),
      );
      book = { ...book, ...set, ...added };
    };
    const vouch = (nowMs: number): void => {
      const { set, remove } = afterHealthy(book, 'm', nowMs);
      book = Object.fromEntries(Object.entries({ ...book, ...set }).filter(([name]) => !remove.includes(name)));
    };
    for (let i = 0; i < 3; i++) fail(0);
    expect(breakerState(book, 'm', 1).state).toBe('open');
    vouch(1);
    expect(breakerState(book, 'm', 1).state).toBe('half_open');
    fail(2);
    vouch(3);
    expect(breakerState(book, 'm', 3).state).toBe('open');
  });
  it('is told apart from what else is learned of a candidate', () => {
    const open = {
      'm!f': 3,
      'm!o': 9,
      ...learnMiss(() => undefined, 'm', { estimatedTokens: 100, actualTokens: 100 }),
    };
    const { set, remove } = afterHealthy(open, 'm', 1);
    expect(remove).toEqual(['m!o']);
    expect(cautionOf({ ...open, ...set }, 'm')).toBe(cautionOf(open, 'm'));
  });
  it('says nothing of a closed breaker', () => {
    expect(afterHealthy({}, 'm', 0)).toEqual({ add: {}, set: {}, remove: [] });
  });
});

describe('a model that is refused as unknown', () => {
  it('is asked again soon when its provider lists it', async () => {
    const world = await createWorld({ providers: [provider('alpha'), provider('beta')] });
    world.providers['alpha']!.script(['missing']);
    const by = await askEvery(world, 2 * SECOND, 4);
    expect(by).toEqual(['beta', 'beta', 'alpha', 'alpha']);
    expect(checks(world, 'alpha')).toBe(1);
  });
  it('rests for a day when its provider does not list it, and is checked once', async () => {
    const world = await createWorld({
      providers: [provider('alpha', { models: [{ id: 'other' }] }), provider('beta')],
    });
    const by = await askEvery(world, 60 * SECOND, 23 * 60);
    expect(new Set(by)).toEqual(new Set(['beta']));
    expect([chats(world, 'alpha'), checks(world, 'alpha')]).toEqual([1, 1]);
    await world.clock.advance(2 * HOUR);
    await world.ask();
    expect(chats(world, 'alpha')).toBe(2);
  });
  it('rests for ten minutes at a time where nobody can tell', async () => {
    const fault = {
      kind: 'raw',
      status: 404,
      headers: {},
      body: '{"error":{"message":"The model `m1` does not exist","code":"model_not_found"}}',
    } as const;
    const models = [{ id: 'm1', fault }];
    const world = await createWorld({
      providers: [provider('alpha', { models }), provider('beta')],
      entries: [
        toEntry('alpha', { priority: 10, baseUrl: 'http://alpha.test/v1/nowhere' }),
        toEntry('beta', { priority: 20 }),
      ],
    });
    const by = await askEvery(world, 30 * SECOND, 60);
    expect(new Set(by)).toEqual(new Set(['beta']));
    expect(
      world.providers['alpha']!.received().filter(({ path }) => path.endsWith('completions')).length,
    ).toBeLessThanOrEqual(4);
  });
});

describe('with a timer', () => {
  function createRig(specs: readonly FakeProviderSpec[], baseUrl?: string) {
    const clock = createFakeClock(START_MS);
    const fakes = Object.fromEntries(specs.map((spec) => [spec.name, createFakeProvider(spec, clock)]));
    const routes = Object.fromEntries(specs.map(({ name }) => [`http://${name}.test/v1`, fakes[name]!]));
    const network = createFakeUpstream(routes, clock);
    /** How many calls met a network that is down; null: it is up. */
    const down = { calls: null as number | null };
    const upstream: Upstream = {
      ...network,
      start: (call, listener) => {
        if (down.calls === null) return network.start(call, listener);
        down.calls++;
        const cancel = clock.schedule(5, () => listener.onError(new UpstreamError('network', 'ECONNREFUSED', false)));
        return { abort: cancel, pause: () => undefined, resume: () => undefined };
      },
    };
    const silent = (): void => undefined;
    const entries =
      specs.length === 1 && baseUrl !== undefined
        ? ['one', 'two', 'three'].map((name) => toEntry(name, { baseUrl, apiKey: `key-${name}` }))
        : specs.map(({ name }) => toEntry(name));
    const fleet = createFleet({ entries, providers: catalog, serves: () => true });
    const common = {
      clock,
      upstream,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      metrics: createMetrics(),
      fleet,
    };
    const ledger = createLedger({ ...common, store: createMemoryStore(clock), openSlices: createSlices });
    const closing = new AbortController();
    const health = createHealth({ ...common, ledger, closing: closing.signal });
    const fail = async (index: number, kind: 'network' | 'model_missing'): Promise<void> => {
      const reserved = await ledger.reserve(index, { requests: 1 }, { lastResort: true, mostUsd: 0 });
      if (!('reservation' in reserved)) throw new Error('refused');
      const outcome = {
        failure: { kind, message: 'x' },
        committed: false,
        usage: null,
        seenTokens: 0,
        limits: [],
        firstContentMs: null,
        ms: 1,
      };
      await ledger.settle(reserved.reservation, outcome);
    };
    return {
      clock,
      fakes,
      down,
      ledger,
      health,
      closing,
      fail,
      standing: (index: number) => ledger.standings(clock.now())[index]!,
    };
  }

  it('nothing goes on while all is well; a broken one is checked, half open early, and left alone', async () => {
    const { clock, fakes, ledger, health, fail, standing } = createRig([provider('alpha'), provider('beta')]);
    const looked = vi.spyOn(ledger.books, 'copy');
    for (let i = 0; i < 5; i++) expect(health.look()).toBeNull();
    expect([clock.pending(), looked.mock.calls.length]).toEqual([1, 0]);
    await clock.advance(2 * SECOND);
    expect([clock.pending(), looked.mock.calls.length > 0]).toEqual([0, true]);
    for (let i = 0; i < 5; i++) await fail(0, 'network');
    await clock.advance(SECOND);
    expect(health.look()).toBeNull();
    expect([clock.pending(), standing(0).breaker]).toEqual([1, 'open']);
    await clock.advance(2 * SECOND);
    expect(standing(0).breaker).toBe('half_open');
    expect(health.last(0)).toMatchObject({ outcome: 'healthy' });
    expect(clock.pending()).toBe(0);
    expect(fakes['alpha']!.received()).toHaveLength(1);
  });
  it('a provider out of reach is checked at least every 75 s, at most every 7.5, and back within that time', async () => {
    const { clock, fakes, down, health, fail, standing } = createRig([provider('alpha')]);
    down.calls = 0;
    for (let i = 0; i < 12; i++) {
      await fail(0, 'network');
      if (standing(0).breaker === 'open' && i < 11) await clock.advance(301 * SECOND);
    }
    for (let second = 0; second < 120; second++) {
      health.look();
      await clock.advance(SECOND);
    }
    expect(down.calls).toBeGreaterThanOrEqual(2);
    expect(down.calls).toBeLessThanOrEqual(5);
    expect([standing(0).breaker, health.last(0)?.outcome]).toEqual(['open', 'failed']);
    down.calls = null;
    // Without a check it would be open for 160 s more.
    await clock.advance(90 * SECOND);
    expect(standing(0).breaker).toBe('half_open');
    expect(fakes['alpha']!.received()).toHaveLength(1);
  });
  it('nothing is checked any more once nobody asks', async () => {
    const { clock, down, health, fail } = createRig([provider('alpha')]);
    down.calls = 0;
    for (let i = 0; i < 3; i++) await fail(0, 'network');
    health.look();
    await clock.advance(60 * 60 * SECOND);
    expect(down.calls).toBeLessThanOrEqual(2);
    expect(clock.pending()).toBe(0);
  });
  it('ends with the process', async () => {
    const { clock, health, closing, fail } = createRig([provider('alpha')]);
    for (let i = 0; i < 3; i++) await fail(0, 'network');
    health.look();
    expect(clock.pending()).toBe(1);
    closing.abort();
    expect(clock.pending()).toBe(0);
  });
  it('a model is gone for all keys only when a second one says so', async () => {
    const gone = createRig([provider('alpha', { models: [{ id: 'other' }] })], 'http://alpha.test/v1');
    await gone.fail(0, 'model_missing');
    gone.health.look();
    await gone.clock.advance(3 * SECOND);
    expect(gone.fakes['alpha']!.received()).toHaveLength(2);
    for (const index of [0, 1, 2])
      expect(gone.standing(index).restUntilMs - gone.clock.now()).toBeGreaterThan(23 * HOUR);

    const there = createRig([provider('alpha')], 'http://alpha.test/v1');
    await there.fail(0, 'model_missing');
    expect(there.standing(0).restUntilMs - there.clock.now()).toBe(600 * SECOND);
    there.health.look();
    await there.clock.advance(3 * SECOND);
    for (const index of [0, 1, 2]) expect(there.standing(index).restUntilMs).toBe(0);
  });
});
