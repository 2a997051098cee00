// The one decision: free before paid, quality floor, lowest pressure, turns among equals; every candidate planned or rejected.
import fc from 'fast-check';
import { isAnyPassing } from '#lambda/routing/choose.ts';
import { describe, expect, it } from 'vitest';
import {
  decide,
  planOf,
  scoreOf,
  verdictOf,
  verdicts,
  type DecideInput,
  type Standing,
} from '#lambda/routing/decide.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import type { RequestProfile } from '#lambda/routing/profile.ts';
import type { Selector } from '#lambda/routing/selector.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import { toCandidate, toPolicyOf, toProfile, toStanding } from '../fakes/candidates.ts';

const auto: Selector = { name: 'auto', mode: null, freeOnly: false, among: null, listed: null };

interface Case {
  readonly candidates: readonly Partial<Candidate>[];
  readonly standings?: readonly Partial<Standing>[];
  readonly policy?: Partial<Policy>;
  readonly profile?: Partial<RequestProfile>;
  readonly selector?: Partial<Selector>;
  readonly tried?: readonly number[];
}

function toInput({
  candidates,
  standings = [],
  policy = {},
  profile = {},
  selector = {},
  tried = [],
}: Case): DecideInput {
  return {
    candidates: candidates.map((more, index) => toCandidate({ modelId: `m${index}`, ...more })),
    standings: candidates.map((_, index) => toStanding(standings[index])),
    selector: { ...auto, ...selector },
    profile: toProfile(profile),
    policy: toPolicyOf(policy),
    tried: new Set(tried),
    refused: new Map(),
    lastResort: false,
    nowMs: 1_000_000,
    jitter: 0.5,
  };
}

const order = (given: Case): number[] => {
  const input = toInput(given);
  return planOf(decide(input), input);
};
const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 2 };
const hard = { classification: { task: 'coding', size: 'reasoning', signals: [] } } as const;

