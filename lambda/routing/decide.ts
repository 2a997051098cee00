// The one decision: which candidates may serve a request, in which order, and why the others may not.
import { modelSizes } from '#shared/catalog.ts';
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import type { Policy } from './policy.ts';
import { cautious } from './pools-caution.ts';
import { mostUsdOf, needOf, type Asked, type RequestProfile } from './profile.ts';
import type { Selector } from './selector.ts';
import { isKept, isLeftOver, keepOf } from './thrift.ts';
import type { Candidate } from './types.ts';

/** How one candidate stands right now, as far as this instance knows; the store has the last word when reserving. */
export interface Standing {
  /** 0..1 of the tightest pool. */
  readonly pressure: number;
  /** What fits now, per unit that a pool limits. */
  readonly room: Amounts;
  /** What could ever fit in one call, per unit that a pool limits. */
  readonly most: Amounts;
  readonly restUntilMs: number;
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** Sequence number of this instance's last use; 0 when it has not used it. */
  readonly lastUsed: number;
  readonly inFlight: number;
  /** Typical time to the first content; null when not measured. */
  readonly latencyMs: number | null;
  /** Share of recent calls that succeeded, 0..1. */
  readonly availability: number;
  /** Actual tokens per estimated token. */
  readonly ratio: number;
  /** Factor by which token estimates are raised when room is judged; 1 trusts them. */
  readonly caution: number;
  /** How far quota that lasts for hours or days is spent ahead of its time, -1..1 of the worst such pool; null when there is none. */
  readonly overdraft: number | null;
  /** What is left of a pool may be gone by the time a call arrives, since others use it too. */
  readonly contested: boolean;
}

/** Why a candidate is not in the plan; `eligible` means it is. Order is the order of the checks. */
export const verdicts = [
  'eligible',
  'other_kind',
  'other_model',
  'provider_excluded',
  'already_tried',
  'paid_not_allowed',
  'may_train_on_prompts',
  'lacks_capability',
  'context_too_small',
  'output_too_small',
  'below_quality_floor',
  'request_exceeds_limit',
  'resting',
  'breaker_open',
  'quota_used_up',
  'kept_for_later',
  'over_budget',
] as const;
export type Verdict = (typeof verdicts)[number];

/** Verdicts that time will lift. */
export const passingVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'resting',
  'breaker_open',
  'quota_used_up',
  'kept_for_later',
]);

export interface DecideInput {
  readonly candidates: readonly Candidate[];
  readonly standings: readonly Standing[];
  readonly selector: Selector;
  readonly profile: RequestProfile;
  readonly policy: Policy;
  /** Indices of candidates that this request has already tried. */
  readonly tried: ReadonlySet<number>;
  /** Candidates that the store has refused to this request, with the time until which it said so, ms. */
  readonly refused: ReadonlyMap<number, number>;
  /** Nobody healthy is left: candidates behind an open breaker may be asked too, since a likely failure beats a certain one. */
  readonly lastResort: boolean;
  /** Leaves alone what others may take first and what is spent ahead of its time, while waiting a little may spare it. */
  readonly thrifty?: boolean;
  readonly nowMs: number;
  /** What may still be paid today, US dollars; absent when there is no budget. */
  readonly budgetUsd?: number;
  /** A number in [0, 1) that breaks ties; logged, so that the decision can be replayed. */
  readonly jitter: number;
}

export interface Decision {
  /** Index of the candidate to try first; -1 when none is eligible. */
  readonly best: number;
  readonly eligible: number;
  /** One verdict (index into `verdicts`) per candidate. */
  readonly codes: Uint8Array;
}

const code = Object.fromEntries(verdicts.map((verdict, index) => [verdict, index])) as Record<Verdict, number>;

/** The size a request needs, and whether it was demanded or only inferred. */
export function requiredSize({ selector, profile }: Pick<DecideInput, 'selector' | 'profile'>): {
  rank: number;
  hard: boolean;
} {
  const { mode, among } = selector;
  if (mode === 'small' || mode === 'large' || mode === 'reasoning')
    return { rank: modelSizes.indexOf(mode), hard: true };
  if (among !== null || mode !== null || profile.classification === null) return { rank: 0, hard: false };
  return { rank: modelSizes.indexOf(profile.classification.size), hard: false };
}

