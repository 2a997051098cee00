// The choice of who is tried first: the same as judging and comparing everybody, but looking closely only at those who could win.
import { bit, columnsOf, CONTESTED, DOUBTFUL, INDEX, OVERSIZE_KEPT, URGENCIES, type Columns } from './columns.ts';
import type { DecideInput } from './decide.ts';
import { judge, toJudging, type Judging } from './judge.ts';
import { laneOf, sparing, type Lane, type Sparing } from './lanes.ts';
import {
  challenge,
  compare,
  lead,
  STAYS_BELOW,
  toLeader,
  toOrder,
  toShortOrder,
  type Leader,
  type Order,
} from './order.ts';
import { findSafe } from './safe.ts';
import { isAt, isContested, isDoubtful } from './thrift.ts';
import { code } from './verdicts.ts';

export interface Choice {
  /** Index of the candidate to try first; -1 when none is eligible. */
  readonly best: number;
  /** Where none is: the best of those that are only kept for later; -1 when there is none of these either. */
  readonly spared: number;
}

/** How the rest of an order is compared where the first measures are equal. */
interface Rest {
  readonly order: Order;
  readonly equal: number;
}

/** The best so far, with what it is compared by first. */
class Front implements Leader {
  index = -1;
  known = 0;
  readonly values: number[];
  key = Infinity;
  /** Whoever has a base from here on has another rank. */
  end = Infinity;
  /** Infinity where price tells first. */
  lastUsed = Infinity;
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
    this.values = rest.order.places.map(() => 0);
  }

  /** Lets whoever is better lead. */
  meet(index: number, key: number, lastUsed: number): void {
    if (key > this.key) return;
    if (key < this.key) lead(this, index, this.#rest.equal);
    else challenge(this, index, this.#rest);
    if (this.index !== index) return;
    this.key = key;
    this.end = (Math.floor(key / URGENCIES) + 1) * URGENCIES;
    this.lastUsed = lastUsed;
  }
}

/** Those that may serve now, and those that are kept for later. */
interface Fronts {
  readonly best: Leader;
  readonly spared: Leader;
}

/** Which calls need no closer look where so many tokens fit: they take requests and tokens, and nobody else has a say. */
interface Ease {
  readonly isAny: boolean;
  readonly inputTokens: number;
  /** With room for rounding. */
  readonly outputTokens: number;
  /** Candidates that cost money are among them. */
  readonly isPaid: boolean;
}

function toEase({ input, roomUsd }: Judging): Ease {
  const { profile, policy, tried, refused } = input;
  const { inputTokens, longestInputTokens = 0, outputTokens } = profile;
  return {
    isAny: tried.size === 0 && refused.size === 0 && (policy.leavePart ?? 0) === 0,
    inputTokens: Math.max(inputTokens, longestInputTokens),
    outputTokens: outputTokens + 1,
    isPaid: roomUsd === Infinity,
  };
}

/** Whether a call surely fits what is left of a candidate's quota, and nobody else has a say. */
const isEasy = (index: number, { ratio, easyTokens }: Columns, ease: Ease): boolean =>
  ease.isAny && ease.inputTokens * (ratio[index] as number) + ease.outputTokens <= (easyTokens[index] as number);

/** What this request leaves to others. */
function sparingOf(input: DecideInput): Sparing {
  if (input.thrifty !== true) return 'nothing';
  return isAt('scarce', input) ? 'lasting' : 'spentAhead';
}

interface Known {
  readonly columns: Columns;
  readonly judging: Judging;
}

/** Lets the incumbent lead, where it may, before all who are not better by more than pressure. */
function seed(best: Front, { members, bases }: Lane, { columns, judging }: Known): void {
  const { input } = judging;
  const { state: states } = columns;
  const { incumbent = -1, standings } = input;
  const at = incumbent < 0 ? -1 : members.findIndex((member) => (member & INDEX) === incumbent);
  if (at < 0 || (standings[incumbent]?.pressure ?? 1) >= STAYS_BELOW) return;
  const state = states[incumbent] as number;
  if ((state & bit.recovering) !== 0 || judge(incumbent, judging) !== code.eligible) return;
  let key = (bases[at] as number) + (state & (URGENCIES - 1));
  if ((state & (members[at] as number) & bit.lasting) !== 0) key += OVERSIZE_KEPT;
  if (isContested(incumbent, input)) key += CONTESTED;
  if (isDoubtful(incumbent, input)) key += DOUBTFUL;
  // Below pressure and size, and before who is equal in all else.
  best.meet(incumbent, Math.floor(key / DOUBTFUL) * DOUBTFUL - 0.5, Infinity);
}

/** Goes through a lane from its front, until nobody behind can win. Leaves out those who are recovering, and, once somebody may serve now, those who are kept for later. */
function runLane(lane: Lane, columns: Columns, judging: Judging): Fronts & { readonly order: Order } {
  const { input, floor } = judging;
  const { nowMs, thrifty = false } = input;
  const { members, bases, places, urgent } = lane;
  const { restUntilMs, ratio, inputRoom, lastUsed } = columns;
  const states = input.refused.size > 0 ? columns.crowdedState : columns.state;
  const order: Order = { input, floorRank: floor.rank, places };
  const rest: Rest = { order, equal: lane.packed };
  const [best, spared] = [new Front(rest), new Front(rest)];
  const ease = toEase(judging);
  const urgency = urgent ? URGENCIES - 1 : 0;
  const larger = urgent ? bit.lasting : 0;
  const { inputTokens } = input.profile;
  const shut = bit.recovering | bit.full | (input.lastResort ? 0 : bit.open);
  if (urgent) seed(best, lane, { columns, judging });
  const low = thrifty ? bit.below : 0;
  const ahead = sparing[sparingOf(input)];
  const shared = thrifty || urgent ? bit.shared : 0;
  for (let at = 0; at < members.length; at++) {
    const base = bases[at] as number;
    if (base >= best.end) break;
    const member = members[at] as number;
    const index = member & INDEX;
    const state = states[index] as number;
    let key = base + (state & urgency);
    if ((state & member & larger) !== 0) key += OVERSIZE_KEPT;
    const isLow = (member & low) !== 0;
    let front = isLow || (state & ahead) !== 0 ? spared : best;
    const isShared = (state & shared) !== 0;
    const isFound = best.index >= 0;
    if (isFound && front === spared) continue;
    // The closer look at those who are shared only ever adds to the key.
    if (key > front.key && (isFound || !(isShared && thrifty && key <= spared.key))) continue;
    const used = lastUsed[index] as number;
    const isPaid = (member & bit.paid) !== 0;
    // Those who cost nothing are told apart by who was used last, next: most are passed over here.
    const takesTurns = urgent && !isPaid;
    if (takesTurns && !isShared && key === front.key && used > front.lastUsed) continue;
    const rate = ratio[index] as number;
    const isShut = (state & shut) !== 0 || (restUntilMs[index] as number) > nowMs;
    if (isLow ? (state & bit.recovering) !== 0 : isShut || inputTokens * rate > (inputRoom[index] as number)) continue;
    if (isShared && isContested(index, input)) {
      if (urgent) key += CONTESTED;
      if (thrifty && isFound) continue;
      if (thrifty) front = spared;
    }
    if (key > front.key || (takesTurns && key === front.key && used > front.lastUsed)) continue;
    if (urgent && isDoubtful(index, input)) key += DOUBTFUL;
    if (key > front.key) continue;
    const isSure = isEasy(index, columns, ease) && (!isPaid || ease.isPaid);
    if (isSure || judge(index, judging) === (front === best ? code.eligible : code.kept_for_later))
      front.meet(index, key, isPaid ? Infinity : used);
  }
  return { best, spared, order };
}

/** Who comes first by turns, where nothing more is to be said; null where everybody has to be looked at. */
function takeTurn(lane: Lane, columns: Columns, judging: Judging): Choice | null {
  const { input } = judging;
  if (lane.turns === null || input.refused.size > 0 || input.lastResort || columns.recovering.size > 0) return null;
  const name = sparingOf(input);
  const index = lane.turns[name].next(columns, input.nowMs);
  if (index < 0 || (columns.restUntilMs[index] as number) > input.nowMs || isDoubtful(index, input)) return null;
  const state = columns.state[index] as number;
  if ((state & bit.shared) !== 0 && isContested(index, input)) return null;
  const isSpared = (state & sparing[name]) !== 0;
  const wanted = isSpared ? code.kept_for_later : code.eligible;
  if (!isEasy(index, columns, toEase(judging)) && judge(index, judging) !== wanted) return null;
  return isSpared ? { best: -1, spared: index } : { best: index, spared: -1 };
}

/** Judges and compares all of those that the request names. */
function runNamed(among: readonly number[], judging: Judging, order: Order): Fronts {
  const [best, spared] = [toLeader(order), toLeader(order)];
  for (const index of among) {
    const verdict = judge(index, judging);
    if (verdict === code.eligible) challenge(best, index, { order });
    else if (verdict === code.kept_for_later && best.index < 0) challenge(spared, index, { order });
  }
  return { best, spared };
}

/** Looks at everybody who could win. */
function runAll(judging: Judging, columns: Columns, lane: Lane | null): Fronts & { readonly order: Order } {
  const { input } = judging;
  const { among } = input.selector;
  const { recovering } = columns;
  const toFullOrder = (): Order =>
    toShortOrder(input, { isAnyShared: columns.shared > 0, isAnyRecovering: recovering.size > 0 });
  if (lane === null) {
    const order = toFullOrder();
    return { ...runNamed(among ?? [], judging, order), order };
  }
  const fronts = runLane(lane, columns, judging);
  if (recovering.size === 0) return fronts;
  // Those who recover are few: they are compared with the best of the others, by everything.
  const last = [fronts.best.index, fronts.spared.index, ...recovering].filter((index) => index >= 0);
  last.sort((a, b) => a - b);
  const order = toFullOrder();
  return { ...runNamed(last, judging, order), order };
}

const isNamed = (index: number, { selector: { among } }: DecideInput): boolean =>
  among === null || among.includes(index);

/** The incumbent where it is of the same verdict as the best of all, and preferred to it. */
function orIncumbent(best: number, judging: Judging, input: DecideInput): number {
  const { incumbent } = input;
  if (incumbent === undefined || best < 0 || !isNamed(incumbent, input)) return best;
  const isAlike = judge(incumbent, judging) === judge(best, judging);
  return isAlike && compare(incumbent, best, toOrder(input)) < 0 ? incumbent : best;
}

/** Finds who is tried first. Pure: the same input gives the same choice. */
export function choose(input: DecideInput): Choice {
  if (input.candidates.length === 0) return { best: -1, spared: -1 };
  const judging = toJudging(input);
  const columns = columnsOf(input.candidates, input.standings);
  const { rank: floorRank, hard } = judging.floor;
  const terms = { floorRank, hard, isAnyShared: columns.shared > 0 };
  const lane = input.selector.among === null ? laneOf(input, judging.fits, terms) : null;
  const turn = lane === null ? null : takeTurn(lane, columns, judging);
  const stay = (index: number): number => orIncumbent(index, judging, input);
  if (turn !== null) return { best: stay(turn.best), spared: stay(turn.spared) };
  const { best: found, spared, order } = runAll(judging, columns, lane);
  if (found.index < 0) return { best: -1, spared: stay(spared.index) };
  const best = stay(found.index);
  if (input.thrifty !== true || !isDoubtful(best, input)) return { best, spared: -1 };
  const isKept = (index: number): boolean => isNamed(index, input) && judge(index, judging) === code.kept_for_later;
  const safe = findSafe(best, isKept, input.incumbent === undefined ? order : toOrder(input));
  return { best: safe >= 0 ? safe : best, spared: -1 };
}

/** Whether time will set somebody free who could serve: they rest, or their quota is used up. Looks closely only at those who are not free now. */
export function isAnyPassing(input: DecideInput): boolean {
  const { candidates, standings, selector, refused, nowMs } = input;
  const { among } = selector;
  const judging = toJudging(input);
  const { inputTokens, outputTokens } = toEase(judging);
  const columns = columnsOf(candidates, standings);
  if (refused.size === 0 && columns.isAllFree({ inputTokens, outputTokens }, nowMs)) return false;
  const { state, restUntilMs, ratio, easyTokens } = columns;
  const count = among === null ? candidates.length : among.length;
  for (let at = 0; at < count; at++) {
    const index = among === null ? at : (among[at] as number);
    const isAwake = (restUntilMs[index] as number) <= nowMs && ((state[index] as number) & bit.open) === 0;
    const tokens = inputTokens * (ratio[index] as number) + outputTokens;
    const isFree = isAwake && tokens <= (easyTokens[index] as number);
    if (isFree && (refused.size === 0 || !refused.has(index))) continue;
    const verdict = judge(index, judging);
    if (verdict === code.resting || verdict === code.breaker_open || verdict === code.quota_used_up) return true;
  }
  return false;
}