describe('order', () => {
  it('puts free before local before paid', () => {
    expect(order({ candidates: [{ tier: 'paid', price }, { tier: 'local' }, { tier: 'free' }] })).toEqual([2, 1, 0]);
  });

  it('puts free before paid even when free is nearly full and paid is idle', () => {
    expect(order({ candidates: [{ tier: 'paid', price }, {}], standings: [{}, { pressure: 0.99 }] })).toEqual([1, 0]);
  });

  it('tries the lowest pressure first', () => {
    expect(
      order({ candidates: [{}, {}, {}], standings: [{ pressure: 0.9 }, { pressure: 0.1 }, { pressure: 0.5 }] }),
    ).toEqual([1, 2, 0]);
  });

  it('takes turns among equals', () => {
    expect(order({ candidates: [{}, {}, {}], standings: [{ lastUsed: 3 }, { lastUsed: 1 }, { lastUsed: 2 }] })).toEqual(
      [1, 2, 0],
    );
  });

  it('puts a lower priority number first within a tier, but not across tiers', () => {
    expect(order({ candidates: [{ priority: 200 }, { priority: 10 }, { tier: 'paid', price, priority: 1 }] })).toEqual([
      1, 0, 2,
    ]);
  });

  it('prefers the smallest model that will do, so that strong ones are kept', () => {
    expect(order({ candidates: [{ sizeRank: 2 }, { sizeRank: 0 }, { sizeRank: 1 }] })).toEqual([1, 2, 0]);
  });

  it('asks models of the needed size first, and smaller free ones before paying', () => {
    const candidates = [{ sizeRank: 0 }, { sizeRank: 2 }, { tier: 'paid' as const, sizeRank: 2, price }];
    expect(order({ candidates, profile: hard })).toEqual([1, 0, 2]);
  });

  it('pays for the quality floor when paying is allowed', () => {
    const candidates = [{ sizeRank: 0 }, { sizeRank: 2 }, { tier: 'paid' as const, sizeRank: 2, price }];
    expect(order({ candidates, profile: hard, policy: { paid: 'allowed' } })).toEqual([1, 2, 0]);
  });

  it('asks last where others may have taken what the call needs, and there only', () => {
    const left = {
      pressure: 0,
      shared: true,
      limits: [{ unit: 'tokens', room: 1_000, most: 8_000, others: 800, othersAtWorst: 800 }],
    } as const;
    const plenty = { ...left, limits: [{ ...left.limits[0], room: 6_000 }] };
    const busy = { pressure: 0.5 };
    expect(order({ candidates: [{}, {}], standings: [left, busy] })).toEqual([1, 0]);
    expect(order({ candidates: [{}, {}], standings: [plenty, busy] })).toEqual([0, 1]);
    // However unlikely: among those that need not be kept there may be somebody safer.
    const unlikely = { ...left, limits: [{ ...left.limits[0], others: 0 }] };
    expect(order({ candidates: [{}, {}], standings: [unlikely, busy] })).toEqual([1, 0]);
  });

  it('takes the cheaper of two paid models', () => {
    const dear = { inputPerMillionUsd: 10, outputPerMillionUsd: 20 };
    expect(
      order({
        candidates: [
          { tier: 'paid', price: dear },
          { tier: 'paid', price },
        ],
      }),
    ).toEqual([1, 0]);
  });

  it('where paying is allowed takes of two that are alike the one that costs nothing, whoever was used last', () => {
    const input = toInput({
      candidates: [{ tier: 'paid', price }, {}],
      standings: [{}, { lastUsed: 1 }],
      policy: { paid: 'allowed' },
      selector: { mode: 'long' },
    });
    expect(decide(input).best).toBe(1);
  });

  it('follows the order of the caller’s own list before anything else', () => {
    const listed = new Map([[0, 1], [1, 0]]); // prettier-ignore
    expect(order({ candidates: [{}, { tier: 'paid', price }], selector: { among: [0, 1], listed } })).toEqual([1, 0]);
  });

  it.each([
    ['latency', [{ latencyMs: 900 }, { latencyMs: 100 }, { latencyMs: 500 }], [1, 2, 0]],
    ['availability', [{ availability: 0.5 }, { availability: 1 }, { availability: 0.9 }], [1, 2, 0]],
    ['least-connections', [{ inFlight: 3 }, { inFlight: 0 }, { inFlight: 1 }], [1, 2, 0]],
    ['round-robin', [{ lastUsed: 9 }, { lastUsed: 2, pressure: 0.9 }, { lastUsed: 5 }], [1, 2, 0]],
  ] as const)('strategy %s', (strategy, standings, expected) => {
    expect(order({ candidates: [{}, {}, {}], standings, policy: { strategy } })).toEqual(expected);
  });

  it('strategy weighted draws in proportion to the weights', () => {
    let first = 0;
    for (let i = 0; i < 2_000; i++) {
      const input = {
        ...toInput({ candidates: [{ weight: 3 }, { weight: 1 }], policy: { strategy: 'weighted' } }),
        jitter: i / 2_000,
      };
      if (decide(input).best === 0) first++;
    }
    expect(first / 2_000).toBeGreaterThan(0.6);
    expect(first / 2_000).toBeLessThan(0.9);
  });

  it('a candidate that recovers is preferred by a share of requests that grows', () => {
    const shareOf = (sinceMs: number, policy: Case['policy'] = {}): number => {
      const recovering = { breaker: 'recovering', recoveredAtMs: 1_000_000 - sinceMs } as const;
      const input = {
        ...toInput({ candidates: [{}, {}], standings: [recovering, { lastUsed: 1 }], policy }),
        nowMs: 1_000_000,
      };
      const firsts = Array.from({ length: 2_000 }, (_, i) => decide({ ...input, jitter: i / 2_000 }).best);
      return firsts.filter((best) => best === 0).length / firsts.length;
    };
    expect(shareOf(0)).toBeCloseTo(0.1, 1);
    expect(shareOf(15_000)).toBeCloseTo(0.55, 1);
    expect(shareOf(30_000)).toBe(1);
    // Draws by weight are independent of that: half of the tenth.
    expect(shareOf(0, { strategy: 'weighted' })).toBeCloseTo(0.05, 1);
    expect(shareOf(0, { strategy: 'weighted' })).toBeGreaterThan(0.02);
  });

  it('a candidate that recovers comes last where others are as free and large enough, but is in the plan', () => {
    const recovering = { breaker: 'recovering', recoveredAtMs: 1_000_000 } as const;
    const plan = (candidates: Case['candidates']): unknown =>
      Array.from({ length: 20 }, (_, i) => {
        const input = { ...toInput({ candidates, standings: [recovering] }), nowMs: 1_000_000, jitter: i / 20 };
        return planOf(decide(input), input).join();
      });
    expect(plan([{ priority: 1 }, { priority: 2 }])).toContain('1,0');
    expect(new Set(plan([{}, { tier: 'local' }]) as string[])).toEqual(new Set(['0,1']));
    expect(new Set(plan([{}]) as string[])).toEqual(new Set(['0']));
  });

  it('auto:long takes the longest context', () => {
    expect(order({ candidates: [{ context: 8_000 }, { context: 1_000_000 }], selector: { mode: 'long' } })).toEqual([
      1, 0,
    ]);
  });
});

