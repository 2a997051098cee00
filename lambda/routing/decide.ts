// The one decision: which candidates may serve a request, in which order, and why the others may not.
import type { PoolUnit } from '#shared/pools.ts';
import { challenge, compare, requiredSize, toLeader, toOrder, toShortOrder, valueOf } from './order.ts';
import type { Policy } from './policy.ts';
import { cautious } from './pools-caution.ts';
import { mostUsdOf, needOf, type Asked, type RequestProfile } from './profile.ts';
import type { Selector } from './selector.ts';
import { findSafe } from './safe.ts';
import { isDoubtful, isKept } from './thrift.ts';
import type { Candidate } from './types.ts';

/** What the pools of one unit leave for a call. */
export interface Limit {
  readonly unit: PoolUnit;
  /** What fits now. */
  readonly room: number;
  /** What could ever fit in one call. */
  readonly most: number;
  /** What others who use the pool may have taken since it was last told how much is left; 0 where nobody else does. */
  readonly others: number;
  /** The same if somebody has come this very moment, however unlikely that is. */
  readonly othersAtWorst: number;
}

/** How one candidate stands right now, as far as this instance knows; the store has the last word when reserving. */
export interface Standing {
  /** 0..1 of the tightest pool. */
  readonly pressure: number;
  /** The same of those pools alone that last for hours or days; absent: there are none. */
  readonly longPressure?: number;
  /** One for each unit that a pool limits. */
  readonly limits: readonly Limit[];
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
  /** Others use some of the pools too. */
  readonly shared: boolean;
}

/** Why a candidate is not in the plan; `eligible` means it is. Order is the order of the checks. */
const code = {
  eligible: 0,
  other_kind: 1,
  other_model: 2,
  provider_excluded: 3,
  already_tried: 4,
  paid_not_allowed: 5,
  may_train_on_prompts: 6,
  region_not_allowed: 7,
  may_keep_prompts: 8,
  lacks_capability: 9,
  context_too_small: 10,
  output_too_small: 11,
  below_quality_floor: 12,
  request_exceeds_limit: 13,
  resting: 14,
  breaker_open: 15,
  quota_used_up: 16,
  kept_for_later: 17,
  over_budget: 18,
  kept_for_people: 19,
} as const;
export type Verdict = keyof typeof code;
/** All verdicts, in the order of their numbers. */
export const verdicts = Object.keys(code) as readonly Verdict[];

/** Verdicts that time will lift. */
export const passingVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'resting',
  'breaker_open',
  'quota_used_up',
  'kept_for_later',
  'kept_for_people',
]);

/** An installation's own order among candidates that may serve: the smallest number is tried first. Must be pure. */
export type Rank = (candidate: Candidate, standing: Standing, profile: RequestProfile) => number;

export interface DecideInput {
  readonly candidates: readonly Candidate[];
  readonly standings: readonly Standing[];
  readonly selector: Selector;
  readonly profile: RequestProfile;
  readonly policy: Policy;
  /** The order of the strategy `custom`; absent or null: there is none. */
  readonly rank?: Rank | null;
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
  /** A number in [0, 1) that breaks ties; told with the decision, which it makes repeatable. */
  readonly jitter: number;
}

export interface Decision {
  /** Index of the candidate to try first; -1 when none is eligible. */
  readonly best: number;
  /** The best of those that are only kept for later; -1 when there is none. */
  readonly spared: number;
  readonly eligible: number;
  /** How many time will set free: they rest, or their quota is used up. */
  readonly passing: number;
  /** One verdict (index into `verdicts`) per candidate. */
  readonly codes: Uint8Array;
}

/** Bucket levels are fractions; a millionth of a unit is noise. */
const NOISE = 1e-6;

/** Whether one call needs more of some unit than any call may ever have. */
function exceedsLimit(limits: readonly Limit[], asked: Asked, profile: RequestProfile): boolean {
  return limits.some(({ unit, most }) => (needOf(unit, profile, asked) ?? 0) > most + NOISE);
}

/** Whether the call, taken with caution, fits what there is of every unit now; then it fits what there could be as well. */
function fitsNow({ limits, caution }: Standing, asked: Asked, profile: RequestProfile): boolean {
  for (const { unit, room, most } of limits) {
    const need = needOf(unit, profile, asked) ?? 0;
    // Caution asks for no more than this.
    if (need * caution + 1 <= room) continue;
    if (cautious(need, { unit, max: most, caution }) > room + NOISE) return false;
  }
  return true;
}

