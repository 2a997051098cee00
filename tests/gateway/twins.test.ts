// Keys whose limits move together: found, and never found where they do not.
import { describe, expect, it } from 'vitest';
import { createTwinFinder } from '#lambda/gateway/twins.ts';
import type { ObservedLimit } from '#lambda/wire/types.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createRandom } from '../fakes/random.ts';

const DAY = { unit: 'requests', period: 'day', limit: 1_000, resetAtMs: null, from: 'header' } as const;

/** Calls by two keys in a random order; each key belongs to an account, and headers tell what that has left. */
function play(accountOf: (key: string) => string, { calls, secret = 0 }: { calls: number; secret?: number }) {
  const random = createRandom(3);
  const find = createTwinFinder();
  const used = new Map<string, number>();
  const found: string[] = [];
  for (let i = 0; i < calls; i++) {
    const credentialId = random() < 0.5 ? 'one' : 'two';
    const account = accountOf(credentialId);
    used.set(account, (used.get(account) ?? 0) + 1 + (random() < secret ? 1 : 0));
    const limits: ObservedLimit[] = [{ ...DAY, remaining: 1_000 - (used.get(account) ?? 0) }];
    const other = find(toCandidate({ credentialId, route: 'p/m' }), limits, i * 1_000);
    if (other !== null) found.push(`${credentialId} ${other}`);
  }
  return found;
}

describe('two keys', () => {
  it('of one account are found to move together', () => {
    expect(play(() => 'same', { calls: 40 })).toHaveLength(1);
  });

  it('of two accounts are not', () => {
    expect(play((key) => key, { calls: 400 })).toEqual([]);
  });

  it('of two accounts that others use now and then are not', () => {
    expect(play((key) => key, { calls: 400, secret: 0.05 })).toEqual([]);
  });

  it('are not compared where limits come back quickly, or are not told', () => {
    const find = createTwinFinder();
    for (let i = 0; i < 40; i++) {
      const told = { ...DAY, period: 'minute', limit: 30, remaining: 30 - i } as const;
      const candidate = toCandidate({ credentialId: i % 2 === 0 ? 'one' : 'two', route: 'p/m' });
      expect(find(candidate, [told, { ...DAY, remaining: null }], i * 5_000)).toBeNull();
    }
  });
});
