// What refusals teach: limits that nobody tells, and nothing where they come by chance.
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { planReserve, planSettle, pressureOf } from '#lambda/routing/pools.ts';
import { noOps, type Ops } from '#lambda/routing/pools-ops.ts';
import { createZoneClock } from '#lambda/routing/clocks.ts';
import {
  afterServed,
  afterUnexplained,
  afterWatch,
  takenIn,
  toCounted,
  toWatched,
  type Call,
} from '#lambda/routing/pools-refused.ts';
import { isWatched, poolsNow, untoldForMs, untoldLimit, watchedPools } from '#lambda/routing/pools-untold.ts';
import { createRandom } from '../fakes/random.ts';

const mark = 'm1';
const START_MS = Date.UTC(2026, 10, 23);
const write = (book: Item, ops: Ops): Item =>
  applyUpdate(book, { key: { pk: 'b', sk: 's' }, guards: [], ...ops }).item ?? {};

type LetsIn = (at: { readonly nowMs: number; readonly running: number; readonly lastSecond: number }) => boolean;

/** Calls by chance, so many a second, each of three quarters of one; refused ones come back at once. Answers the book after each refusal has been judged, counted from the first one on. */
function play(letsIn: LetsIn, { perSecond, seconds }: { perSecond: number; seconds: number }): Item {
  const random = createRandom(7);
  const calls: Call[] = [];
  let book: Item = write({}, toWatched({ mark, book: {}, nowMs: START_MS }));
  for (
    let nowMs = START_MS;
    nowMs < START_MS + seconds * 1_000;
    nowMs += 1 + Math.round(-Math.log(1 - random()) * (1_000 / perSecond))
  ) {
    const ended = ({ beganAtMs, refused }: Call): boolean => refused || beganAtMs + 750 <= nowMs;
    const known = calls.map((call) => ({
      ...call,
      endedAtMs: ended(call) ? (call.endedAtMs ?? call.beganAtMs + 750) : null,
    }));
    const letIn = known.filter(({ refused }) => !refused);
    const running = letIn.filter(({ endedAtMs }) => endedAtMs === null).length;
    const lastSecond = letIn.filter(({ beganAtMs }) => nowMs - beganAtMs < 1_000).length;
    const refused = !letsIn({ nowMs, running, lastSecond });
    const lastMinute = letIn.filter(({ beganAtMs }) => nowMs - beganAtMs < 60_000).length;
    const taken = { places: running, second: lastSecond, minute: lastMinute };
    const call: Call = { beganAtMs: nowMs, endedAtMs: refused ? nowMs : null, refused, taken };
    calls.push(call);
    book = write(book, untoldLimit(book, mark, nowMs) === null ? toCounted({ mark, book, nowMs }, call) : noOps);
    if (refused) book = write(book, afterUnexplained({ mark, book, nowMs, call, calls: [...known, call] }));
    if (calls.length > 2_000) calls.shift();
  }
  return book;
}

const lastMs = START_MS + 60_000;

describe('refusals', () => {
  it('of more calls at once than there are places teach how many there are', () => {
    const book = play(({ running }) => running < 5, { perSecond: 12, seconds: 60 });
    expect(untoldLimit(book, mark, lastMs)).toMatchObject({ measure: 'places', max: 5, proven: 5 });
  });

  it('of more calls in a second than are let in teach how many those are', () => {
    const book = play(({ lastSecond }) => lastSecond < 10, { perSecond: 15, seconds: 60 });
    expect(untoldLimit(book, mark, lastMs)).toMatchObject({ measure: 'second', max: 10 });
  });

  it.each([0.01, 0.05, 0.2])('by chance teach nothing, %s of them', (share) => {
    const random = createRandom(3);
    const book = play(() => random() >= share, { perSecond: 20, seconds: 60 });
    expect(untoldLimit(book, mark, lastMs)).toBeNull();
  });
});

