// The one decision: which candidates may serve a request, in which order, and why the others may not.
import type { PoolUnit } from '#shared/pools.ts';
import { choose, type Choice } from './choose.ts';
import { judge, toJudging } from './judge.ts';
import { compare, requiredSize, toOrder, valueOf } from './order.ts';
import type { Policy } from './policy.ts';
import type { RequestProfile } from './profile.ts';
import type { Selector } from './selector.ts';
import { isKept } from './thrift.ts';
import type { Candidate } from './types.ts';
import { code, verdicts, type Verdict } from './verdicts.ts';

export { passingVerdicts, verdicts, type Verdict } from './verdicts.ts';

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
  readonly breaker: 'closed' | 'open' | 'half_open' | 'recovering';
  /** When the probe succeeded since which it is recovering; 0 in every other state. */
  readonly recoveredAtMs: number;
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
  /** Use of free quota at the present pace until it comes back, as a share of what there is: above 1 it runs out before. Absent or null: nobody knows. */
  readonly scarcity?: number | null;
  /** Leaves alone what others may take first and what is spent ahead of its time, while waiting a little may spare it. */
  readonly thrifty?: boolean;
  /** Index of the candidate that answered the turn before; absent: none did, or nobody remembers. */
  readonly incumbent?: number | undefined;
  readonly nowMs: number;
  /** What may still be paid today, US dollars; absent when there is no budget. */
  readonly budgetUsd?: number;
  /** A number in [0, 1) that breaks ties; told with the decision, which it makes repeatable. */
  readonly jitter: number;
}

/** A choice, with what is said of everybody else. */
export interface Decision extends Choice {
  readonly eligible: number;
  /** One verdict (index into `verdicts`) per candidate. */
  readonly codes: Uint8Array;
}

/** Whether a thrifty request leaves this candidate alone, whether or not it is free just now. */
export function isLeftAlone(index: number, input: DecideInput): boolean {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  return !candidate || !standing || candidate.roleRank < requiredSize(input).rank || isKept(index, input);
}

/** Judges every candidate once and finds the best. Pure: the same input gives the same decision. Who needs no verdicts asks to `choose`. */
export function decide(input: DecideInput): Decision {
  const choice = choose(input);
  const judging = toJudging(input);
  const codes = new Uint8Array(input.candidates.length).fill(code.other_model);
  let eligible = 0;
  for (const index of input.selector.among ?? input.candidates.keys()) {
    // What is kept for later may be what is surely there.
    const verdict = index === choice.best ? code.eligible : judge(index, judging);
    codes[index] = verdict;
    if (verdict === code.eligible) eligible++;
  }
  return { ...choice, eligible, codes };
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