/** Bucket levels are fractions; a millionth of a unit is noise. */
const NOISE = 1e-6;

/** Whether one call needs more of some unit than any call may ever have. */
function exceedsLimit(most: Amounts, asked: Asked, profile: RequestProfile): boolean {
  for (const unit in most) {
    const key = unit as PoolUnit;
    if ((needOf(key, profile, asked) ?? 0) > (most[key] ?? 0) + NOISE) return true;
  }
  return false;
}

/** Whether the call, taken with caution, needs more of some unit than there is now. */
function exceedsRoom({ room, most, caution }: Standing, asked: Asked, profile: RequestProfile): boolean {
  for (const unit in room) {
    const key = unit as PoolUnit;
    const need = cautious(needOf(key, profile, asked) ?? 0, { unit: key, max: most[key] ?? Infinity, caution });
    if (need > (room[key] ?? 0) + NOISE) return true;
  }
  return false;
}

const named = (list: readonly string[], candidate: Candidate): boolean =>
  list.includes(candidate.providerId) || list.includes(candidate.credential);

/** Whether this candidate may be asked at all, whatever the time. */
function judgeFit(candidate: Candidate, { profile, policy, selector }: DecideInput): number {
  if (candidate.kind !== profile.kind) return code.other_kind;
  if (policy.only !== null && !named(policy.only, candidate)) return code.provider_excluded;
  if (policy.ignore.length > 0 && named(policy.ignore, candidate)) return code.provider_excluded;
  if (candidate.tier === 'paid' && (policy.paid === 'never' || selector.freeOnly)) return code.paid_not_allowed;
  if (policy.noTraining && candidate.trainsOnPrompts !== false) return code.may_train_on_prompts;
  if ((candidate.capabilities & profile.needs) !== profile.needs) return code.lacks_capability;
  if (
    profile.maxOutputTokens !== null &&
    candidate.maxOutput !== null &&
    profile.maxOutputTokens > candidate.maxOutput
  ) {
    // A caller's bound above the model's own is only a bound; the reply still fits unless the model can't hold what is typical.
    return profile.outputTokens > candidate.maxOutput ? code.output_too_small : code.eligible;
  }
  return code.eligible;
}

/** Whether it may be asked now: context, limits, rests, breaker, quota. */
function judgeNow(candidate: Candidate, standing: Standing, { profile, nowMs, lastResort }: DecideInput): number {
  const asked = { candidate, ratio: standing.ratio };
  if (candidate.context !== null && profile.inputTokens * standing.ratio > candidate.context)
    return code.context_too_small;
  if (exceedsLimit(standing.most, asked, profile)) return code.request_exceeds_limit;
  if (standing.restUntilMs > nowMs) return code.resting;
  if (standing.breaker === 'open' && !lastResort) return code.breaker_open;
  return exceedsRoom(standing, asked, profile) ? code.quota_used_up : code.eligible;
}

/** Whether the most the call can cost is more than may still be paid; an unknown price always is. */
function isOverBudget(
  candidate: Candidate,
  { ratio, caution }: Standing,
  { budgetUsd, profile }: DecideInput,
): boolean {
  if (candidate.tier !== 'paid' || budgetUsd === undefined || budgetUsd === Infinity) return false;
  return (mostUsdOf(profile, { candidate, ratio, caution }) ?? Infinity) > budgetUsd;
}

const tierRank = { free: 0, local: 1, paid: 2 } as const;
/** Pressures closer than this share of a pool count as equal, so that equals take turns. */
const PRESSURE_STEPS = 20;

/** One place of the tuple by which eligible candidates are ordered; smaller is tried first. */
interface Measure {
  readonly name: string;
  readonly of: (candidate: Candidate, standing: Standing, index: number) => number;
}

