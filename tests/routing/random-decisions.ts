// Questions of who can serve, made at random: fleets, standings, wishes and what a request has gone through, with many near ties.
import fc from 'fast-check';
import type { DecideInput, Limit, Standing } from '#lambda/routing/decide.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import { toCandidate, toPolicyOf, toProfile, toStanding } from '../fakes/candidates.ts';

/** Mostly the usual, so that candidates are alike in most and told apart by little. */
const mostly = <T>(usual: T, ...rest: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rest) });

const pick = <T>(...all: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...all);

const candidate = fc.record({
  kind: mostly<Candidate['kind']>('chat', 'embedding'),
  tier: pick<Candidate['tier']>('free', 'free', 'free', 'local', 'paid'),
  capabilities: mostly(3, 0, 1),
  sizeRank: fc.nat(2),
  raised: mostly(0, 1, 2),
  context: mostly<number | null>(null, 100, 300, 1_000),
  maxOutput: mostly<number | null>(null, 150, 400),
  price: mostly<Candidate['price']>(
    { inputPerMillionUsd: 1, outputPerMillionUsd: 2 },
    { inputPerMillionUsd: 5, outputPerMillionUsd: 5 },
    null,
  ),
  priority: mostly(100, 10),
  weight: pick(1, 5),
  trainsOnPrompts: mostly<Candidate['trainsOnPrompts']>(false, true, 'unknown'),
  providerId: pick('acme', 'other'),
  credential: mostly('k1', 'k2'),
  regions: mostly<readonly string[] | null>(['eu'], null, [], ['eu', 'us']),
  retentionDays: mostly<number | null>(0, null, 30),
  retiredAtMs: mostly<number | null>(null, 1_000_000, 1_000_001),
  locked: mostly<'lost' | null>(null, 'lost'),
  onlyByName: mostly(false, true),
});

const limit: fc.Arbitrary<Limit> = fc
  .record({
    unit: pick<Limit['unit']>(
      'requests',
      'requests',
      'tokens',
      'tokens',
      'input_tokens',
      'output_tokens',
      'concurrent',
    ),
    odd: mostly<Limit['unit'] | null>(null, 'usd', 'audio_seconds'),
    room: fc.oneof(fc.constant(1e9), pick(2, 300, 301, 302, 1_000), mostly(1e9, 0, 0.5, 1, 1.5, 100, 299, 400)),
    more: pick(0, 1, 1_000),
    others: pick(0, 1, 200),
    worse: pick(0, 0, 1, 200),
  })
  .map(({ unit, odd, room, more, others, worse }) => ({
    unit: odd ?? unit,
    room,
    most: room + more,
    others,
    othersAtWorst: others + worse,
  }));

const overdraft = fc.oneof(
  fc.constant(null),
  pick(-1, -0.5, -0.16, -0.15),
  pick(-1, -0.5, -0.4, -0.39, -0.15, -0.1, 0, 0.02, 0.05, 0.3, 1),
  fc.double({ min: -1, max: 1, noNaN: true }),
);