/** One decision under way. */
interface Judging {
  readonly input: DecideInput;
  readonly floor: { readonly rank: number; readonly hard: boolean };
  /** Whether candidates fit at all, looked up; null when each has to be judged. */
  readonly fits: Uint8Array | null;
  /** The most that may be paid, US dollars. */
  readonly roomUsd: number;
  readonly glance: Glance;
}

/** What was looked at last: candidates of one credential mostly share their limits, and need the same of them. */
interface Glance {
  readonly asked: { -readonly [K in keyof Asked]: Asked[K] };
  limits: readonly Limit[] | null;
  caution: number;
  fits: boolean;
}

/** The same as `fitsNow`, looked up where the candidate before was in the same position. */
function fitsAsBefore(candidate: Candidate, standing: Standing, { glance, input }: Judging): boolean {
  const { asked } = glance;
  const { limits, ratio, caution } = standing;
  const isAlike =
    limits === glance.limits &&
    ratio === asked.ratio &&
    caution === glance.caution &&
    candidate.maxOutput === asked.candidate.maxOutput &&
    candidate.price === asked.candidate.price;
  asked.candidate = candidate;
  if (isAlike) return glance.fits;
  asked.ratio = ratio;
  glance.limits = limits;
  glance.caution = caution;
  return (glance.fits = fitsNow(standing, asked, input.profile));
}

const named = (list: readonly string[], candidate: Candidate): boolean =>
  list.includes(candidate.providerId) || list.includes(candidate.credential);

/** Whether prompts are known to stay within these regions: who works on them in one that is not named is out. */
const staysWithin = (regions: readonly string[] | undefined, allowed: readonly string[]): boolean =>
  regions !== undefined && regions.length > 0 && regions.every((region) => allowed.includes(region));

/** Whether this candidate may be asked at all, whatever the time. */
function judgeFit(candidate: Candidate, { profile, policy, selector }: DecideInput): number {
  if (candidate.kind !== profile.kind) return code.other_kind;
  if (policy.only !== null && !named(policy.only, candidate)) return code.provider_excluded;
  if (policy.ignore.length > 0 && named(policy.ignore, candidate)) return code.provider_excluded;
  if (candidate.tier === 'paid' && (policy.paid === 'never' || selector.freeOnly)) return code.paid_not_allowed;
  if (policy.noTraining && candidate.trainsOnPrompts !== false) return code.may_train_on_prompts;
  if (policy.regions !== undefined && !staysWithin(candidate.regions, policy.regions)) return code.region_not_allowed;
  if ((candidate.retentionDays ?? Infinity) > (policy.maxRetentionDays ?? Infinity)) return code.may_keep_prompts;
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

/** Verdicts of `judgeFit` on all candidates of a fleet, by what they depend on. */
const fits = new WeakMap<readonly Candidate[], Map<string, Uint8Array>>();
/** Kinds of requests remembered for a fleet: few are asked again and again. */
const MOST_KINDS = 64;

/** The verdicts of `judgeFit` for requests of this kind; null for those that ask for something of their own. */
function findFits({ candidates, ...asked }: DecideInput): Uint8Array | null {
  const { profile, policy, selector } = asked;
  const { kind, needs, maxOutputTokens } = profile;
  const { only, ignore, paid, noTraining, regions, maxRetentionDays } = policy;
  if (only !== null || ignore.length > 0 || maxOutputTokens !== null || regions !== undefined) return null;
  const name = `${kind} ${needs} ${paid === 'never' || selector.freeOnly} ${noTraining} ${maxRetentionDays}`;
  let known = fits.get(candidates);
  if (known === undefined) fits.set(candidates, (known = new Map()));
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= MOST_KINDS) known.clear();
  const verdictsOnAll = Uint8Array.from(candidates, (candidate) => judgeFit(candidate, { candidates, ...asked }));
  known.set(name, verdictsOnAll);
  return verdictsOnAll;
}

/** Whether it may be asked now: context, limits, rests, breaker, quota. */
function judgeNow(candidate: Candidate, standing: Standing, judging: Judging): number {
  const { profile, nowMs, lastResort } = judging.input;
  const longest = profile.longestInputTokens ?? profile.inputTokens;
  if (candidate.context !== null && longest * standing.ratio > candidate.context) return code.context_too_small;
  const fits = fitsAsBefore(candidate, standing, judging);
  if (!fits && exceedsLimit(standing.limits, judging.glance.asked, profile)) return code.request_exceeds_limit;
  if (standing.restUntilMs > nowMs) return code.resting;
  if (standing.breaker === 'open' && !lastResort) return code.breaker_open;
  return fits ? code.eligible : code.quota_used_up;
}

