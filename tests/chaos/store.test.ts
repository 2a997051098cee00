// A store that is away or throttled, and clocks that disagree: requests are answered all the same, and the provider's own books show by how much limits are passed.
import { describe, expect, it } from 'vitest';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import { createSparingStore } from '#lambda/store/sparing.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { createRandom } from '../fakes/random.ts';
import { createWorld, toEntry, type World } from '../gateway/harness.ts';

const SECOND = 1_000;
const LIMIT = 30;

/** A store's troubles: what an operation has to go through before it reaches the store. */
type Trouble = (clock: FakeClock) => Promise<void>;
const away: Trouble = async (clock) => {
  // As long as the DynamoDB store is patient.
  await clock.sleep(2 * SECOND);
  throw new StoreUnavailable('the store is away');
};
const random = createRandom(7);
const throttled: Trouble = async (clock) => {
  await clock.sleep(40);
  if (random() < 0.5) throw new StoreUnavailable('throttled');
};

interface Switch {
  trouble: Trouble | null;
}

const withTrouble =
  (troubles: Switch) =>
  (store: Store, clock: FakeClock): Store => {
    const through =
      <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        if (troubles.trouble !== null) await troubles.trouble(clock);
        return act(...args);
      };
    const troubled: Store = {
      ...store,
      get: through((key) => store.get(key)),
      batchGet: through((keys) => store.batchGet(keys)),
      put: through((key, item, expiresAtMs) => store.put(key, item, expiresAtMs)),
      update: through((update) => store.update(update)),
      delete: through((key) => store.delete(key)),
      query: through((pk, options) => store.query(pk, options)),
    };
    return createSparingStore(troubled, clock.now);
  };

const seconds = 60;
const providers = [
  // The provider admits everything and writes it down: what is measured is ourselves.
  { name: 'alpha', models: [{ id: 'm1', ttftMs: 20, tokensPerSecond: 1e6 }], keepEvents: 100_000 },
  { name: 'beta', models: [{ id: 'm1', ttftMs: 20, tokensPerSecond: 1e6 }] },
];
const entries = [
  toEntry('alpha', {
    priority: 10,
    pools: [{ models: ['m1'], scope: 'credential', unit: 'requests', max: LIMIT, clock: { kind: 'rolling', seconds } }],
  }),
  toEntry('beta', { priority: 20 }),
];

async function createInstances(
  count: number,
  { aheadMs = 0, troubles = { trouble: null } as Switch } = {},
): Promise<World[]> {
  const input = { providers, entries, toStore: withTrouble(troubles) };
  const first = await createWorld(input);
  const all = [first];
  while (all.length < count) all.push(await createWorld({ ...input, beside: first, aheadMs }));
  return all;
}

interface Asked {
  readonly statuses: ReadonlySet<number>;
  readonly slowestMs: number;
}

/** Every instance is asked twice a second: more than the limit allows, so that it is always used up. */
async function askFor(instances: readonly World[], forMs: number): Promise<Asked> {
  const [{ clock }] = instances as [World];
  const statuses = new Set<number>();
  let slowestMs = 0;
  const replies: Promise<unknown>[] = [];
  for (let at = 0; at < forMs; at += 500) {
    for (const instance of instances)
      replies.push(
        instance.begin({}).reply.then(({ status, ms }) => {
          statuses.add(status);
          slowestMs = Math.max(slowestMs, ms);
          return status;
        }),
      );
    await clock.advance(500);
  }
  await clock.runUntil(Promise.all(replies));
  return { statuses, slowestMs };
}

const mostInAMinute = ([first]: readonly World[]): number =>
  first!.providers['alpha']!.books().maxInAnyWindow(seconds * SECOND);

describe('the store', () => {
  it('in order: the limit is kept exactly', async () => {
    const instances = await createInstances(2);
    const { statuses } = await askFor(instances, 150 * SECOND);
    expect([...statuses]).toEqual([200]);
    expect(mostInAMinute(instances)).toBeLessThanOrEqual(LIMIT);
    expect(mostInAMinute(instances)).toBeGreaterThan(LIMIT * 0.8);
  });
  it.each([1, 2, 3])(
    'away for 30 s, %i instances: all are answered, and no limit is passed more than that many times',
    async (count) => {
      const troubles: Switch = { trouble: null };
      const instances = await createInstances(count, { troubles });
      const before = await askFor(instances, 5 * SECOND);
      troubles.trouble = away;
      const during = await askFor(instances, 30 * SECOND);
      troubles.trouble = null;
      const after = await askFor(instances, 130 * SECOND);
      expect([...new Set([...before.statuses, ...during.statuses, ...after.statuses])]).toEqual([200]);
      expect(during.slowestMs).toBeLessThan(5 * SECOND);
      expect(mostInAMinute(instances)).toBeLessThanOrEqual(LIMIT * (count + 1));
      expect(instances[0]!.metrics()).toMatch(/freeway_store_unavailable_total\{what="write"\} [1-9]/);
    },
  );
  it('throttled for 30 s, every second operation refused: the same bound', async () => {
    const troubles: Switch = { trouble: null };
    const instances = await createInstances(2, { troubles });
    await askFor(instances, SECOND);
    troubles.trouble = throttled;
    const during = await askFor(instances, 30 * SECOND);
    troubles.trouble = null;
    const after = await askFor(instances, 130 * SECOND);
    expect([...new Set([...during.statuses, ...after.statuses])]).toEqual([200]);
    expect(mostInAMinute(instances)).toBeLessThanOrEqual(LIMIT * 3);
    expect(during.slowestMs).toBeLessThan(SECOND);
  });
});

describe('clocks', () => {
  it.each([2_000, -2_000])('%i ms apart: the limit is kept exactly', async (aheadMs) => {
    const instances = await createInstances(2, { aheadMs });
    const { statuses } = await askFor(instances, 150 * SECOND);
    expect([...statuses]).toEqual([200]);
    expect(mostInAMinute(instances)).toBeLessThanOrEqual(LIMIT);
  });
});

describe('an instance killed in the middle of a stream', () => {
  it('gives back its place with its lease, and everybody is answered meanwhile', async () => {
    const place = {
      models: ['m1'] as string[],
      scope: 'credential',
      unit: 'concurrent',
      max: 1,
      clock: { kind: 'concurrent' },
    } as const;
    const entry = toEntry('alpha', { priority: 10, pools: [place] });
    const input = { providers, entries: [entry, toEntry('beta', { priority: 20 })] };
    const life: Switch = { trouble: null };
    const killed = await createWorld({ ...input, toStore: withTrouble(life) });
    const survivor = await createWorld({ ...input, beside: killed });
    const served = async (): Promise<string | undefined> =>
      (await survivor.ask({ stream: true })).headers['x-freeway-credential'];
    void killed.begin({ stream: true });
    // What its first call needs is still being loaded, for as long as a busy machine takes.
    const begun = async (): Promise<number> => {
      await killed.clock.advance(1);
      return killed.upstream.open();
    };
    await expect.poll(begun, { interval: 1, timeout: 30_000 }).toBe(1);
    // It never gets to settle.
    life.trouble = () => new Promise<never>(() => undefined);
    await killed.clock.advance(SECOND);
    expect(await served()).toBe('beta');
    await killed.clock.advance(9 * 60 * SECOND);
    expect(await served()).toBe('beta');
    await killed.clock.advance(60 * SECOND);
    expect(await served()).toBe('alpha');
    expect(await served()).toBe('alpha');
    expect(survivor.upstream.open()).toBe(0);
  });
});