/** A number in [0, 1) for this candidate in this decision: independent between candidates, equal when replayed. */
function spread(candidate: Candidate, jitter: number): number {
  let hash = Math.floor(jitter * 0x100000000) | 0;
  for (let i = 0; i < candidate.mark.length; i++) hash = Math.imul(hash ^ candidate.mark.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x100000000;
}

function priceOf(candidate: Candidate, standing: Standing, profile: RequestProfile): number {
  if (candidate.tier !== 'paid') return 0;
  return needOf('usd', profile, { candidate, ratio: standing.ratio }) ?? Infinity;
}

/** The measure that a strategy or an `auto:` mode puts before priority and pressure; null when it adds none. */
function leadingMeasure({ selector, policy, profile, jitter }: DecideInput): Measure | null {
  if (selector.mode === 'long') return { name: 'context', of: (candidate) => -(candidate.context ?? 0) };
  const strategy = selector.mode === 'fast' ? 'latency' : selector.mode === 'cheap' ? 'cost' : policy.strategy;
  switch (strategy) {
    case 'cost':
      return { name: 'price', of: (candidate, standing) => priceOf(candidate, standing, profile) };
    case 'latency':
      return { name: 'latency', of: (_, standing) => standing.latencyMs ?? 0 };
    case 'availability':
      return { name: 'unavailability', of: (_, standing) => 1 - standing.availability };
    case 'round-robin':
      return { name: 'lastUsed', of: (_, standing) => standing.lastUsed };
    case 'least-connections':
      return { name: 'inFlight', of: (_, standing) => standing.inFlight };
    case 'weighted':
      // Weighted sampling: the smallest of -ln(u)/weight wins with probability weight / sum of weights.
      return { name: 'draw', of: (candidate) => -Math.log(spread(candidate, jitter) || 1e-9) / candidate.weight };
    case 'free-first':
    case 'priority':
      return null;
  }
}

/**
 * The tuple, from the left. Free comes before paid, unless paying is `allowed`: then the quality floor and the chosen strategy go first.
 * After that priority, what is surely left, what should be kept for later, pressure, the smallest model that will do, price, and turns among equals.
 */
function toMeasures(input: DecideInput): readonly Measure[] {
  const floor = requiredSize(input);
  const tier: Measure = { name: 'tier', of: (candidate) => tierRank[candidate.tier] };
  const below: Measure = { name: 'belowFloor', of: (candidate) => (candidate.roleRank < floor.rank ? 1 : 0) };
  const leading = leadingMeasure(input);
  const opening = input.policy.paid !== 'allowed' ? [tier, below] : leading ? [below] : [below, tier];
  const { listed } = input.selector;
  return [
    ...(listed
      ? [{ name: 'listed', of: (_: Candidate, __: Standing, index: number) => listed.get(index) ?? Infinity }]
      : []),
    ...opening,
    ...(leading ? [leading] : []),
    { name: 'priority', of: (candidate) => candidate.priority },
    { name: 'contested', of: (_, standing) => (standing.contested ? 1 : 0) },
    { name: 'keep', of: (candidate, standing) => keepOf(standing, candidate.sizeRank > floor.rank) },
    {
      name: 'pressure',
      of: (_, standing) => (isLeftOver(standing) ? 0 : Math.floor(standing.pressure * PRESSURE_STEPS)),
    },
    { name: 'oversize', of: (candidate) => Math.max(0, candidate.sizeRank - floor.rank) },
    { name: 'price', of: (candidate, standing) => priceOf(candidate, standing, input.profile) },
    { name: 'lastUsed', of: (_, standing) => standing.lastUsed },
    { name: 'turn', of: (candidate) => spread(candidate, input.jitter) },
  ];
}

/** Negative when candidate `a` is tried before `b`. */
function compare(
  a: number,
  b: number,
  { measures, input }: { measures: readonly Measure[]; input: DecideInput },
): number {
  const [first, second] = [input.candidates[a], input.candidates[b]];
  const [left, right] = [input.standings[a], input.standings[b]];
  if (!first || !second || !left || !right) return 0;
  for (const measure of measures) {
    const difference = measure.of(first, left, a) - measure.of(second, right, b);
    // NaN comes from Infinity - Infinity: equal.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return a - b;
}

/** Whether a thrifty request leaves this candidate alone, whether or not it is free just now. */
export function isLeftAlone(index: number, input: DecideInput): boolean {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  return !candidate || !standing || candidate.roleRank < requiredSize(input).rank || isKept(standing);
}

function judge(index: number, input: DecideInput, floor: { rank: number; hard: boolean }): number {
  const candidate = input.candidates[index];
  const standing = input.standings[index];
  if (candidate === undefined || standing === undefined) return code.other_model;
  if (input.tried.has(index)) return code.already_tried;
  const fit = judgeFit(candidate, input);
  if (fit !== code.eligible) return fit;
  if (floor.hard && candidate.roleRank < floor.rank) return code.below_quality_floor;
  if (isOverBudget(candidate, standing, input)) return code.over_budget;
  if ((input.refused.get(index) ?? 0) > input.nowMs) return code.quota_used_up;
  // A model below what the request should have is no way to save.
  if (input.thrifty && candidate.roleRank < floor.rank) return code.kept_for_later;
  const now = judgeNow(candidate, standing, input);
  return now === code.eligible && input.thrifty && isKept(standing) ? code.kept_for_later : now;
}

/** The best candidate so far, with its measures as far as they have been asked for. */
interface Leader {
  index: number;
  /** Measures known, from the left. */
  known: number;
  readonly values: Float64Array;
}

/** Compares one candidate with the leader measure by measure, each of the leader's taken only once, and lets the better one lead. */
function challenge(
  leader: Leader,
  index: number,
  { measures, input }: { measures: readonly Measure[]; input: DecideInput },
): void {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  const [first, holding] = [input.candidates[leader.index], input.standings[leader.index]];
  if (!candidate || !standing) return;
  if (!first || !holding) {
    leader.index = index;
    return;
  }
  const { values } = leader;
  for (let place = 0; place < measures.length; place++) {
    const measure = measures[place];
    if (!measure) return;
    if (place === leader.known) {
      values[place] = measure.of(first, holding, leader.index);
      leader.known++;
    }
    const value = measure.of(candidate, standing, index);
    const held = values[place] ?? 0;
    if (value === held) continue;
    if (value > held) return;
    values[place] = value;
    leader.index = index;
    leader.known = place + 1;
    return;
  }
}

/** Judges every candidate once and finds the best. Pure: the same input gives the same decision. */
export function decide(input: DecideInput): Decision {
  const count = input.candidates.length;
  const codes = new Uint8Array(count).fill(code.other_model);
  const floor = requiredSize(input);
  const measures = toMeasures(input);
  const leader: Leader = { index: -1, known: 0, values: new Float64Array(measures.length) };
  const contest = { measures, input };
  const { among } = input.selector;
  let eligible = 0;
  for (let at = 0; at < (among?.length ?? count); at++) {
    const index = among === null ? at : (among[at] ?? -1);
    const verdict = judge(index, input, floor);
    codes[index] = verdict;
    if (verdict !== code.eligible) continue;
    eligible++;
    challenge(leader, index, contest);
  }
  return { best: leader.index, eligible, codes };
}

/** The verdict on one candidate. */
export function verdictOf(decision: Decision, index: number): Verdict {
  return verdicts[decision.codes[index] ?? code.other_model] ?? 'other_model';
}

/** All eligible candidates in the order in which they would be tried. */
export function planOf(decision: Decision, input: DecideInput): number[] {
  const measures = toMeasures(input);
  const indices: number[] = [];
  decision.codes.forEach((verdict, index) => verdict === code.eligible && indices.push(index));
  return indices.sort((a, b) => compare(a, b, { measures, input }));
}

/** The parts of one candidate's score by name, in the order in which they are compared. */
export function scoreOf(index: number, input: DecideInput): Readonly<Record<string, number>> {
  const candidate = input.candidates[index];
  const standing = input.standings[index];
  if (candidate === undefined || standing === undefined) return {};
  return Object.fromEntries(toMeasures(input).map((measure) => [measure.name, measure.of(candidate, standing, index)]));
}