/** How candidates that draw on the same pools stand together. */
const pooled = fc.record({
  pressure: fc.oneof(pick(0, 0.05, 0.3, 0.9), pick(0.7, 0.9, 0.95, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  longPressure: pick(0, 0.7, 0.8, 1),
  overdraft,
  limits: fc.array(limit, { maxLength: 3 }),
  shared: pick(false, false, true),
});

const own = fc.record({
  restUntilMs: mostly(0, 999_999, 1_000_000, 1_000_001),
  breaker: fc.oneof(
    { weight: 3, arbitrary: mostly<Standing['breaker']>('closed', 'half_open', 'open') },
    { weight: 1, arbitrary: fc.constant('recovering' as const) },
  ),
  recoveredAtMs: pick(1_000_000, 985_000, 969_000),
  lastUsed: fc.nat(4),
  inFlight: fc.nat(2),
  latencyMs: pick<number | null>(null, 100, 900),
  availability: pick(1, 0.5),
  ratio: mostly(1, 0.9, 1.3),
  caution: mostly(1, 1.35, 3),
  pool: fc.nat(5),
});

const policy = fc
  .record({
    paid: pick('never' as const, 'fallback' as const, 'allowed' as const),
    strategy: mostly<DecideInput['policy']['strategy']>(
      'free-first',
      'priority',
      'cost',
      'latency',
      'availability',
      'round-robin',
      'least-connections',
      'weighted',
      'custom',
    ),
    noTraining: mostly(false, true),
    only: mostly<readonly string[] | null>(null, ['acme'], ['k2']),
    ignore: mostly<readonly string[]>([], ['acme'], ['k2']),
    bounds: mostly<Partial<DecideInput['policy']>>(
      {},
      { regions: ['eu'] },
      { regions: ['eu', 'us'], leavePart: 0.25 },
      { maxRetentionDays: 30 },
      { maxPrice: { input: 2 } },
      { maxPrice: { output: 2 } },
      { maxCostUsd: 0 },
      { maxCostUsd: 0.001 },
      { leavePart: 0.25 },
    ),
  })
  .map(({ bounds, ...rest }) => ({ ...rest, ...bounds }));

const profile = fc
  .record({
    kind: mostly<Candidate['kind']>('chat', 'embedding'),
    needs: mostly(0, 1, 2),
    size: pick(null, 'small' as const, 'large' as const, 'reasoning' as const),
    inputTokens: pick(0, 99, 100, 101, 250),
    outputTokens: pick(0, 200, 201),
    maxOutputTokens: pick(null, null, 100, 300, 1_000),
    audioSeconds: mostly<number | null>(null, 2),
    longest: mostly<Partial<DecideInput['profile']>>({}, { longestInputTokens: 50 }, { longestInputTokens: 400 }),
  })
  .map(({ longest, ...rest }) => ({ ...rest, ...longest }));

const selector = fc.record({
  mode: mostly<DecideInput['selector']['mode']>(null, 'small', 'large', 'reasoning', 'fast', 'cheap', 'long'),
  freeOnly: mostly(false, true),
  naming: mostly('all', 'some', 'listed'),
  chance: fc.nat(7),
});

const state = fc.record({
  tried: fc.array(fc.nat(11), { maxLength: 2 }),
  refused: fc.array(fc.tuple(fc.nat(11), pick(999_999, 1_000_500)), { maxLength: 2 }),
  isFresh: pick(true, true, false),
  lastResort: mostly(false, true),
  thrifty: fc.boolean(),
  scarcity: pick<number | null>(null, 0.2, 1, 1.1, 1.5, 1.6, 100),
  budgetUsd: mostly(Infinity, 0, 0.001),
  jitter: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  isRanked: fc.boolean(),
  incumbent: fc.option(fc.nat(11), { nil: null, freq: 2 }),
});

type Made<T> = T extends fc.Arbitrary<infer U> ? U : never;

/** One request as it stands. */
export const asked = fc.record({
  policy,
  profile,
  selector,
  state,
  pools: fc.array(pooled, { minLength: 6, maxLength: 6 }),
});
const member = fc.tuple(candidate, own);
const most = { minLength: 1, maxLength: 12, size: 'max' } as const;

/** Candidates with how each of them stands; some fleets are paid for as a whole. */
export const fleet = fc.oneof(
  { weight: 4, arbitrary: fc.array(member, most) },
  {
    weight: 1,
    arbitrary: fc.array(
      member.map(([one, how]) => [{ ...one, tier: 'paid' as const }, how] as const),
      most,
    ),
  },
);

/** Candidates of a fleet. */
export const toFleet = (pairs: Made<typeof fleet>): readonly Candidate[] =>
  pairs.map(([{ raised, regions, retentionDays, retiredAtMs, locked, onlyByName, ...some }], index) =>
    toCandidate({
      modelId: `m${index}`,
      ...some,
      roleRank: Math.min(2, some.sizeRank + raised),
      ...(regions === null ? {} : { regions }),
      ...(retentionDays === null ? {} : { retentionDays }),
      ...(retiredAtMs === null ? {} : { retiredAtMs }),
      ...(locked === null ? {} : { locked }),
      ...(onlyByName ? { onlyByName } : {}),
    }),
  );

/** How the candidates of a fleet stand; candidates of one pool share their limits. */
export const toStandings = (
  pairs: readonly Made<typeof fleet>[number][],
  pools: Made<typeof asked>['pools'],
): Standing[] => pairs.map(([, { pool, ...some }]) => toStanding({ ...some, ...pools[pool] }));

function toNaming(
  { naming, chance }: Made<typeof selector>,
  count: number,
): Pick<DecideInput['selector'], 'among' | 'listed'> {
  if (naming === 'all') return { among: null, listed: null };
  const among = Array.from({ length: count }, (_, index) => index).filter((index) => (index + chance) % 3 > 0);
  return { among, listed: naming === 'some' ? null : new Map(among.map((index) => [index, (index * 5 + chance) % 3])) };
}

/** The whole question. */
export function toQuestion(
  candidates: readonly Candidate[],
  standings: readonly Standing[],
  { policy, profile: { size, ...profile }, selector, state }: Made<typeof asked>,
): DecideInput {
  const { isFresh, isRanked, tried, refused, incumbent, ...rest } = state;
  return {
    candidates,
    standings,
    selector: {
      name: 'auto',
      mode: selector.mode,
      freeOnly: selector.freeOnly,
      ...toNaming(selector, candidates.length),
    },
    profile: toProfile({ ...profile, classification: size === null ? null : { task: 'chat', size, signals: [] } }),
    policy: toPolicyOf(policy),
    rank: isRanked ? ({ sizeRank }, { inFlight }) => sizeRank + inFlight : null,
    tried: new Set(isFresh ? [] : tried),
    refused: new Map(isFresh ? [] : refused),
    nowMs: 1_000_000,
    ...(incumbent === null || incumbent >= candidates.length ? {} : { incumbent }),
    ...rest,
  };
}
