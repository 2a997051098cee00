// What an instance wrote while its clock was days ahead: nothing of it waits for that time once the clock is right again.
import { describe, expect, it } from 'vitest';
import { createBooks, type Books } from '#lambda/gateway/books.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import type { Chaos } from '../fakes/provider/spec.ts';
import { START_MS, createWorld, toEntry, type World } from './harness.ts';

const DAYS = 2 * 86_400_000;
const MINUTE = 60_000;
const SPEC = { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 100_000 }] };

/** One world by two clocks: as it was set wrong, and as it is after it was set right and the server was started again. */
async function createWorlds(
  pools: NonNullable<ProviderEntry['pools']>,
  chaos: readonly Chaos[] = [],
): Promise<{ readonly right: World; readonly wrong: World }> {
  const providers = [{ ...SPEC, chaos }];
  const entries = [toEntry('alpha', { pools })];
  const right = await createWorld({ providers, entries });
  return { right, wrong: await createWorld({ providers, entries, beside: right, aheadMs: DAYS }) };
}

const ask = async (world: World): Promise<number> => (await world.ask({ freeway: { max_wait_ms: 0 } })).status;
async function statuses(world: World, count: number): Promise<number[]> {
  const all: number[] = [];
  for (let asked = 0; asked < count; asked++) all.push(await ask(world));
  return all;
}

describe('limits that were used while the clock was two days ahead', () => {
  it.each([
    ['refill', { kind: 'refill', seconds: 60 }],
    ['session', { kind: 'session', seconds: 60 }],
    ['rolling', { kind: 'rolling', seconds: 60 }],
  ] as const)('%s: are back after their own time, and not before', async (_kind, clock) => {
    const { right, wrong } = await createWorlds([
      { models: ['m1'], unit: 'requests', scope: 'credential', max: 4, clock },
    ]);
    expect((await statuses(wrong, 5)).filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
    if (clock.kind !== 'rolling') expect(await ask(right)).toBe(503);
    await right.clock.advance(2 * MINUTE);
    expect(await statuses(right, 3)).toEqual([200, 200, 200]);
  });
});

describe('rests', () => {
  it('that were noted by a clock two days ahead end as soon as they would have', async () => {
    const schedule = { everyMs: 10 * DAYS, forMs: 1_000 };
    const { right, wrong } = await createWorlds([], [{ fault: '429-after-20', schedule }]);
    expect(await ask(wrong)).toBe(503);
    expect(await ask(right)).toBe(503);
    await right.clock.advance(2 * MINUTE);
    expect(await ask(right)).toBe(200);
  });
});

describe('a book', () => {
  function createBook(): { readonly books: Books; readonly set: (aheadMs: number) => void } {
    const clock = createFakeClock(START_MS);
    let aheadMs = 0;
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const metrics = {
      count: () => undefined,
      gauge: () => undefined,
      forgetGauges: () => undefined,
      observe: () => undefined,
      render: () => '',
    };
    const books = createBooks({
      store: createMemoryStore(clock),
      clock: { ...clock, now: () => clock.now() + aheadMs },
      log: silent,
      metrics,
      staleAfterMs: () => 1_000,
      batchSize: 10,
    });
    return { books, set: (ms) => (aheadMs = ms) };
  }
  const write = (books: Books, set: Record<string, number>): ReturnType<Books['update']> =>
    books.update('one', { guards: [], add: {}, set, remove: [], lasting: false });

  it('that is written to when the clock is right again brings its times back with it, and nothing else', async () => {
    const { books, set } = createBook();
    set(DAYS);
    await write(books, { rest: START_MS + DAYS + MINUTE, before: START_MS - MINUTE, count: 7 });
    set(0);
    const { item } = await write(books, { more: 1 });
    expect(item).toMatchObject({ rest: START_MS + MINUTE, before: START_MS - MINUTE, count: 7, more: 1 });
  });

  it('by a clock that is only some seconds ahead stays as it is', async () => {
    const { books, set } = createBook();
    set(9_000);
    await write(books, { rest: START_MS + MINUTE });
    set(0);
    expect((await write(books, { more: 1 })).item).toMatchObject({ rest: START_MS + MINUTE });
  });
});
