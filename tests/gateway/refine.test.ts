// The exact tokenizer: asked only when a limit is near, right when it is asked, and safe with any text.
import { describe, expect, it } from 'vitest';
import { needsExactCount, refineProfile } from '#lambda/gateway/refine.ts';
import { createExactCounter } from '#lambda/gateway/tokenizer.ts';
import { toCandidate, toProfile } from '../fakes/candidates.ts';

const counter = createExactCounter();
const perMinute = (max: number) => ({
  key: 'k',
  models: ['*'],
  scope: 'credential' as const,
  unit: 'tokens' as const,
  max,
  clock: { kind: 'refill' as const, seconds: 60 },
});

describe('needsExactCount', () => {
  it.each([
    [7_000, [toCandidate({ pools: [perMinute(8_000)] })], true],
    [5_000, [toCandidate({ pools: [perMinute(8_000)] })], false],
    [120_000, [toCandidate({ context: 128_000 })], true],
    [20_000, [toCandidate({ context: 128_000 })], false],
    [1_000, [toCandidate({ context: 1_024 })], false],
    [120_000, [toCandidate({ context: 128_000, kind: 'embedding' })], false],
    [50_000, [], false],
  ])('%i tokens', (inputTokens, candidates, expected) => {
    expect(needsExactCount({ profile: toProfile({ inputTokens }), candidates, among: null })).toBe(expected);
  });

  it('looks at the candidates in question only', () => {
    const candidates = [toCandidate({ context: 128_000 }), toCandidate()];
    expect(needsExactCount({ profile: toProfile({ inputTokens: 120_000 }), candidates, among: [1] })).toBe(false);
  });
});

describe('refineProfile', () => {
  it('counts exactly when it matters', async () => {
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(700);
    const input = {
      profile: toProfile({ inputTokens: 7_300 }),
      texts: [{ text }],
      candidates: [toCandidate({ context: 7_000 })],
      among: null,
    };
    const refined = await refineProfile(input, counter);
    expect(refined.inputTokens).toBeGreaterThan(6_900);
    expect(refined.inputTokens).toBeLessThan(7_100);
  });

  it('does not count what is too long to be worth it', async () => {
    const profile = toProfile({ inputTokens: 120_000 });
    const input = {
      profile,
      texts: [{ text: 'a'.repeat(500_000) }],
      candidates: [toCandidate({ context: 128_000 })],
      among: null,
    };
    expect(await refineProfile(input, counter)).toBe(profile);
  });
});

describe('createExactCounter', () => {
  it('counts as the vocabulary does, and takes special tokens for text', async () => {
    expect(await counter.count([{ text: 'hello world' }])).toBe(2);
    expect(await counter.count([{ text: '<|endoftext|>' }])).toBeGreaterThan(3);
    expect(await counter.count([{ text: '' }])).toBe(0);
  });

  it('is not slowed down by one letter without end', async () => {
    const before = process.cpuUsage();
    expect(await counter.count([{ text: 'a'.repeat(100_000) }])).toBeGreaterThan(1_000);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });
});
