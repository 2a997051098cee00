// The verdict on one candidate, exactly: whether it may serve a request now, or the first reason why not.
import { NOISE } from './columns.ts';
import type { DecideInput, Limit, Standing } from './decide.ts';
import { fitsOf, type Fits } from './fits.ts';
import { requiredSize } from './order.ts';
import type { Policy } from './policy.ts';
import { cautious } from './pools-caution.ts';
import { mostUsdOf, needOf, type Asked, type RequestProfile } from './profile.ts';
import { isKept } from './thrift.ts';
import type { Candidate } from './types.ts';
import { code } from './verdicts.ts';

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
export interface Judging {
  readonly input: DecideInput;
  readonly floor: { readonly rank: number; readonly hard: boolean };
  readonly fits: Fits;
  /** The most that may be paid, US dollars. */
  readonly roomUsd: number;
  readonly glance: Glance;
}

/** What was looked at last: candidates of one credential mostly share their limits, and need the same of them. */
interface Glance {
  candidate: Candidate | null;
  ratio: number;
  limits: readonly Limit[] | null;
  caution: number;
  fits: boolean;
}

/** Nothing judged yet. */
export const toJudging = (input: DecideInput): Judging => ({
  input,
  floor: requiredSize(input),
  fits: fitsOf(input),
  roomUsd: Math.min(input.budgetUsd ?? Infinity, input.policy.maxCostUsd ?? Infinity),
  glance: { candidate: null, ratio: 1, limits: null, caution: 1, fits: false },
});

/** The same as `fitsNow`, looked up where the candidate before was in the same position. */
function fitsAsBefore(candidate: Candidate, standing: Standing, { glance, input }: Judging): boolean {
  const { limits, ratio, caution } = standing;
  const before = glance.candidate;
  const isAlike =
    before !== null &&
    limits === glance.limits &&
    ratio === glance.ratio &&
    caution === glance.caution &&
    candidate.maxOutput === before.maxOutput &&
    candidate.price === before.price;
  glance.candidate = candidate;
  if (isAlike) return glance.fits;
  glance.ratio = ratio;
  glance.limits = limits;
  glance.caution = caution;
  return (glance.fits = fitsNow(standing, { candidate, ratio }, input.profile));
}

/** Whether it may be asked now: context, limits, rests, breaker, quota. */
function judgeNow(candidate: Candidate, standing: Standing, judging: Judging): number {
  const { profile, nowMs, lastResort } = judging.input;
  const longest = profile.longestInputTokens ?? profile.inputTokens;
  if (candidate.context !== null && longest * standing.ratio > candidate.context) return code.context_too_small;
  const fits = fitsAsBefore(candidate, standing, judging);
  if (!fits && exceedsLimit(standing.limits, { candidate, ratio: standing.ratio }, profile))
    return code.request_exceeds_limit;
  if (standing.restUntilMs > nowMs) return code.resting;
  if (standing.breaker === 'open' && !lastResort) return code.breaker_open;
  return fits ? code.eligible : code.quota_used_up;
}

/** Whether the most the call can cost is more than may still be paid; an unknown price always is. */
function isOverBudget(candidate: Candidate, { ratio, caution }: Standing, { input, roomUsd }: Judging): boolean {
  if (roomUsd === Infinity || candidate.tier !== 'paid') return false;
  return (mostUsdOf(input.profile, { candidate, ratio, caution, nowMs: input.nowMs }) ?? Infinity) > roomUsd;
}

/** Whether what is left of quota that lasts for hours or days is left to others. */
const isLeftToPeople = ({ tier }: Candidate, { longPressure = 0 }: Standing, { leavePart = 0 }: Policy): boolean =>
  leavePart > 0 && tier === 'free' && longPressure > 1 - leavePart - NOISE;

/** The verdict on one candidate that the selector names, by its number. */
export function judge(index: number, judging: Judging): number {
  const { input, floor } = judging;
  const candidate = input.candidates[index];
  const standing = input.standings[index];
  if (candidate === undefined || standing === undefined) return code.other_model;
  if (input.tried.size > 0 && input.tried.has(index)) return code.already_tried;
  if (candidate.onlyByName && input.selector.among === null) return code.other_model;
  const fit = judging.fits.codes[index] ?? code.other_model;
  if (fit !== code.eligible) return fit;
  if (floor.hard && candidate.roleRank < floor.rank) return code.below_quality_floor;
  if (isOverBudget(candidate, standing, judging)) return code.over_budget;
  if (isLeftToPeople(candidate, standing, input.policy)) return code.kept_for_people;
  if (input.refused.size > 0 && (input.refused.get(index) ?? 0) > input.nowMs) return code.quota_used_up;
  const now = judgeNow(candidate, standing, judging);
  // What never holds the request is kept for nothing.
  if (now === code.context_too_small || now === code.request_exceeds_limit) return now;
  // A model below what the request should have is no way to save.
  if (input.thrifty && candidate.roleRank < floor.rank) return code.kept_for_later;
  return now === code.eligible && input.thrifty && isKept(index, input) ? code.kept_for_later : now;
}