it('whom alone it asks for is found in another case where nobody bears the name as it is written', () => {
  expect(order({ candidates: [{ credential: 'one' }], policy: { only: ['One'] } })).toEqual([0]);
  expect(order({ candidates: [{ providerId: 'acme' }], policy: { only: ['ACME'] } })).toEqual([0]);
  expect(order({ candidates: [{ credential: 'one' }, { credential: 'One' }], policy: { only: ['One'] } })).toEqual([1]);
});

describe('rejection', () => {
  it.each<[string, Case]>([
    ['paid_not_allowed', { candidates: [{ tier: 'paid' }], policy: { paid: 'never' } }],
    ['paid_not_allowed', { candidates: [{ tier: 'paid' }], selector: { freeOnly: true } }],
    ['may_train_on_prompts', { candidates: [{ trainsOnPrompts: 'unknown' }], policy: { noTraining: true } }],
    ['may_train_on_prompts', { candidates: [{ trainsOnPrompts: true }], policy: { noTraining: true } }],
    ['provider_excluded', { candidates: [{ providerId: 'acme' }], policy: { ignore: ['acme'] } }],
    ['provider_excluded', { candidates: [{ providerId: 'acme' }], policy: { ignore: ['Acme'] } }],
    ['provider_excluded', { candidates: [{ credential: 'one' }], policy: { only: ['two'] } }],
    ['lacks_capability', { candidates: [{ capabilities: 0b01 }], profile: { needs: 0b10 } }],
    ['context_too_small', { candidates: [{ context: 50 }] }],
    ['output_too_small', { candidates: [{ maxOutput: 100 }], profile: { outputTokens: 150, maxOutputTokens: 200 } }],
    ['below_quality_floor', { candidates: [{ sizeRank: 0 }], selector: { mode: 'large' } }],
    [
      'request_exceeds_limit',
      {
        candidates: [{}],
        standings: [{ limits: [{ unit: 'tokens', room: 299, most: 299, others: 0, othersAtWorst: 0 }] }],
      },
    ],
    [
      'quota_used_up',
      {
        candidates: [{}],
        standings: [{ limits: [{ unit: 'tokens', room: 299, most: 8000, others: 0, othersAtWorst: 0 }] }],
      },
    ],
    ['resting', { candidates: [{}], standings: [{ restUntilMs: 2_000_000 }] }],
    ['breaker_open', { candidates: [{}], standings: [{ breaker: 'open' }] }],
    ['already_tried', { candidates: [{}], tried: [0] }],
    ['other_kind', { candidates: [{ kind: 'embedding' }] }],
    ['other_model', { candidates: [{}], selector: { among: [] } }],
    ['other_model', { candidates: [{ onlyByName: true }] }],
    ['retired', { candidates: [{ retiredAtMs: 1_000_000 }] }],
    ['locked', { candidates: [{ locked: 'lost' }] }],
  ])('%s', (expected, given) => {
    const input = toInput(given);
    const decision = decide(input);
    expect(verdictOf(decision, 0)).toBe(expected);
    expect(decision.best).toBe(-1);
  });

  it('is over for what has an end that has not come, and for what is named', () => {
    expect(order({ candidates: [{ retiredAtMs: 1_000_001 }] })).toEqual([0]);
    expect(order({ candidates: [{ onlyByName: true }], selector: { among: [0] } })).toEqual([0]);
  });

  it('accepts a privacy demand only for providers known not to train', () => {
    expect(order({ candidates: [{ trainsOnPrompts: false }], policy: { noTraining: true } })).toEqual([0]);
  });
});

