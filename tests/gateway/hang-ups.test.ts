// Callers who hang up at any moment of any kind of call, many at once: providers are left, nothing is asked for nobody, and the books say what the provider says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surfaces, type SurfaceName } from '../../scripts/wall/surfaces.ts';
import type { Store } from '#lambda/ports.ts';
import type { FakeClock } from '../fakes/clock.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Call, type World } from './harness.ts';

const HOUR = 3_600;
const names = ['alpha', 'beta'] as const;
/** So many calls at once, so that some wait for their turn. */
const PLACES = 3;
const STORE_MS = 40;

const specOf = (name: string, faults: readonly string[]): FakeProviderSpec => ({
  name,
  keepRequests: 5_000,
  wordsPerChunk: 6,
  models: [
    { id: 'm1', ttftMs: 200, tokensPerSecond: 200 },
    { id: 'e1', kind: 'embedding', ttftMs: 200 },
  ],
  chaos: faults.map((fault) => ({ fault, share: 0.3 / faults.length, models: ['m1'] })),
  limits: [{ models: ['*'], unit: 'concurrent', max: PLACES, clock: { kind: 'held' } }],
});

const rolling = { kind: 'rolling' as const, seconds: HOUR };

/** A store whose answers take a while, in which callers leave, too. */
function slow(store: Store, { sleep }: FakeClock, pace: { readonly isSlow: boolean }): Store {
  const late =
    <T extends unknown[], R>(ask: (...given: T) => Promise<R>) =>
    async (...given: T): Promise<R> => {
      if (pace.isSlow) await sleep(STORE_MS);
      return ask(...given);
    };
  return { ...store, update: late(store.update), batchGet: late(store.batchGet) };
}

async function createPair(faults: readonly string[]): Promise<{ world: World; pace: { isSlow: boolean } }> {
  const pace = { isSlow: false };
  const model = { context: 131_072, maxOutput: 8_192, size: 'large' as const };
  const world = await createWorld({
    providers: names.map((name) => specOf(name, faults)),
    entries: names.map((name) =>
      toEntry(name, {
        models: [
          { ...model, id: 'm1', kind: 'chat', capabilities: ['tools'] },
          { id: 'e1', kind: 'embedding', batch: { inputs: 2 } },
        ],
        pools: [
          { models: ['*'], scope: 'credential', unit: 'concurrent', max: PLACES, clock: { kind: 'concurrent' } },
          { models: ['*'], scope: 'credential', unit: 'requests', max: 5_000, clock: rolling },
        ],
      }),
    ),
    env: { FREEWAY_HEALTH_CHECKS: 'off' },
    toStore: (store, clock) => slow(store, clock, pace),
  });
  return { world, pace };
}

/** One call, when it begins, and when its caller leaves, ms after that. */
interface Plan {
  readonly kind: SurfaceName | 'embeddings';
  readonly stream: boolean;
  readonly atMs: number;
  readonly leavesMs: number;
}

function begin(world: World, { kind, stream }: Plan): Call {
  const mode = stream ? 'sse' : 'json';
  if (kind === 'embeddings')
    return world.begin({ messages: undefined, model: 'e1', input: ['a', 'b', 'c', 'd', 'e'] }, {}, '/v1/embeddings');
  const { path, body } = surfaces[kind];
  return world.begin({ messages: undefined, ...body('m1', mode) }, {}, path('m1', mode));
}

interface PoolTold {
  readonly unit: string;
  readonly used: number;
}

/** What the gateway thinks is used of a unit, by credential. */
async function usedOf(world: World, unit: string): Promise<Record<string, number>> {
  const reply = await world.ask({}, {}, '/v1/explain');
  const { candidates } = reply.json() as unknown as {
    candidates: { credential: string; pools: readonly PoolTold[] }[];
  };
  return Object.fromEntries(
    candidates.map(({ credential, pools }) => [credential, pools.find((pool) => pool.unit === unit)?.used ?? -1]),
  );
}

const plans = fc.array(
  fc.record({
    kind: fc.constantFrom('chat', 'messages', 'responses', 'gemini', 'embeddings'),
    stream: fc.boolean(),
    atMs: fc.integer({ min: 0, max: 4_000 }),
    leavesMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 6_000 })),
  }),
  { minLength: 5, maxLength: 60 },
);
/** Some stay to the end. */
const mixed = fc
  .tuple(plans, fc.nat(9))
  .map(([all, every]) =>
    all.map((plan, index) => (every > 0 && index % every === 0 ? { ...plan, leavesMs: Infinity } : plan)),
  );

async function play(world: World, all: readonly Plan[]): Promise<void> {
  const moments = all.flatMap((plan, index) => [
    { atMs: plan.atMs, index, leaves: false },
    ...(plan.leavesMs === Infinity ? [] : [{ atMs: plan.atMs + plan.leavesMs, index, leaves: true }]),
  ]);
  const calls = new Map<number, Call>();
  let nowMs = 0;
  const staying = new Set(all.keys());
  for (const { atMs, index, leaves } of moments.toSorted((a, b) => a.atMs - b.atMs)) {
    if (atMs > nowMs) await world.clock.advance(atMs - nowMs);
    nowMs = Math.max(nowMs, atMs);
    if (leaves) {
      calls.get(index)?.hangUp();
      staying.delete(index);
    } else {
      const call = begin(world, all[index]!);
      calls.set(index, call);
      void call.reply.then(() => staying.delete(index));
    }
    // As soon as nobody is there, nobody is asked.
    if (staying.size === 0) expect(world.upstream.open()).toBe(0);
  }
  const started = world.upstream.started();
  const isEmpty = staying.size === 0;
  const replies = await world.clock.runUntil(Promise.all([...calls.values()].map(({ reply }) => reply)));
  if (isEmpty) expect(world.upstream.started()).toBe(started);
  for (const { status, text } of replies) expect([status, text.includes('"internal"')]).not.toEqual([500, true]);
}

async function expectSquare(world: World, count: number): Promise<void> {
  expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
  expect(await world.records()).toHaveLength(count);
  for (const [name, used] of Object.entries(await usedOf(world, 'concurrent'))) expect([name, used]).toEqual([name, 0]);
  const requests = await usedOf(world, 'requests');
  for (const name of names) {
    const { accepted, limited, maxConcurrent } = world.providers[name]!.books().total();
    expect([name, requests[name], limited]).toEqual([name, accepted, 0]);
    expect(maxConcurrent).toBeLessThanOrEqual(PLACES);
  }
}

async function playOnce(faults: readonly string[], all: readonly Plan[]): Promise<World> {
  const { world, pace } = await createPair(faults);
  pace.isSlow = true;
  await play(world, all);
  pace.isSlow = false;
  await expectSquare(world, all.length);
  return world;
}

it.each([1, 60, 90])('nobody is asked for callers who leave after %i ms, while places are booked', async (leavesMs) => {
  const plan: Plan = { kind: 'chat', stream: true, atMs: 0, leavesMs };
  const world = await playOnce(
    [],
    Array.from({ length: 5 }, () => plan),
  );
  expect(world.upstream.started()).toBe(0);
});

describe.each([
  ['that answer', []],
  ['that fail now and then', ['cut-3', 'stall-4', '503', 'late-8000', 'error-mid-2', 'silent']],
])('callers who leave providers %s', (_, faults) => {
  const property = fc.asyncProperty(mixed, async (all) => void (await playOnce(faults, all)));
  it.each([
    ['of a known seed', { numRuns: 15, seed: 7 }],
    ['of any seed', { numRuns: 6 }],
  ])('leave nothing behind, %s', (__, parameters) => fc.assert(property, parameters));
});
