// Keys whose limits move together: found, and never found where they do not.
import { describe, expect, it } from 'vitest';
import { createTwinFinder } from '#lambda/gateway/twins.ts';
import type { ObservedLimit } from '#lambda/wire/types.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createRandom } from '../fakes/random.ts';

const DAY = { unit: 'requests', period: 'day', limit: 100_000, resetAtMs: null, from: 'header' } as const;

interface Use {
  readonly calls: number;
  /** Share of the calls after which another instance makes one by the same key. */
  readonly elsewhere?: number;
  readonly inTurn?: boolean;
  readonly seed?: number;
}

/** Calls by two keys; each key belongs to an account, and headers tell what that has left. The second's was used a little before. */
function play(accountOf: (key: string) => string, { calls, elsewhere = 0, inTurn = false, seed = 3 }: Use) {
  const random = createRandom(seed);
  const find = createTwinFinder();
  const used = new Map<string, number>([[accountOf('two'), seed % 5]]);
  const found: string[] = [];
  for (let i = 0; i < calls; i++) {
    const credentialId = (inTurn ? i % 2 === 0 : random() < 0.5) ? 'one' : 'two';
    const account = accountOf(credentialId);
    used.set(account, (used.get(account) ?? 0) + 1);
    const limits: ObservedLimit[] = [{ ...DAY, remaining: 100_000 - (used.get(account) ?? 0) }];
    const other = find(toCandidate({ credentialId, route: 'p/m' }), limits, i * 10);
    if (other !== null) found.push(`${credentialId} ${other}`);
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

  it('are not compared where limits come back quickly, or are not told', () => {
    const find = createTwinFinder();
    for (let i = 0; i < 40; i++) {
      const told = { ...DAY, period: 'minute', limit: 30, remaining: 30 - i } as const;
      const candidate = toCandidate({ credentialId: i % 2 === 0 ? 'one' : 'two', route: 'p/m' });
      expect(find(candidate, [told, { ...DAY, remaining: null }], i * 5_000)).toBeNull();
    }
  });
});