describe('thrift', () => {
  const kept = { overdraft: 0.5 };

  it('names the best of those that are kept for later, and whether time will set anybody free', () => {
    const standings = [{ ...kept, pressure: 0.9 }, { ...kept, pressure: 0.1 }, { restUntilMs: 2_000_000 }];
    const input = { ...toInput({ candidates: [{}, {}, {}], standings }), thrifty: true };
    expect(decide(input)).toMatchObject({ best: -1, spared: 1, eligible: 0 });
    expect(isAnyPassing(input)).toBe(true);
    expect(isAnyPassing({ ...input, nowMs: 2_000_000 })).toBe(false);
  });

  it('takes what comes back soon first', () => {
    const decision = decide({ ...toInput({ candidates: [{}, {}], standings: [kept, {}] }), thrifty: true });
    expect(decision).toMatchObject({ best: 1, spared: -1 });
  });
});

describe('what may be gone', () => {
  const lastPlace = { limits: [{ unit: 'requests', room: 1, most: 6, others: 0, othersAtWorst: 0 }] } as const;
  const thrifty = (standings: readonly object[]) =>
    decide({ ...toInput({ candidates: standings.map(() => ({})), standings }), thrifty: true });

  it('is left to others while quota that is spent in time can serve', () => {
    const decision = thrifty([lastPlace, { overdraft: 0 }]);
    expect(decision).toMatchObject({ best: 1, spared: -1, eligible: 2 });
    expect(verdictOf(decision, 1)).toBe('eligible');
  });

  it('is taken rather than what is spent ahead of its time, or what may be gone too', () => {
    expect(thrifty([lastPlace, { overdraft: 0.5 }])).toMatchObject({ best: 0, spared: -1 });
    expect(thrifty([lastPlace, { overdraft: 0, ...lastPlace }])).toMatchObject({ best: 0, spared: -1 });
  });

  it('is taken at once where free quota runs out, and what lasts is spared', () => {
    const decideAt = (scarcity: number, standings: readonly object[]) =>
      decide({ ...toInput({ candidates: standings.map(() => ({})), standings }), thrifty: true, scarcity });
    const plenty = { overdraft: -0.9 };
    // All of it will be used: a last place is as good as any, where nobody else uses the key.
    expect(decideAt(0.8, [lastPlace, { overdraft: 0 }]).best).toBe(1);
    expect(decideAt(1.1, [lastPlace, { overdraft: 0 }]).best).toBe(0);
    // Whoever can wait spares even what is far behind its time.
    expect(decideAt(0.8, [plenty])).toMatchObject({ best: 0, spared: -1 });
    expect(decideAt(1.1, [plenty])).toMatchObject({ best: -1, spared: 0 });
    // It runs out well before: others get no precedence.
    const contested = { shared: true, limits: [{ unit: 'requests', room: 1, most: 6, others: 1, othersAtWorst: 3 }] };
    expect(decideAt(1.2, [contested, plenty])).toMatchObject({ best: -1, spared: 1 });
    expect(decideAt(2, [contested, plenty])).toMatchObject({ best: 0, spared: -1 });
  });

  it('comes after all else that is free', () => {
    expect(order({ candidates: [{}, {}], standings: [lastPlace, { pressure: 0.9 }] })).toEqual([1, 0]);
    const long = {
      limits: [{ unit: 'tokens', room: 100, most: 400, others: 0, othersAtWorst: 0 }],
      caution: 3,
    } as const;
    const asked = { profile: { inputTokens: 60, outputTokens: 0 } };
    expect(order({ candidates: [{}, {}], standings: [long, { pressure: 0.9 }], ...asked })).toEqual([1]);
    const wide = { ...long, limits: [{ ...long.limits[0], room: 170, most: 170 }] };
    expect(order({ candidates: [{}, {}], standings: [wide, { pressure: 0.9 }], ...asked })).toEqual([1, 0]);
  });
});

