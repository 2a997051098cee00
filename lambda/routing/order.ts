// The order among candidates that may serve: a tuple of measures, compared from the left.
import { modelSizes } from '#shared/catalog.ts';
import { shareAfter } from './breaker.ts';
import type { DecideInput, Standing } from './decide.ts';
import { pricedAt } from './price-at.ts';
import { needOf } from './profile.ts';
import { isContested, isDoubtful, isLeftOver, keepOf } from './thrift.ts';
import type { Candidate } from './types.ts';

/** What candidates are compared by; in every measure smaller is tried first. */
export type Measure =
  | 'listed'
  | 'tier'
  | 'belowFloor'
  | 'recovering'
  | 'context'
  | 'price'
  | 'latency'
  | 'unavailability'
  | 'lastUsed'
  | 'inFlight'
  | 'rank'
  | 'draw'
  | 'priority'
  | 'contested'
  | 'keep'
  | 'doubtful'
  | 'incumbent'
  | 'pressure'
  | 'oversize'
  | 'turn';

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

/** How the candidates of one decision are compared. */
export interface Order {
  readonly input: DecideInput;
  readonly floorRank: number;
  /** The tuple, from the left. */
  readonly places: readonly Measure[];
}

const tierRank = { free: 0, local: 1, paid: 2 } as const;
/** Pressures closer than this share of a pool count as equal, so that equals take turns, and not all instances run to the same place. */
export const PRESSURE_STEPS = 8;
/** The same for a request that others have outrun: instances that know the same would run to the same place again. */
export const CROWDED_STEPS = 3;
function toStep(pressure: number, { refused }: DecideInput): number {
  const steps = refused.size > 0 ? CROWDED_STEPS : PRESSURE_STEPS;
  return Math.floor(pressure * steps) / steps;
}
/** Whoever answered the turn before is preferred to others while so much of its quota is used at most, which is as long as servers reserve several calls at a time: a conversation costs less, and goes on as it began, where it is known. */
export const STAYS_BELOW = 0.5;
/** What would be left over of a day is spent once quota that comes back within minutes is used up; that is lost sooner. */
export const LEFT_OVER = 1;

