// Standings kept up to date piece by piece say the same as standings made anew.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBooks, type Books } from '#lambda/gateway/books.ts';
import { recoveryMs } from '#lambda/routing/breaker.ts';
import { createStandings, type Standings } from '#lambda/gateway/standings.ts';
import { createZoneClock } from '#lambda/routing/clocks.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { toPool } from '../routing/pools-world.ts';

const perMinute = toPool('minute', { unit: 'requests', max: 10, clock: { kind: 'refill', seconds: 60 } });
const perDay = toPool('day', { unit: 'tokens', max: 1_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });
const candidates = [
  toCandidate({ credential: 'a', modelId: 'x', credentialId: 'a', book: 'one', mark: 'ax', pools: [perMinute] }),
  toCandidate({ credential: 'a', modelId: 'y', credentialId: 'a', book: 'one', mark: 'ay', pools: [perMinute] }),
  toCandidate({
    credential: 'a',
    modelId: 'z',
    credentialId: 'a',
    book: 'one',
    mark: 'az',
    pools: [perMinute, perDay],
  }),
  toCandidate({ credential: 'b', modelId: 'x', credentialId: 'b', book: 'b', mark: 'bx' }),
];

interface World {
  readonly clock: FakeClock;
  readonly books: Books;
  readonly standings: Standings;
  /** Writes into a book; `null` removes. */
  readonly write: (book: string, changes: Readonly<Record<string, number | null>>) => Promise<unknown>;
  /** Standings made anew from the same books. */
  readonly anew: () => unknown;
  readonly read: () => unknown;
}

function createWorld(among = candidates): World {
  const clock = createFakeClock();
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const metrics = {
    count: () => undefined,
    gauge: () => undefined,
    forgetGauges: () => undefined,
    observe: () => undefined,
    render: () => '',
  };
  const books = createBooks({
    store: createMemoryStore({ now: clock.now }),
    clock,
    log: silent,
    metrics,
    staleAfterMs: () => 1_000,
    batchSize: 10,
  });
  const deps = { candidates: among, books, zones: createZoneClock() };
  const standings = createStandings(deps);
  const plain = (of: Standings): unknown => structuredClone(of.read(clock.now()));
  return {
    clock,
    books,
    standings,
    write: (book, changes) => {
      const set = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null)) as Record<
        string,
        number
      >;
      const remove = Object.keys(changes).filter((name) => changes[name] === null);
      return books.update(book, { guards: [], add: {}, set, remove, lasting: false });
    },
    anew: () => plain(createStandings(deps)),
    read: () => plain(standings),
  };
}

const dayAttr = (nowMs: number): string => `day:${(Math.floor(nowMs / 86_400_000) * 86_400).toString(36)}`;

describe('standings', () => {
  it('hold every write at once', async () => {
    const attr = fc.constantFrom(
      'minute',
      'day',
      'ax!r',
      'ay!r',
      '*!r',
      'ay!q',
      'az!e',
      'ax!f',
      'ax!o',
      'ax!b',
      'bx!q',
      'minute!m',
    );
    const value = fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: null });
    const act = fc.record({ book: fc.constantFrom('one', 'a', 'b'), attr, value });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
        const world = createWorld();
        world.read();
        for (const { book, attr: name, value: number } of acts) {
          const nowMs = world.clock.now();
          const isTime = name === 'minute' || /![rob]$/.test(name);
          const known = name === 'day' ? dayAttr(nowMs) : name;
          await world.write(book, { [known]: number === null ? null : isTime ? nowMs + number : number % 100 });
          expect(world.read()).toEqual(world.anew());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('see what time frees a quarter of a second later', async () => {
    const world = createWorld();
    await world.write('one', { minute: world.clock.now() + 40_000 });
    world.read();
    await world.clock.advance(20_000);
    expect(world.read()).toEqual(world.anew());
    expect(world.standings.read(world.clock.now())[0]?.pressure).toBeCloseTo(20 / 60);
  });

  it('see what time does to those that are hardly used within some looks, few at each, whoever comes first', async () => {
    const many = Array.from({ length: 18 }, (_, index) =>
      toCandidate({ credentialId: `c${index}`, book: `c${index}`, mark: `c${index}`, pools: [perDay] }),
    );
    const world = createWorld(many);
    const startMs = world.clock.now();
    const overdrafts = (): readonly (number | null)[] =>
      world.standings.read(world.clock.now()).map(({ overdraft }) => overdraft);
    const [first] = overdrafts();
    await world.clock.advance(3_600_000);
    const renewed: number[] = [];
    for (let look = 0; look < 6; look++) {
      renewed.push(overdrafts().filter((overdraft) => overdraft !== first).length);
      await world.clock.advance(300);
    }
    expect(startMs % 86_400_000).toBeLessThan(80_000_000);
    expect(renewed).toEqual([4, 8, 12, 16, 18, 18]);
  });

  it('see an open breaker become half open', async () => {
    const world = createWorld();
    await world.write('one', { 'ay!f': 3, 'ay!o': world.clock.now() + 5_000 });
    expect(world.standings.read(world.clock.now())[1]?.breaker).toBe('open');
    await world.clock.advance(5_001);
    expect(world.standings.read(world.clock.now())[1]?.breaker).toBe('half_open');
  });

  it('see a recovery begin and end', async () => {
    const world = createWorld();
    const recoveredAtMs = world.clock.now();
    await world.write('one', { 'ay!f': 2, 'ay!b': recoveredAtMs });
    expect(world.standings.read(world.clock.now())[1]).toMatchObject({ breaker: 'recovering', recoveredAtMs });
    await world.clock.advance(recoveryMs);
    expect(world.standings.read(world.clock.now())[1]).toMatchObject({ breaker: 'closed', recoveredAtMs: 0 });
  });

  it("give a credential's rest to all of its candidates and nobody else", async () => {
    const world = createWorld();
    world.read();
    const untilMs = world.clock.now() + 9_000;
    await world.write('a', { '*!r': untilMs });
    const rests = world.standings.read(world.clock.now()).map(({ restUntilMs }) => restUntilMs);
    expect(rests).toEqual([untilMs, untilMs, untilMs, 0]);
  });

  it('count calls in flight without forgetting what the books say', async () => {
    const world = createWorld();
    await world.write('one', { 'ax!q': 2 });
    world.read();
    world.standings.started(0, {});
    world.standings.started(1, {});
    world.standings.ended(0, { ok: false, firstContentMs: 100 });
    const [first, second] = world.standings.read(world.clock.now());
    expect(first).toMatchObject({ inFlight: 0, lastUsed: 1, latencyMs: 100, availability: 0.8, ratio: 2 });
    expect(second).toMatchObject({ inFlight: 1, lastUsed: 2, latencyMs: null });
  });
});
