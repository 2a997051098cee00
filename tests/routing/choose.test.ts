// The choice among hundreds, which looks closely at few, is the one that judging everybody plainly and sorting them all would make.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, isAnyPassing, type Choice } from '#lambda/routing/choose.ts';
import { keepColumns } from '#lambda/routing/columns.ts';
import {
  decide,
  planOf,
  scoreOf,
  verdictOf,
  type DecideInput,
  type Limit,
  type Verdict,
} from '#lambda/routing/decide.ts';
import { cautious } from '#lambda/routing/pools-caution.ts';
import { mostUsdOf, needOf } from '#lambda/routing/profile.ts';
import { isContested, isDoubtful } from '#lambda/routing/thrift.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import { asked, fleet, toFleet, toQuestion, toStandings } from './random-decisions.ts';

const sizes = ['small', 'large', 'reasoning'];

/** The size that is needed, and whether it must be had. */
function floorOf({ selector: { mode, among }, profile: { classification } }: DecideInput): [number, boolean] {
  if (mode !== null && sizes.includes(mode)) return [sizes.indexOf(mode), true];
  if (among !== null || mode !== null || classification === null) return [0, false];
  return [sizes.indexOf(classification.size), false];
}

/** Vectors have no output that costs; everything else that is not known costs more than anybody allows. */
function isTooDear({ kind, price }: Candidate, { maxPrice }: DecideInput['policy']): boolean {
  if (maxPrice === undefined) return false;
  const ofInput = price?.inputPerMillionUsd ?? Infinity;
  const ofOutput = price?.outputPerMillionUsd ?? (kind === 'embedding' ? 0 : Infinity);
  return ofInput > (maxPrice.input ?? Infinity) || ofOutput > (maxPrice.output ?? Infinity);
}

/** Why a candidate is never asked for such a request. */
function plainFit(index: number, { candidates, profile, policy, selector, nowMs }: DecideInput): Verdict {
  const { kind, tier, providerId, credential, capabilities, maxOutput, ...one } = candidates[index]!;
  const isIn = (list: readonly string[]): boolean => list.includes(providerId) || list.includes(credential);
  if (kind !== profile.kind) return 'other_kind';
  if ((candidates[index]!.retiredAtMs ?? Infinity) <= nowMs) return 'retired';
  if ((policy.only !== null && !isIn(policy.only)) || isIn(policy.ignore)) return 'provider_excluded';
  if (tier === 'paid' && (policy.paid === 'never' || selector.freeOnly)) return 'paid_not_allowed';
  if (policy.noTraining && one.trainsOnPrompts !== false) return 'may_train_on_prompts';
  const { regions: allowed, maxRetentionDays = Infinity } = policy;
  const { regions = [] } = one;
  if (allowed && (regions.length === 0 || regions.some((region) => !allowed.includes(region))))
    return 'region_not_allowed';
  if ((one.retentionDays ?? Infinity) > maxRetentionDays) return 'may_keep_prompts';
  if (tier === 'paid' && isTooDear(candidates[index]!, policy)) return 'over_price';
  if ((profile.needs & ~capabilities) !== 0) return 'lacks_capability';
  const bound = profile.maxOutputTokens ?? 0;
  if (maxOutput !== null && bound > maxOutput && profile.outputTokens > maxOutput) return 'output_too_small';
  return one.locked === undefined ? 'eligible' : 'locked';
}