/** A number in [0, 1) for this candidate in this decision: independent between candidates, equal when replayed. */
function spread(candidate: Candidate, jitter: number): number {
  let hash = Math.floor(jitter * 0x100000000) | 0;
  for (let i = 0; i < candidate.mark.length; i++) hash = Math.imul(hash ^ candidate.mark.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x100000000;
}

/** Whether a candidate that has just come back is left to other requests while the share that prefers it grows. Drawn apart from turns and weights. */
const isHeldBack = (candidate: Candidate, { breaker, recoveredAtMs }: Standing, input: DecideInput): boolean =>
  breaker === 'recovering' && spread(candidate, (input.jitter + 0.5) % 1) >= shareAfter(input.nowMs - recoveredAtMs);

function priceOf(candidate: Candidate, { ratio }: Standing, { profile, nowMs }: DecideInput): number {
  if (candidate.tier !== 'paid') return 0;
  return needOf('usd', profile, { candidate: pricedAt(candidate, nowMs), ratio }) ?? Infinity;
}

/** The measure that a strategy or an `auto:` mode puts before priority and pressure; null when it adds none. */
export function leadingMeasure({ selector, policy, rank }: DecideInput): Measure | null {
  if (selector.mode === 'long') return 'context';
  const strategy = selector.mode === 'fast' ? 'latency' : selector.mode === 'cheap' ? 'cost' : policy.strategy;
  switch (strategy) {
    case 'cost':
      return 'price';
    case 'latency':
      return 'latency';
    case 'availability':
      return 'unavailability';
    case 'round-robin':
      return 'lastUsed';
    case 'least-connections':
      return 'inFlight';
    case 'weighted':
      return 'draw';
    case 'custom':
      return rank ? 'rank' : null;
    case 'free-first':
    case 'priority':
      return null;
  }
}

/**
 * The order for one decision. Free comes before paid, unless paying is `allowed`: then the quality floor and the chosen strategy go first.
 * After that who is not held back while recovering, priority, what is surely left, what should be kept for later, what is left at worst,
 * who answered the turn before, pressure, the smallest model that will do, price, and turns among equals.
 */
export function toOrder(input: DecideInput): Order {
  const leading = leadingMeasure(input);
  const places: Measure[] = input.selector.listed === null ? [] : ['listed'];
  if (input.policy.paid !== 'allowed') places.push('tier', 'belowFloor');
  else if (leading === null) places.push('belowFloor', 'tier');
  else places.push('belowFloor');
  places.push('recovering');
  if (leading !== null) places.push(leading);
  places.push('priority', 'contested', 'keep', 'doubtful');
  if (input.incumbent !== undefined) places.push('incumbent');
  places.push('pressure', 'oversize', 'price', 'lastUsed', 'turn');
  return { input, floorRank: requiredSize(input).rank, places };
}

/** Measures that are equal for all candidates of a fleet, whatever the request. */
const uniform = new WeakMap<readonly Candidate[], ReadonlySet<Measure>>();

function uniformOf(candidates: readonly Candidate[]): ReadonlySet<Measure> {
  const known = uniform.get(candidates);
  if (known) return known;
  const [first] = candidates;
  const measures = new Set<Measure>();
  if (candidates.every(({ tier }) => tier === first?.tier)) measures.add('tier');
  if (candidates.every(({ tier }) => tier !== 'paid')) measures.add('price');
  if (candidates.every(({ priority }) => priority === first?.priority)) measures.add('priority');
  uniform.set(candidates, measures);
  return measures;
}

/** Whether there is anybody of whom some measures tell. */
export interface Presence {
  readonly isAnyShared: boolean;
  readonly isAnyRecovering: boolean;
}

/** The same order without the measures in which no two candidates can differ: the same one is first. */
export function toShortOrder(input: DecideInput, { isAnyShared, isAnyRecovering }: Presence): Order {
  const { places, floorRank } = toOrder(input);
  const equal = uniformOf(input.candidates);
  const telling = places.filter((measure) => {
    // Lanes and turns serve many requests: each compares its own incumbent with whoever comes first.
    if (measure === 'incumbent') return false;
    if (measure === 'contested') return isAnyShared;
    if (measure === 'recovering') return isAnyRecovering;
    return measure === 'belowFloor' ? floorRank > 0 : !equal.has(measure);
  });
  return { input, floorRank, places: telling };
}

/** One measure of one candidate; those that are asked for most come first. */
export function valueOf(measure: Measure, index: number, { input, floorRank }: Order): number {
  const candidate = input.candidates[index];
  const standing = input.standings[index];
  if (candidate === undefined || standing === undefined) return Infinity;
  switch (measure) {
    case 'tier':
      return tierRank[candidate.tier];
    case 'belowFloor':
      return candidate.roleRank < floorRank ? 1 : 0;
    case 'priority':
      return candidate.priority;
    case 'contested':
      return isContested(index, input) ? 1 : 0;
    case 'doubtful':
      return isDoubtful(index, input) ? 1 : 0;
    case 'keep':
      return keepOf(standing, candidate.sizeRank > floorRank);
    case 'incumbent':
      return index === input.incumbent && standing.pressure < STAYS_BELOW ? 0 : 1;
    case 'pressure':
      return isLeftOver(standing) ? LEFT_OVER : toStep(standing.pressure, input);
    case 'oversize':
      return Math.max(0, candidate.sizeRank - floorRank);
    case 'price':
      return priceOf(candidate, standing, input);
    case 'lastUsed':
      return standing.lastUsed;
    case 'turn':
      return spread(candidate, input.jitter);
    case 'listed':
      return input.selector.listed?.get(index) ?? Infinity;
    case 'recovering':
      return isHeldBack(candidate, standing, input) ? 1 : 0;
    case 'context':
      return -(candidate.context ?? 0);
    case 'latency':
      return standing.latencyMs ?? 0;
    case 'unavailability':
      return 1 - standing.availability;
    case 'inFlight':
      return standing.inFlight;
    case 'rank':
      return input.rank?.(candidate, standing, input.profile) ?? Infinity;
    case 'draw':
      // Weighted sampling: the smallest of -ln(u)/weight wins with probability weight / sum of weights.
      return -Math.log(spread(candidate, input.jitter) || 1e-9) / candidate.weight;
  }
}

/** Negative when candidate `a` is tried before `b`. */
export function compare(a: number, b: number, order: Order): number {
  for (const measure of order.places) {
    const left = valueOf(measure, a, order);
    const right = valueOf(measure, b, order);
    // Two infinities are equal, though their difference is no number.
    if (left !== right) return left - right;
  }
  return a - b;
}

/** The best candidate so far, with its measures as far as they have been asked for. */
export interface Leader {
  index: number;
  /** Measures known, from the left. */
  known: number;
  readonly values: number[];
}

/** Nobody leads yet. */
export const toLeader = ({ places }: Order): Leader => ({
  index: -1,
  known: 0,
  values: places.map(() => 0),
});

/**
 * Compares one candidate with the leader measure by measure, each of the leader's taken only once, and lets the better one lead. In the first
 * `equal` measures they are known not to differ.
 */
export function challenge(leader: Leader, index: number, { order, equal = 0 }: { order: Order; equal?: number }): void {
  if (leader.index < 0) return lead(leader, index, equal);
  const { values } = leader;
  const { places } = order;
  for (let place = equal; place < places.length; place++) {
    const measure = places[place];
    if (measure === undefined) return;
    if (place >= leader.known) {
      values[place] = valueOf(measure, leader.index, order);
      leader.known = place + 1;
    }
    const value = valueOf(measure, index, order);
    const held = values[place] ?? 0;
    if (value === held) continue;
    if (value > held) return;
    values[place] = value;
    leader.index = index;
    leader.known = place + 1;
    return;
  }
}

/** Lets a candidate lead of which no measure is known; those before `from` will not be asked for. */
export function lead(leader: Leader, index: number, from: number): void {
  leader.index = index;
  leader.known = from;
}
