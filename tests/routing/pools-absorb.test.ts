// What replies say about limits: which pool they mean, what is believed, and how use by others is counted.
import { describe, expect, it } from 'vitest';
import type { Item } from '#shared/items.ts';
import { absorbLimits, planSettle, viewPool } from '#lambda/routing/pools.ts';
import { learnedForMs } from '#lambda/routing/pools-learned.ts';
import type { LimitReport } from '#lambda/routing/pools-absorb.ts';
import type { BoundPool } from '#lambda/routing/types.ts';
import { plan, reserve, toPool, write, zones } from './pools-world.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const perMinute = toPool('rpm', { unit: 'requests', max: 30, clock: { kind: 'rolling', seconds: 60 } });
const perDay = toPool('rpd', { unit: 'requests', max: 1000, clock: { kind: 'refill', seconds: 86_400 } });
const tokens = toPool('tpm', { unit: 'tokens', max: 8000, clock: { kind: 'refill', seconds: 60 } });
const calendarDay = toPool('cal', {
  unit: 'requests',
  max: 20,
  clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
});
const pools = [perMinute, perDay, tokens];

const report = (partial: Partial<LimitReport>): LimitReport => ({
  unit: 'requests',
  period: 'day',
  limit: null,
  remaining: null,
  from: 'header',
  ...partial,
});
const absorb = (
  observed: LimitReport[],
  { book = null, among = pools, at = nowMs }: { book?: Item | null; among?: BoundPool[]; at?: number } = {},
) => absorbLimits({ pools: among, observed, settled: null, book, nowMs: at, zones });
const view = (pool: BoundPool, book: Item | null, at = nowMs) => viewPool({ pool, book, nowMs: at, need: {}, zones });
const nothing = { add: {}, set: {}, remove: [], quarantined: [] };

describe('learned limits', () => {
  it('replace the configured one for a week', () => {
    const book = write(null, absorb([report({ limit: 14_400 })]));
    expect(book).toEqual({ 'rpd!m': 14_400, 'rpd!t': nowMs, 'rpd!s': 'header' });
    expect(view(perDay, book).max).toBe(14_400);
    expect(view(perDay, book, nowMs + learnedForMs).max).toBe(14_400);
    expect(view(perDay, book, nowMs + learnedForMs + 1).max).toBe(1000);
    expect(view(perMinute, book).max).toBe(30);
  });

  it('bind reservations', () => {
    const book = write(null, absorb([report({ unit: 'tokens', period: 'minute', limit: 6000 })]));
    expect(plan(pools, book, { nowMs, need: { tokens: 7000 } })).toMatchObject({
      kind: 'blocked',
      pool: tokens,
      waitMs: Infinity,
    });
    expect(plan(pools, null, { nowMs, need: { tokens: 7000 } }).kind).toBe('write');
  });

  it.each<[string, Partial<LimitReport>, Item, boolean]>([
    ['nothing new', { limit: 1000 }, {}, false],
    ['an unknown limit', { limit: null }, {}, false],
    ['the same again within a day', { limit: 500 }, { 'rpd!m': 500, 'rpd!t': nowMs - 1000, 'rpd!s': 'header' }, false],
    [
      'the same again after a day',
      { limit: 500 },
      { 'rpd!m': 500, 'rpd!t': nowMs - 86_400_000, 'rpd!s': 'header' },
      true,
    ],
    [
      'the configured one again after another',
      { limit: 1000 },
      { 'rpd!m': 500, 'rpd!t': nowMs - 1000, 'rpd!s': 'header' },
      true,
    ],
    [
      'an error text against a header',
      { limit: 900, from: 'body' },
      { 'rpd!m': 500, 'rpd!t': nowMs - 1000, 'rpd!s': 'header' },
      false,
    ],
    [
      'an error text against a header of long ago',
      { limit: 900, from: 'body' },
      { 'rpd!m': 500, 'rpd!t': 5, 'rpd!s': 'header' },
      true,
    ],
    ['a header against an error text', { limit: 900 }, { 'rpd!m': 500, 'rpd!t': nowMs - 1000, 'rpd!s': 'body' }, true],
  ])('on %s', (_name, told, book, learns) => {
    const { set } = absorb([report(told)], { book });
    expect(set).toEqual(learns ? { 'rpd!m': told.limit, 'rpd!t': nowMs, 'rpd!s': told.from ?? 'header' } : {});
  });

  it('of 0 tell that the provider does not serve this', () => {
    expect(absorb([report({ period: 'minute', limit: 0, remaining: 0 })])).toEqual({
      ...nothing,
      quarantined: [perMinute],
    });
  });
});

