// What an instance remembers of who has had how much: enough to be fair, and never more than it can hold.
import { expect, it } from 'vitest';
import { createShares } from '#lambda/gateway/shares.ts';
import type { BoundPool, Candidate } from '#lambda/routing/types.ts';
import { toCandidate } from '../fakes/candidates.ts';

const START = 1_000_000;
const MINUTE_MS = 60_000;
const pool: BoundPool = {
  key: 'p',
  models: ['*'],
  scope: 'credential',
  unit: 'requests',
  max: 100,
  clock: { kind: 'rolling', seconds: 60 },
};
const toPooled = (book: string): Candidate => toCandidate({ book, pools: [pool] });
const candidate = toPooled('book');
const one = (nowMs: number) => ({ need: { requests: 1 }, nowMs });

it('remembers who has had more, until it counts for nothing', () => {
  const shares = createShares();
  shares.taken('ann', candidate, one(START));
  shares.waits('bob', candidate, START);
  expect(shares.mustYield('ann', candidate, START)).toBe(true);
  expect(shares.mustYield('bob', candidate, START)).toBe(false);
  const laterMs = START + 21 * MINUTE_MS;
  expect(shares.mustYield('ann', candidate, laterMs)).toBe(true);
  // Whoever comes next makes room.
  shares.taken('cleo', candidate, one(laterMs));
  expect(shares.mustYield('ann', candidate, laterMs)).toBe(false);
  expect(shares.mustYield('cleo', candidate, laterMs)).toBe(true);
});

it('forgets those first of whom nothing was heard for longest, when there are too many', () => {
  const shares = createShares();
  shares.taken('ann', candidate, one(START));
  shares.taken('bea', candidate, one(START));
  for (let at = 0; at < 1_998; at++) shares.taken(`person ${at}`, candidate, one(START + at));
  shares.waits('bob', candidate, START);
  shares.taken('ann', candidate, one(START + 2_000));
  expect(shares.mustYield('bea', candidate, START + 2_000)).toBe(true);
  shares.taken('one more', candidate, one(START + 2_001));
  expect(shares.mustYield('bea', candidate, START + 2_001)).toBe(false);
  expect(shares.mustYield('ann', candidate, START + 2_001)).toBe(true);
});

it('forgets pools likewise', () => {
  const shares = createShares();
  shares.taken('ann', candidate, one(START));
  shares.waits('bob', candidate, START);
  for (let at = 0; at < 2_000; at++) {
    expect(shares.mustYield('ann', candidate, START + at)).toBe(true);
    shares.taken('ann', toPooled(`book ${at}`), one(START + at));
  }
  expect(shares.mustYield('ann', candidate, START + 2_000)).toBe(false);
});
