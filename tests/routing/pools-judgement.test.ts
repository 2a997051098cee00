// What is learned beside limits: how far estimates miss, who else uses a pool, and whether a day's quota is spent ahead of its time.
import { describe, expect, it } from 'vitest';
import type { Item } from '#shared/items.ts';
import type { Clock } from '#shared/pools.ts';
import { cautionOf, cautious, learnMiss } from '#lambda/routing/pools-caution.ts';
import { learnOthers, othersIn } from '#lambda/routing/pools-foreign.ts';
import { numberIn } from '#lambda/routing/pools-ops.ts';
import { overdraftOf } from '#lambda/routing/pools-pace.ts';
import { toPool } from './pools-world.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');

describe('caution', () => {
  const learn = (ratios: readonly number[]): Item =>
    ratios.reduce<Item>(
      (book, ratio) => ({
        ...book,
        ...learnMiss((name) => numberIn(book, name), 'm', { estimatedTokens: 1000, actualTokens: 1000 * ratio }),
      }),
      {},
    );

  it('fades when estimates are right, and grows when they are not, either way', () => {
    const fresh = cautionOf({}, 'm');
    const right = cautionOf(learn(Array.from({ length: 60 }, () => 1)), 'm');
    const wrong = cautionOf(learn(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1.5 : 0.7))), 'm');
    expect(right).toBeLessThan(1.2);
    expect(right).toBeLessThan(fresh);
    expect(wrong).toBeGreaterThan(2);
    expect(cautionOf({ 'm!e': 99 }, 'm')).toBe(3);
  });

  it.each([
    { name: 'raises tokens', amount: 1000, unit: 'tokens', max: 8000, reserved: 1500 },
    { name: 'never above what a call may have', amount: 7000, unit: 'tokens', max: 8000, reserved: 8000 },
    { name: 'leaves what can never fit as it is', amount: 9000, unit: 'tokens', max: 8000, reserved: 9000 },
    { name: 'leaves requests alone', amount: 1, unit: 'requests', max: 30, reserved: 1 },
  ] as const)('$name', ({ amount, unit, max, reserved }) => {
    expect(cautious(amount, { unit, max, caution: 1.5 })).toBe(reserved);
  });
});

describe('use by others', () => {
  const pool = toPool('p', { unit: 'requests', max: 10, clock: { kind: 'rolling', seconds: 60 } });

  it('is learned as a rate, expected to go on while nobody looks, and forgotten', () => {
    let book: Item = {};
    let at = nowMs;
    for (let i = 0; i < 200; i++) {
      at += 10_000;
      book = { ...book, ...learnOthers(pool, book, { unseen: i % 3 === 0 ? 1 : 0, nowMs: at }) };
    }
    // One in 30 s is two in a window.
    expect(book['p!u']).toBeGreaterThan(1.5);
    expect(book['p!u']).toBeLessThan(2.5);
    expect(othersIn(pool, book, at)).toBe(0);
    expect(othersIn(pool, book, at + 30_000)).toBeCloseTo(2, 0);
    expect(othersIn(pool, book, at + 600_000)).toBeCloseTo(3, 0);
    for (let i = 0; i < 800; i++) {
      at += 10_000;
      book = { ...book, ...learnOthers(pool, book, { unseen: 0, nowMs: at }) };
    }
    expect(othersIn(pool, book, at + 60_000)).toBe(0);
  });

  it('is expected in steps as large as theirs have been', () => {
    const tokens = toPool('p', { unit: 'tokens', max: 8_000, clock: { kind: 'rolling', seconds: 60 } });
    let book: Item = {};
    for (let i = 1; i <= 50; i++)
      book = { ...book, ...learnOthers(tokens, book, { unseen: i % 3 === 0 ? 1_500 : 0, nowMs: nowMs + i * 60_000 }) };
    const expected = othersIn(tokens, book, nowMs + 51 * 60_000);
    expect(expected).toBeGreaterThan(1_500 + 300);
    expect(expected).toBeLessThan(1_500 + 900);
  });

  it('costs nothing where there is none', () => {
    expect(learnOthers(pool, {}, { unseen: 0, nowMs })).toEqual({});
    expect(othersIn(pool, {}, nowMs)).toBe(0);
  });
});

describe('the overdraft of a day', () => {
  const view = (clock: Clock, used: number, resetAtMs: number | null) => {
    const pool = toPool('p', { unit: 'requests', max: 100, clock });
    return overdraftOf({ pool, used, max: 100, pressure: used / 100, resetAtMs, waitMs: 0 }, nowMs);
  };
  const day: Clock = { kind: 'calendar', every: 'day', zone: 'UTC' };
  const endMs = Date.parse('2026-11-22T00:00:00Z');

  it.each<[string, number | null, (value: number | null) => void]>([
    ['half a day, nothing used', view(day, 0, endMs), (value) => expect(value).toBeCloseTo(-0.7)],
    ['half a day, half used: the reserve is touched', view(day, 50, endMs), (value) => expect(value).toBeCloseTo(0.3)],
    [
      'a minute is not kept',
      view({ kind: 'rolling', seconds: 60 }, 99, nowMs + 5),
      (value) => expect(value).toBeNull(),
    ],
    ['nor are places', view({ kind: 'concurrent' }, 1, null), (value) => expect(value).toBeNull()],
    [
      'a bucket half used is even',
      view({ kind: 'refill', seconds: 86_400 }, 50, endMs),
      (value) => expect(value).toBe(0),
    ],
    ['a balance is always kept', view({ kind: 'once' }, 10, null), (value) => expect(value).toBeCloseTo(0.1)],
    [
      'a session that has not begun',
      view({ kind: 'session', seconds: 18_000 }, 0, nowMs),
      (value) => expect(value).toBe(-1),
    ],
  ])('%s', (_name, value, check) => check(value));
});