describe('which pool a report means', () => {
  const other = toPool('other', { unit: 'tokens', max: 500, clock: { kind: 'rolling', seconds: 60 } });
  it.each<[string, Partial<LimitReport>, BoundPool[], string | null]>([
    ['unit and period', { unit: 'tokens', period: 'minute', limit: 7 }, pools, 'tpm'],
    ['a calendar day', { limit: 7 }, [perMinute, calendarDay], 'cal'],
    ['no pool of that period', { period: 'hour', limit: 7 }, pools, null],
    ['the only one of its unit', { unit: 'tokens', period: 'unknown', limit: 7 }, pools, 'tpm'],
    ['one of several of its unit', { period: 'unknown', limit: 7 }, pools, null],
    [
      'one of two alike, told by its limit',
      { unit: 'tokens', period: 'minute', limit: 500, remaining: 0 },
      [tokens, other],
      'other',
    ],
    [
      'one of two alike, not to be told',
      { unit: 'tokens', period: 'minute', limit: 7, remaining: 0 },
      [tokens, other],
      null,
    ],
  ])('by %s', (_name, told, among, found) => {
    const { set, add } = absorb([report(told)], { among });
    const touched = [...new Set([...Object.keys(set), ...Object.keys(add)].map((name) => name.split(/[!:+]/)[0]))];
    expect(touched).toEqual(found === null ? [] : [found]);
  });
});

describe('use by others', () => {
  const cases: [BoundPool, Partial<LimitReport>][] = [
    [perMinute, { period: 'minute', limit: 30, remaining: 12 }],
    [perDay, { period: 'day', limit: 1000, remaining: 982 }],
    [calendarDay, { period: 'day', limit: 20, remaining: 2 }],
  ];
  it.each(cases)('is counted into $key, once', (pool, told) => {
    const { book } = reserve([pool], null, { nowMs, need: {} });
    const raised = write(book, absorb([report(told), report(told)], { book, among: [pool] }));
    expect(view(pool, raised).used).toBeCloseTo(18, 6);
    expect(absorb([report(told)], { book: raised, among: [pool] })).toEqual(nothing);
  });

  it.each<[string, number | null, number]>([
    ['when the provider says', nowMs + 4_000, 4_000],
    ['after a whole window where it says nothing', null, 60_000],
    ['after a whole window where what it says is over', nowMs - 1_000, 60_000],
    ['after a whole window where it says later', nowMs + 600_000, 60_000],
  ])('is forgotten %s', (_, resetAtMs, lastsMs) => {
    const told = report({ period: 'minute', limit: 30, remaining: 0, resetAtMs });
    const raised = write(null, absorb([told]));
    expect(view(perMinute, raised).used).toBe(30);
    expect(view(perMinute, raised, nowMs + lastsMs).used).toBe(30);
    expect(view(perMinute, raised, nowMs + lastsMs + 3_000).used).toBe(0);
  });

  it('is counted into a bucket that nobody used for long, and into one that just ran full', () => {
    const told = report({ unit: 'tokens', period: 'minute', limit: 8000, remaining: 2000 });
    for (const book of [null, { tpm: nowMs - 1 }, { tpm: nowMs - 5_000_000 }])
      expect(view(tokens, write(book, absorb([told], { book }))).used).toBeCloseTo(6000, 3);
  });

  it('is never less than what is ours', () => {
    const { book } = reserve([perDay, tokens], null, { nowMs, need: { tokens: 5000 } });
    expect(
      absorb(
        [report({ limit: 1000, remaining: 1000 }), report({ unit: 'tokens', period: 'minute', remaining: 8000 })],
        { book },
      ),
    ).toEqual({ ...nothing, set: { 'rpd!z': nowMs, 'tpm!z': nowMs } });
  });

  it('is measured against the call as settled', () => {
    const { book, hold } = reserve([tokens], null, { nowMs, need: { tokens: 5000 } });
    const settled = planSettle({ hold, actual: { tokens: 1000 }, nowMs });
    const told = [report({ unit: 'tokens', period: 'minute', limit: 8000, remaining: 5000 })];
    const learned = absorbLimits({ pools: [tokens], observed: told, settled, book, nowMs, zones });
    expect(view(tokens, write(write(book, settled), learned)).used).toBeCloseTo(3000, 3);
  });

  it('follows a limit that is learned in the same reply', () => {
    const { book } = reserve([tokens], null, { nowMs, need: { tokens: 4000 } });
    const raised = write(
      book,
      absorb([report({ unit: 'tokens', period: 'minute', limit: 16_000, remaining: 4000 })], { book }),
    );
    expect(view(tokens, raised)).toMatchObject({ max: 16_000 });
    expect(view(tokens, raised).used).toBeCloseTo(12_000, 3);
  });
});