/** Whether the most the call can cost is more than may still be paid; an unknown price always is. */
function isOverBudget(candidate: Candidate, { ratio, caution }: Standing, { input, roomUsd }: Judging): boolean {
  if (roomUsd === Infinity || candidate.tier !== 'paid') return false;
  return (mostUsdOf(input.profile, { candidate, ratio, caution }) ?? Infinity) > roomUsd;
}

/** Whether a thrifty request leaves this candidate alone, whether or not it is free just now. */
export function isLeftAlone(index: number, input: DecideInput): boolean {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  return !candidate || !standing || candidate.roleRank < requiredSize(input).rank || isKept(index, input);
}

/** Whether what is left of quota that lasts for hours or days is left to others. */
const isLeftToPeople = ({ tier }: Candidate, { longPressure = 0 }: Standing, { leavePart = 0 }: Policy): boolean =>
  leavePart > 0 && tier === 'free' && longPressure > 1 - leavePart - NOISE;

function judge(index: number, judging: Judging): number {
  const { input, floor } = judging;
  const candidate = input.candidates[index];
  const standing = input.standings[index];
  if (candidate === undefined || standing === undefined) return code.other_model;
  if (input.tried.size > 0 && input.tried.has(index)) return code.already_tried;
  const fit = judging.fits?.[index] ?? judgeFit(candidate, input);
  if (fit !== code.eligible) return fit;
  if (floor.hard && candidate.roleRank < floor.rank) return code.below_quality_floor;
  if (isOverBudget(candidate, standing, judging)) return code.over_budget;
  if (isLeftToPeople(candidate, standing, input.policy)) return code.kept_for_people;
  if (input.refused.size > 0 && (input.refused.get(index) ?? 0) > input.nowMs) return code.quota_used_up;
  // A model below what the request should have is no way to save.
  if (input.thrifty && candidate.roleRank < floor.rank) return code.kept_for_later;
  const now = judgeNow(candidate, standing, judging);
  return now === code.eligible && input.thrifty && isKept(index, input) ? code.kept_for_later : now;
}

/** Judges every candidate once and finds the best. Pure: the same input gives the same decision. */
export function decide(input: DecideInput): Decision {
  const count = input.candidates.length;
  const codes = new Uint8Array(count).fill(code.other_model);
  const order = toShortOrder(input);
  const [first] = input.candidates;
  if (first === undefined) return { best: -1, spared: -1, eligible: 0, passing: 0, codes };
  const glance: Glance = { asked: { candidate: first, ratio: 1 }, limits: null, caution: 1, fits: false };
  const roomUsd = Math.min(input.budgetUsd ?? Infinity, input.policy.maxCostUsd ?? Infinity);
  const judging: Judging = { input, floor: requiredSize(input), fits: findFits(input), roomUsd, glance };
  const [leader, spared] = [toLeader(order), toLeader(order)];
  const { among } = input.selector;
  let eligible = 0;
  let passing = 0;
  for (let at = 0; at < (among?.length ?? count); at++) {
    const index = among === null ? at : (among[at] ?? -1);
    const verdict = judge(index, judging);
    codes[index] = verdict;
    if (verdict === code.eligible) {
      eligible++;
      challenge(leader, index, order);
    } else if (verdict === code.kept_for_later) challenge(spared, index, order);
    else if (verdict === code.resting || verdict === code.breaker_open || verdict === code.quota_used_up) passing++;
  }
  if (leader.index >= 0 && spared.index >= 0 && isDoubtful(leader.index, input)) {
    const safe = findSafe(leader.index, (index) => codes[index] === code.kept_for_later, order);
    if (safe >= 0) {
      codes[safe] = code.eligible;
      return { best: safe, spared: -1, eligible: eligible + 1, passing, codes };
    }
  }
  return { best: leader.index, spared: spared.index, eligible, passing, codes };
}

/** The verdict on one candidate. */
export function verdictOf(decision: Decision, index: number): Verdict {
  return verdicts[decision.codes[index] ?? code.other_model] ?? 'other_model';
}

/** All eligible candidates in the order in which they would be tried. */
export function planOf(decision: Decision, input: DecideInput): number[] {
  const order = toOrder(input);
  const indices: number[] = [];
  decision.codes.forEach((verdict, index) => verdict === code.eligible && indices.push(index));
  return indices.sort((a, b) => compare(a, b, order));
}

/** The parts of one candidate's score by name, in the order in which they are compared. */
export function scoreOf(index: number, input: DecideInput): Readonly<Record<string, number>> {
  const order = toOrder(input);
  return Object.fromEntries(order.places.map((measure) => [measure, valueOf(measure, index, order)]));
}