/** Why a candidate can't be asked at this moment. */
function plainNow(index: number, { candidates, standings, profile, nowMs, lastResort }: DecideInput): Verdict {
  const candidate = candidates[index]!;
  const { limits, ratio, caution, restUntilMs, breaker } = standings[index]!;
  if ((profile.longestInputTokens ?? profile.inputTokens) * ratio > (candidate.context ?? Infinity))
    return 'context_too_small';
  const need = ({ unit }: Limit): number => needOf(unit, profile, { candidate, ratio }) ?? 0;
  if (limits.some((limit) => need(limit) > limit.most + 1e-6)) return 'request_exceeds_limit';
  if (restUntilMs > nowMs) return 'resting';
  if (breaker === 'open' && !lastResort) return 'breaker_open';
  const holds = (limit: Limit): boolean =>
    cautious(need(limit), { unit: limit.unit, max: limit.most, caution }) <= limit.room + 1e-6;
  return limits.every(holds) ? 'eligible' : 'quota_used_up';
}

/** The verdict by the list of reasons, one after the other. */
function plainVerdict(index: number, input: DecideInput): Verdict {
  const { policy, profile, selector, tried, refused, nowMs } = input;
  const candidate = input.candidates[index]!;
  const { ratio, caution, longPressure = 0, overdraft } = input.standings[index]!;
  if (selector.among !== null && !selector.among.includes(index)) return 'other_model';
  if (tried.has(index)) return 'already_tried';
  if (candidate.onlyByName === true && selector.among === null) return 'other_model';
  const fit = plainFit(index, input);
  if (fit !== 'eligible') return fit;
  const [floor, isHard] = floorOf(input);
  const isBelow = candidate.roleRank < floor;
  if (isHard && isBelow) return 'below_quality_floor';
  const roomUsd = Math.min(input.budgetUsd ?? Infinity, policy.maxCostUsd ?? Infinity);
  const mostUsd =
    candidate.tier === 'paid' ? (mostUsdOf(profile, { candidate, ratio, caution, nowMs }) ?? Infinity) : 0;
  if (roomUsd < Infinity && mostUsd > roomUsd) return 'over_budget';
  const { leavePart = 0 } = policy;
  if (leavePart > 0 && candidate.tier === 'free' && longPressure > 1 - leavePart - 1e-6) return 'kept_for_people';
  if ((refused.get(index) ?? 0) > nowMs) return 'quota_used_up';
  const now = plainNow(index, input);
  const isNever = now === 'context_too_small' || now === 'request_exceeds_limit';
  if (input.thrifty && isBelow && !isNever) return 'kept_for_later';
  const spared = (input.scarcity ?? 0) > 1 ? -Infinity : -0.4;
  const isKept = (overdraft !== null && overdraft > spared) || isContested(index, input);
  return now === 'eligible' && input.thrifty && isKept ? 'kept_for_later' : now;
}

/** Those of one verdict, sorted by all parts of their scores. */
function sorted(verdict: Verdict, input: DecideInput): number[] {
  const scores = [...input.candidates.keys()].map((index) => Object.values(scoreOf(index, input)));
  const compare = (a: number, b: number): number => {
    const place = scores[a]!.findIndex((value, at) => value !== scores[b]![at]);
    return place < 0 ? a - b : scores[a]![place]! - scores[b]![place]!;
  };
  return [...input.candidates.keys()].filter((index) => plainVerdict(index, input) === verdict).sort(compare);
}

/** The choice made by sorting everybody. */
function plainChoice(input: DecideInput): Choice {
  const [best = -1] = sorted('eligible', input);
  const kept = sorted('kept_for_later', input);
  const [spared = -1] = kept;
  if (best < 0) return { best, spared };
  if (!isDoubtful(best, input)) return { best, spared: -1 };
  const onTime = isContested(best, input, 'othersAtWorst') ? 0.05 : 0.02;
  const safe = kept.find((index) => {
    const overdraft = input.standings[index]!.overdraft;
    return overdraft !== null && overdraft <= onTime && !isDoubtful(index, input);
  });
  return { best: safe ?? best, spared: -1 };
}

/** Verdicts that time lifts without anybody's doing. */
const passing: ReadonlySet<Verdict> = new Set<Verdict>(['resting', 'breaker_open', 'quota_used_up']);