describe('a learned limit', () => {
  const learned = play(({ running }) => running < 5, { perSecond: 12, seconds: 60 });
  const candidate = { pools: [], mark };

  it('is a pool like any other, that stands as full as its places are taken', () => {
    const [pool, ...more] = poolsNow(candidate, learned, lastMs);
    expect(more).toEqual([]);
    expect(pool).toMatchObject({ unit: 'concurrent', max: 5, clock: { kind: 'concurrent' } });
    const taken = { ...learned, [`${pool?.key}:0`]: lastMs + 1_000 };
    expect(pressureOf(pool ? [pool] : [], { book: taken, nowMs: lastMs, zones: createZoneClock() })).toBe(0.2);
  });

  it('adds nothing to candidates that have learned nothing', () => {
    expect(poolsNow(candidate, { other: 1 }, lastMs)).toBe(candidate.pools);
  });

  it('is forgotten when it has refused nothing for a day', () => {
    const { foundAtMs = 0 } = untoldLimit(learned, mark, lastMs) ?? {};
    expect(untoldLimit(learned, mark, foundAtMs + untoldForMs)).not.toBeNull();
    expect(poolsNow(candidate, learned, foundAtMs + untoldForMs + 1)).toBe(candidate.pools);
  });

  it('is tried again where it is full, ever more of it as long as that goes well, until there is none', () => {
    const maxes: number[] = [];
    let book = learned;
    let nowMs = lastMs;
    for (; untoldLimit(book, mark, nowMs) !== null; nowMs += 5_000) {
      const { max = 0 } = untoldLimit(book, mark, nowMs) ?? {};
      if (maxes.at(-1) !== max) maxes.push(max);
      expect(afterServed({ mark, book, nowMs }, max - 1).set).toEqual({});
      book = write(book, afterServed({ mark, book, nowMs }, max));
    }
    expect(maxes).toEqual([5, 6, 8, 10, 13, 16, 20, 25]);
    expect(nowMs - lastMs).toBeLessThan(6 * 60_000);
    expect(Object.keys(book)).toEqual(['!2']);
  });

  it('goes back to what is proven with the first call that is refused of more, and is left alone for longer', () => {
    const { raiseAtMs = 0 } = untoldLimit(learned, mark, lastMs) ?? {};
    const tried = write(learned, afterServed({ mark, book: learned, nowMs: raiseAtMs }, 5));
    expect(untoldLimit(tried, mark, raiseAtMs)).toMatchObject({ max: 6, proven: 5 });
    const began = (beganAtMs: number): Call => ({ beganAtMs, endedAtMs: null, refused: false, taken: null });
    const nowMs = raiseAtMs + 600;
    const call: Call = { ...began(nowMs - 40), endedAtMs: nowMs, refused: true };
    const calls = [...[1, 2, 3, 4, 5].map((at) => began(raiseAtMs + at)), call];
    const back = write(tried, afterUnexplained({ mark, book: tried, nowMs, call, calls }));
    expect(untoldLimit(back, mark, nowMs)).toMatchObject({ max: 5, proven: 5 });
    expect(untoldLimit(back, mark, nowMs)?.raiseAtMs).toBeGreaterThan(nowMs + 15_000);
  });
});

