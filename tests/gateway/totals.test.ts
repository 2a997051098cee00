// What a request used and cost, over all that was asked for it: as providers tell, and else as it was asked and seen.
import { describe, expect, it } from 'vitest';
import type { ProviderFailure, ProviderFailureKind } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { addUsage, totalOf, toSpent, toUsed } from '#lambda/gateway/totals.ts';
import { toCandidate } from '../fakes/candidates.ts';

const need = { requests: 1, tokens: 1_500, input_tokens: 500, output_tokens: 1_000 };
type Outcome = Parameters<typeof toUsed>[1];
const toOutcome = (more: Partial<Outcome> = {}): Outcome => ({
  usage: null,
  failure: null,
  committed: true,
  seenTokens: 0,
  ...more,
});
const failed = (kind: ProviderFailureKind, more: Partial<ProviderFailure> = {}): ProviderFailure =>
  ({ kind, ...more }) as ProviderFailure;
const told = { inputTokens: 400, outputTokens: 60 };
const cut = { failure: failed('network') };

describe('what an attempt used', () => {
  it.each<[string, Partial<Outcome>, Usage | null, boolean]>([
    ['is what the provider tells', { usage: told, seenTokens: 90 }, told, false],
    ['is guessed where it tells nothing', { seenTokens: 90 }, { inputTokens: 500, outputTokens: 90 }, true],
    ['is a token at least of an answer nobody has counted', {}, { inputTokens: 500, outputTokens: 1 }, true],
    ['is what was seen of what broke off before the caller had it', { ...cut, committed: false, seenTokens: 7 }, { inputTokens: 500, outputTokens: 7 }, true],
    ['is what the caller had of what broke off', cut, { inputTokens: 500, outputTokens: 1 }, true],
    ['is not known of what broke off unseen', { ...cut, committed: false }, null, false],
    ['is what was told of what broke off unseen', { ...cut, committed: false, usage: told }, told, false],
    ['is what was seen where what broke off had told less before', { ...cut, usage: told, seenTokens: 90 }, { inputTokens: 400, outputTokens: 90 }, true],
    ['is what was told where what broke off had told as much', { ...cut, usage: told, seenTokens: 60 }, told, false],
    ['is guessed in the part that is not told', { usage: { inputTokens: 400 }, seenTokens: 9 }, { inputTokens: 400, outputTokens: 9 }, true],
    ['is guessed in the other part too', { ...cut, committed: false, usage: { outputTokens: 9 } }, { inputTokens: 500, outputTokens: 9 }, true],
    ['is not known where input alone was told of what broke off unseen', { ...cut, committed: false, usage: { inputTokens: 400 } }, null, false],
    ['has no tokens where something else is counted', { usage: { audioSeconds: 3 }, seenTokens: 9 }, { audioSeconds: 3 }, false],
    ['is nothing where the provider refused', { failure: failed('rate_limited'), usage: told, seenTokens: 9 }, null, false],
    ['is nothing where it never heard of us', { failure: failed('network', { unsent: true }), seenTokens: 9 }, null, false],
    ['is what it was where the provider failed over it', { failure: failed('overloaded'), committed: false, usage: told }, told, false],
  ])('%s', (_name, outcome, usage, isGuess) => {
    expect(toUsed(need, toOutcome(outcome))).toEqual(usage === null ? null : { usage, isGuess });
  }); // prettier-ignore
});

describe('what an attempt cost', () => {
  const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 100 };
  const paid = toCandidate({ tier: 'paid', price });

  it('is as sure as what it used', () => {
    expect(toSpent(paid, need, toOutcome({ usage: told }))).toMatchObject({ costUsd: 0.01, isGuess: false });
    const guessed = toSpent(paid, need, toOutcome({ seenTokens: 90 }));
    expect(guessed).toMatchObject({ costUsd: expect.closeTo(0.014, 12) as number, isGuess: true });
  });

  it('is nothing, for sure, where nothing is paid', () => {
    for (const tier of ['free', 'local'] as const)
      expect(toSpent(toCandidate({ tier, price }), need, toOutcome())).toMatchObject({ costUsd: 0, isGuess: false });
  });

  it('is not known without a price, nor where nobody knows what was used', () => {
    expect(toSpent(toCandidate({ tier: 'paid' }), need, toOutcome({ usage: told }))?.costUsd).toBeNull();
    expect(toSpent(paid, need, toOutcome({ ...cut, committed: false }))).toBeNull();
  });
});

describe('a request', () => {
  const last = { usage: told, costUsd: 0.5, isGuess: false };
  const spent = (costUsd: number | null, isGuess: boolean, usage: Usage | null = { inputTokens: 1, outputTokens: 2 }) =>
    ({ usage, costUsd, isGuess, tier: 'paid' }) as const;
  const total = (...all: ReturnType<typeof spent>[]) =>
    totalOf({ spent: all } as unknown as Parameters<typeof totalOf>[0], last);

  it('used and cost what all its attempts did', () => {
    expect(total()).toEqual(last);
    expect(total(spent(0.25, false), spent(0.125, false))).toEqual({
      usage: { inputTokens: 402, outputTokens: 64 },
      costUsd: 0.875,
      isGuess: false,
    });
  });

  it('is guessed where one of them is, and of unknown cost where one of them is', () => {
    expect(total(spent(0.25, true), spent(0.125, false))).toMatchObject({ costUsd: 0.875, isGuess: true });
    expect(total(spent(null, true), spent(0.125, true))).toMatchObject({ costUsd: null, isGuess: false });
    expect(total(spent(0, false, null))).toMatchObject({ usage: told, costUsd: 0.5 });
  });

  it('adds counts, keeps what only one of them knows, and the terms of the last', () => {
    const a: Usage = { inputTokens: 1, cachedInputTokens: 4, billedAs: ['flex'] };
    const b: Usage = { inputTokens: 2, outputTokens: 8, billedAs: ['priority'] };
    expect(addUsage(a, b)).toEqual({ inputTokens: 3, cachedInputTokens: 4, outputTokens: 8, billedAs: ['priority'] });
  });
});