describe('choice', () => {
  it('is that of judging everybody and sorting them, request after request over one fleet whose standings move', () => {
    const ends = { best: 0, spared: 0, none: 0, recovering: 0, passing: 0 };
    fc.assert(
      fc.property(fleet, fc.array(asked, { minLength: 1, maxLength: 4 }), (pairs, requests) => {
        const candidates = toFleet(pairs);
        const standings = toStandings(pairs, requests[0]!.pools);
        const columns = keepColumns(candidates, standings);
        for (const [at, request] of requests.entries()) {
          // Each time candidates stand as others did before.
          const turned = [...pairs.slice(at), ...pairs.slice(0, at)];
          for (const [index, moved] of toStandings(turned, request.pools).entries()) {
            Object.assign(standings[index]!, moved);
            columns.set(index, moved);
          }
          const input = toQuestion(candidates, standings, request);
          const plain = plainChoice(input);
          expect(choose(input)).toEqual(plain);
          // Standings that nobody keeps columns of are decided alike.
          expect(choose({ ...input, standings: [...standings] })).toEqual(plain);
          const isPassing = [...candidates.keys()].some((index) => passing.has(plainVerdict(index, input)));
          expect(isAnyPassing(input)).toBe(isPassing);
          if (isPassing) ends.passing++;
          ends[plain.best >= 0 ? 'best' : plain.spared >= 0 ? 'spared' : 'none']++;
          if (standings[plain.best]?.breaker === 'recovering') ends.recovering++;
        }
      }),
      { numRuns: 3_000 },
    );
    // The questions are worth asking.
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(300);
    expect(ends.best + ends.spared + ends.none - ends.passing).toBeGreaterThan(300);
  });

  it('is the same where requests follow one another, equals take turns and rests end', () => {
    const ends = { best: 0, spared: 0, changes: 0 };
    fc.assert(
      fc.property(fleet, fc.array(asked, { minLength: 1, maxLength: 2 }), fc.boolean(), (pairs, requests, isCalm) => {
        const candidates = toFleet(pairs);
        const standings = toStandings(pairs, requests[0]!.pools).map((standing) =>
          isCalm ? { ...standing, breaker: 'closed' as const, lastUsed: 0 } : standing,
        );
        const columns = keepColumns(candidates, standings);
        const inputs = requests.map((request) => toQuestion(candidates, standings, request));
        let before = -1;
        for (let step = 0; step < 16; step++) {
          // Now and then the clock goes on, or back; and whoever is used is so by requests of either kind.
          const nowMs = 1_000_000 + (step === 6 || step === 9 ? 2 : 0);
          const input = { ...inputs[(step >> 2) % inputs.length]!, nowMs };
          const choice = choose(input);
          expect(choice).toEqual(plainChoice(input));
          const index = choice.best >= 0 ? choice.best : choice.spared;
          if (index < 0) continue;
          ends[choice.best >= 0 ? 'best' : 'spared']++;
          if (before >= 0 && index !== before) ends.changes++;
          before = index;
          Object.assign(standings[index]!, { lastUsed: 10 + step });
          columns.used(index, 10 + step);
          if (step !== 12) continue;
          Object.assign(standings[index]!, { restUntilMs: 1_000_001 });
          columns.set(index, standings[index]!);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(3_000);
  });

  it('comes with the verdict on everybody, and is the first of the plan', () => {
    fc.assert(
      fc.property(fleet, asked, (pairs, request) => {
        const input = toQuestion(toFleet(pairs), toStandings(pairs, request.pools), request);
        const { best } = choose(input);
        const decision = decide(input);
        // What is kept for later may come instead, since it is surely there.
        if (!input.thrifty) expect(planOf(decision, input)[0] ?? -1).toBe(best);
        for (const index of input.candidates.keys())
          expect(verdictOf(decision, index)).toBe(index === best ? 'eligible' : plainVerdict(index, input));
      }),
      { numRuns: 1_500 },
    );
  });
});