describe('properties', () => {
  const candidate = fc.record({
    tier: fc.constantFrom('free', 'paid', 'local'),
    sizeRank: fc.nat(2),
    priority: fc.nat(3),
    capabilities: fc.nat(7),
    trainsOnPrompts: fc.constantFrom(true, false, 'unknown'),
  });
  const standing = fc.record({
    pressure: fc.double({ min: 0, max: 1, noNaN: true }),
    breaker: fc.constantFrom('closed', 'open'),
    restUntilMs: fc.constantFrom(0, 2e6),
  });
  const policy = fc.record({ paid: fc.constantFrom('never', 'fallback', 'allowed'), noTraining: fc.boolean() });
  const cases = fc
    .tuple(fc.array(fc.tuple(candidate, standing), { minLength: 1, maxLength: 20 }), policy, fc.nat(7))
    .map(([pairs, chosen, needs]) =>
      toInput({
        candidates: pairs.map(([some]) => some as Partial<Candidate>),
        standings: pairs.map(([, some]) => some as Partial<Standing>),
        policy: chosen as Partial<Policy>,
        profile: { needs },
      }),
    );

  it('plans or rejects every candidate, best first, and never the same twice', () => {
    fc.assert(
      fc.property(cases, (input) => {
        const decision = decide(input);
        const plan = planOf(decision, input);
        expect(plan[0] ?? -1).toBe(decision.best);
        expect(new Set(plan).size).toBe(decision.eligible);
        input.candidates.forEach((_, index) => {
          expect(verdicts).toContain(verdictOf(decision, index));
          expect(plan.includes(index)).toBe(verdictOf(decision, index) === 'eligible');
        });
      }),
    );
  });

  it('never plans to pay when it must not, and never pays first while a free candidate is left', () => {
    fc.assert(
      fc.property(cases, (input) => {
        const tiers = planOf(decide(input), input).map((index) => input.candidates[index]?.tier);
        if (input.policy.paid === 'never') expect(tiers).not.toContain('paid');
        if (input.policy.paid === 'fallback')
          expect(tiers).toEqual(
            tiers.toSorted((a, b) => ['free', 'local', 'paid'].indexOf(a!) - ['free', 'local', 'paid'].indexOf(b!)),
          );
      }),
    );
  });

  it('decides alike for alike input', () => {
    fc.assert(
      fc.property(cases, (input) => {
        expect(planOf(decide(input), input)).toEqual(planOf(decide(structuredClone(input)), structuredClone(input)));
        const { best } = decide(input);
        if (best >= 0) expect(Object.keys(scoreOf(best, input))).toContain('tier');
      }),
    );
  });
});

describe('what a fleet is remembered by', () => {
  it('changes no decision: request after request over one fleet decides as if each were the first', () => {
    const candidate = fc.record({
      kind: fc.constantFrom('chat' as const, 'embedding' as const),
      tier: fc.constantFrom('free' as const, 'paid' as const),
      sizeRank: fc.nat(2),
      priority: fc.constantFrom(1, 1, 2),
      capabilities: fc.nat(3),
      trainsOnPrompts: fc.constantFrom(true, false),
      maxOutput: fc.constantFrom(null, 100, 1_000),
    });
    const request = fc.record({
      needs: fc.nat(3),
      paid: fc.constantFrom('never' as const, 'fallback' as const, 'allowed' as const),
      noTraining: fc.boolean(),
      freeOnly: fc.boolean(),
      ignore: fc.constantFrom([], ['acme']),
      maxOutputTokens: fc.constantFrom(null, null, 500),
      maxCostUsd: fc.constantFrom(undefined, 0),
      mode: fc.constantFrom(null, 'small' as const, 'reasoning' as const),
      shared: fc.boolean(),
      pressures: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
    });
    fc.assert(
      fc.property(
        fc.array(candidate, { minLength: 1, maxLength: 8 }),
        fc.array(request, { minLength: 2, maxLength: 12 }),
        (fleet, requests) => {
          const { candidates } = toInput({ candidates: fleet });
          for (const { needs, paid, noTraining, freeOnly, ignore, maxOutputTokens, maxCostUsd, ...more } of requests) {
            const limit = { unit: 'requests', room: 1, most: 9, others: 1, othersAtWorst: 2 } as const;
            const input = toInput({
              candidates: fleet,
              standings: more.pressures.map((pressure, at) => ({
                pressure,
                ...(more.shared && at % 2 === 0 ? { shared: true, limits: [limit] } : {}),
              })),
              policy: { paid, noTraining, ignore, ...(maxCostUsd === undefined ? {} : { maxCostUsd }) },
              profile: { needs, maxOutputTokens },
              selector: { freeOnly, mode: more.mode },
            });
            const remembered = decide({ ...input, candidates });
            expect(remembered).toEqual(decide(input));
            expect(remembered.best).toBe(planOf(remembered, input)[0] ?? -1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
