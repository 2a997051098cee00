// Keys whose limits move together: found, and never found where they do not.
import { describe, expect, it } from 'vitest';
import { createTwinFinder } from '#lambda/gateway/twin-finder.ts';
import type { ObservedLimit } from '#lambda/wire/types.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createRandom } from '../fakes/random.ts';

const DAY = { unit: 'requests', period: 'day', limit: 100_000, resetAtMs: null, from: 'header' } as const;

interface Use {
  readonly calls: number;
  /** Share of the calls after which another instance makes one by the same key. */
  readonly elsewhere?: number;
  readonly inTurn?: boolean;
  /** One call comes back after so many. */
  readonly refills?: number;
  readonly keys?: readonly string[];
  readonly seed?: number;
}

/** Calls by some keys; each key belongs to an account, and headers tell what that has left. The second's was used a little before. */
function play(
  accountOf: (key: string) => string,
  { calls, elsewhere = 0, inTurn = false, refills = Infinity, keys = ['one', 'two'], seed = 3 }: Use,
) {
  const random = createRandom(seed);
  const find = createTwinFinder();
  const used = new Map<string, number>([[accountOf('two'), seed % 5]]);
  const found: string[] = [];
  for (let i = 0; i < calls; i++) {
    const credentialId = keys[inTurn ? i % keys.length : Math.floor(random() * keys.length)] ?? '';
    const account = accountOf(credentialId);
    if (i % refills === refills - 1) for (const [name, count] of used) used.set(name, count - 1);
    used.set(account, (used.get(account) ?? 0) + 1);
    const limits: ObservedLimit[] = [{ ...DAY, remaining: 100_000 - (used.get(account) ?? 0) }];
    for (const { other, areTwins } of find(toCandidate({ credentialId, route: 'p/m' }), limits, i * 10))
      if (areTwins) found.push([credentialId, other].sort().join(' '));
    if (random() < elsewhere) used.set(account, (used.get(account) ?? 0) + 1);
  }
  return found;
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe('two keys', () => {
  it.each(SEEDS)('of one account are found to move together, seed %i', (seed) => {
    expect(play(() => 'same', { calls: 60, seed })).toHaveLength(1);
  });

  it.each(SEEDS)('of one account are found where they are used in turn, as equals are, seed %i', (seed) => {
    expect(play(() => 'same', { calls: 100, seed, inTurn: true })).toHaveLength(1);
  });

  it.each(SEEDS)('of one account are found though another instance uses them too, seed %i', (seed) => {
    expect(play(() => 'same', { calls: 2_000, seed, elsewhere: 0.1 })).not.toEqual([]);
  });

  describe.each([0, 0.05, 0.3, 0.5, 0.9, 1])(
    'of two accounts, as often used by another instance as %d',
    (elsewhere) => {
      it.each(SEEDS)('are never found, seed %i', (seed) => {
        expect(play((key) => key, { calls: 10_000, elsewhere, seed })).toEqual([]);
        // Nearly always one of theirs after each of ours, and both in turn: that can't be told from one account.
        if (elsewhere > 0.5) return;
        expect(play((key) => key, { calls: 10_000, elsewhere, seed, inTurn: true })).toEqual([]);
      });
    },
  );

  describe.each([0.05, 0.5, 1])('of two accounts that refill, as often used by another instance as %d', (elsewhere) => {
    it.each(SEEDS)('are never found, seed %i', (seed) => {
      expect(play((key) => key, { calls: 10_000, elsewhere, refills: 86, seed })).toEqual([]);
    });
  });

  it('are not compared where limits come back quickly, or are not told', () => {
    const find = createTwinFinder();
    for (let i = 0; i < 40; i++) {
      const told = { ...DAY, period: 'minute', limit: 30, remaining: 30 - i } as const;
      const candidate = toCandidate({ credentialId: i % 2 === 0 ? 'one' : 'two', route: 'p/m' });
      expect(find(candidate, [told, { ...DAY, remaining: null }], i * 5_000)).toEqual([]);
    }
  });
});

describe('three keys', () => {
  const keys = ['one', 'two', 'three'];

  it.each(SEEDS)('of one account are found in pairs, in turn and while it refills too, seed %i', (seed) => {
    for (const use of [{}, { inTurn: true }, { inTurn: true, refills: 86 }])
      expect(new Set(play(() => 'same', { calls: 400, keys, seed, ...use })).size).toBe(3);
  });

  it.each(SEEDS)('of which two are of one account: those are found, seed %i', (seed) => {
    const accountOf = (key: string): string => (key === 'three' ? 'other' : 'same');
    for (const inTurn of [false, true])
      expect(new Set(play(accountOf, { calls: 400, keys, seed, inTurn }))).toEqual(new Set(['one two']));
  });

  describe.each([0, 0.05, 0.3, 0.9])('of three accounts, as often used by another instance as %d', (elsewhere) => {
    it.each(SEEDS)('are never found, seed %i', (seed) => {
      expect(play((key) => key, { calls: 10_000, elsewhere, keys, seed })).toEqual([]);
      if (elsewhere > 0.5) return;
      expect(play((key) => key, { calls: 10_000, elsewhere, keys, seed, inTurn: true })).toEqual([]);
    });
  });
});

describe('keys of one account', () => {
  it.each(SEEDS)('are never said to be of two, whatever overtakes what, seed %i', (seed) => {
    const random = createRandom(seed);
    const find = createTwinFinder();
    // Replies come in another order than that in which the provider has counted.
    const counted = Array.from({ length: 10_000 }, (_, i) => ({ i, at: i + 12 * random() })).sort(
      (a, b) => a.at - b.at,
    );
    for (const { i } of counted) {
      const limits: ObservedLimit[] = [{ ...DAY, remaining: 100_000 - i }];
      const candidate = toCandidate({ credentialId: random() < 0.5 ? 'one' : 'two', route: 'p/m' });
      for (const { areTwins } of find(candidate, limits, i * 10)) expect(areTwins).toBe(true);
    }
  });
});
