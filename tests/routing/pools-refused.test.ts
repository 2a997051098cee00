// What refusals teach: limits that nobody tells, and nothing where they come by chance.
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { pressureOf } from '#lambda/routing/pools.ts';
import type { Ops } from '#lambda/routing/pools-ops.ts';
import { createZoneClock } from '#lambda/routing/clocks.ts';
import { afterServed, afterUnexplained, type Call } from '#lambda/routing/pools-refused.ts';
import { poolsNow, untoldForMs, untoldLimit } from '#lambda/routing/pools-untold.ts';
import { createRandom } from '../fakes/random.ts';

const mark = 'm1';
const START_MS = Date.UTC(2026, 10, 23);
const write = (book: Item, ops: Ops): Item =>
  applyUpdate(book, { key: { pk: 'b', sk: 's' }, guards: [], ...ops }).item ?? {};

type LetsIn = (at: { readonly nowMs: number; readonly running: number; readonly lastSecond: number }) => boolean;

/** Calls by chance, so many a second, each of half a second to a second; refused ones come back at once. Answers the book after each refusal has been judged. */
function play(letsIn: LetsIn, { perSecond, seconds }: { perSecond: number; seconds: number }): Item {
  const random = createRandom(7);
  const calls: Call[] = [];
  let book: Item = {};
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
    const call: Call = { beganAtMs: nowMs, endedAtMs: refused ? nowMs : null, refused, taken: null };
    calls.push(call);
    if (refused) book = write(book, afterUnexplained({ mark, book, nowMs, call, calls: [...known, call] }));
    if (calls.length > 200) calls.shift();
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
    expect(Object.keys(book)).toEqual([]);
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