describe('what all instances count', () => {
  const watched = write({ other: 1 }, toWatched({ mark, book: {}, nowMs: START_MS }));
  const call = (places: number, refused: boolean): Call => ({
    beganAtMs: START_MS + 70_000,
    endedAtMs: START_MS + 70_000,
    refused,
    taken: { places, second: 3, minute: 3 },
  });
  const count = (book: Item, calls: readonly Call[]): Item =>
    calls.reduce((known, one) => write(known, toCounted({ mark, book: known, nowMs: one.beganAtMs }, one)), book);
  const judge = (book: Item, nowMs: number): Item =>
    write(book, afterUnexplained({ mark, book, nowMs, call: call(9, true), calls: [] }));

  const reserveIn = (book: Item, nowMs: number) =>
    planReserve({
      pools: watchedPools(mark, book, nowMs),
      mark,
      book,
      nowMs,
      need: { requests: 1 },
      lastResort: false,
      caution: 1,
      leaseMs: 1_000,
      random: 0,
      zones: createZoneClock(),
    });

  it('begins with a refusal, and not again for a while', () => {
    const [minutes3, minutes12, minutes14] = [3, 12, 14].map((minutes) => START_MS + minutes * 60_000);
    expect(isWatched(watched, mark, (minutes3 ?? 0) - 1)).toBe(true);
    expect(isWatched(watched, mark, minutes3 ?? 0)).toBe(false);
    expect(toWatched({ mark, book: watched, nowMs: minutes12 ?? 0 })).toEqual(noOps);
    expect(
      isWatched(write(watched, toWatched({ mark, book: watched, nowMs: minutes14 ?? 0 })), mark, minutes14 ?? 0),
    ).toBe(true);
  });

  it('is pools that hold nobody back, however full', () => {
    const book = {
      ...watched,
      ...Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`${mark}!j:${at}`, START_MS + 600_000])),
    };
    const nowMs = START_MS + 1_000;
    const plan = reserveIn(book, nowMs);
    expect(plan).toMatchObject({ kind: 'write', hold: { charges: [{ kind: 'rolling' }, { kind: 'rolling' }] } });
  });

  it('of a minute says nothing before a minute is over', () => {
    const taken = (nowMs: number): readonly string[] =>
      Object.keys(takenIn(mark, { book: watched, nowMs, zones: createZoneClock() }));
    expect(taken(START_MS + 1_000)).toEqual([]);
    expect(taken(START_MS + 6_000)).toEqual(['places', 'second']);
    expect(taken(START_MS + 61_000)).toEqual(['places', 'second', 'minute']);
  });

  it('ends where so much is counted that a limit would have shown, and leaves nothing behind', () => {
    const mixed = Array.from({ length: 400 }, (_, at) => call(at % 5, at % 2 === 0));
    const nowMs = START_MS + 80_000;
    const book = count(watched, mixed);
    expect(judge(book, nowMs)).toEqual(book);
    const over = write(book, afterWatch({ mark, book, nowMs }));
    expect(isWatched(over, mark, nowMs)).toBe(false);
    expect(Object.keys(over)).toEqual(['other', `${mark}!2`, '!2']);
    expect(afterWatch({ mark, book: over, nowMs: nowMs + 1 })).toEqual(noOps);
    expect(toWatched({ mark, book: over, nowMs: nowMs + 9 * 60_000 })).toEqual(noOps);
  });

  it('is counted of one candidate of a book at a time', () => {
    const other = (nowMs: number): Ops => toWatched({ mark: 'm2', book: watched, nowMs });
    expect(other(START_MS + 170_000)).toEqual(noOps);
    expect(other(START_MS + 180_000)).not.toEqual(noOps);
  });

  it('is swept once its time is over', () => {
    const nowMs = START_MS + 61_000;
    const plan = reserveIn(watched, nowMs);
    if (plan.kind !== 'write') throw new Error('blocked');
    const settled = planSettle({ hold: plan.hold, actual: null, nowMs });
    const book = count(write(write(watched, plan), settled), [call(1, false)]);
    expect(Object.keys(book).length).toBeGreaterThan(6);
    expect(afterWatch({ mark, book, nowMs })).toEqual(noOps);
    const swept = write(book, afterWatch({ mark, book, nowMs: START_MS + 181_000 }));
    expect(Object.keys(swept)).toEqual(['other', `${mark}!2`, '!2']);
  });

  it('shows another limit where the first one found was in vain', () => {
    const clear = [
      ...Array.from({ length: 20 }, () => call(6, true)),
      ...Array.from({ length: 20 }, () => call(1, false)),
    ];
    const nowMs = START_MS + 80_000;
    const vain = write(watched, { ...noOps, set: { [`${mark}!i`]: START_MS } });
    expect(untoldLimit(judge(count(watched, clear), nowMs), mark, nowMs)).toMatchObject({ measure: 'places', max: 6 });
    expect(untoldLimit(judge(count(vain, clear), nowMs), mark, nowMs)).toBeNull();
    const inSecond = clear.map((one) => ({ ...one, taken: { places: 1, second: one.refused ? 6 : 1, minute: 3 } }));
    expect(untoldLimit(judge(count(vain, inSecond), nowMs), mark, nowMs)).toMatchObject({ measure: 'second', max: 6 });
  });
});
