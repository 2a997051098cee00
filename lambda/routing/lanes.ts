// In which order candidates are looked at for one kind of request: by all that the fleet and the request's wishes say, before how they stand.
import { bit, URGENCIES } from './columns.ts';
import type { DecideInput } from './decide.ts';
import type { Fits } from './fits.ts';
import { leadingMeasure, toShortOrder, valueOf, type Measure, type Order } from './order.ts';
import { Turns } from './turns.ts';
import { code } from './verdicts.ts';

/** Candidates that could serve a kind of request, the first to be tried first as far as nothing but their standings tells them apart. */
export interface Lane {
  /** The measures in which candidates of the fleet can differ. */
  readonly places: readonly Measure[];
  /** How many of these the rank, and the urgency where it counts, speak for. */
  readonly packed: number;
  /** Whether urgency comes next after the rank. */
  readonly urgent: boolean;
  /** Index and bits of each: ascending by rank, and by index where ranks are equal. */
  readonly members: Int32Array;
  /** What each of them is compared by before its urgency: its rank, a multiple of URGENCIES, and by how much the model is larger than needed. */
  readonly bases: Float64Array;
  /** Who is next among equals, by what requests spare; none where urgency does not count. */
  readonly turns: Readonly<Record<Sparing, Turns>> | null;
}

/** What a request may spare for others, by the bits of a candidate's state: nothing, quota that should last longer, or all that lasts for hours or days. */
export const sparing = { nothing: 0, spentAhead: bit.spentAhead, lasting: bit.lasting } as const;
export type Sparing = keyof typeof sparing;

/** Measures that no standing changes. */
const constant: ReadonlySet<Measure> = new Set<Measure>(['tier', 'belowFloor', 'priority', 'context']);
/** Measures that make up urgency, in their order; the first only where others use the pools too. */
const urgent: readonly Measure[] = ['contested', 'keep', 'doubtful', 'pressure', 'oversize'];

/** Negative when `a` comes before `b` by the first so many measures. */
function compareBy(count: number, [a, b]: readonly [number, number], order: Order): number {
  for (const measure of order.places.slice(0, count)) {
    const difference = valueOf(measure, a, order) - valueOf(measure, b, order);
    if (difference !== 0) return difference;
  }
  return 0;
}

function toLane(input: DecideInput, { codes }: Fits, { hard, isAnyShared }: Terms): Lane {
  const { candidates } = input;
  // Those who recover are compared with whoever is best of the others.
  const order = toShortOrder(input, { isAnyShared, isAnyRecovering: false });
  const { places, floorRank } = order;
  const roleOf = (index: number): number => candidates[index]?.roleRank ?? 0;
  const first = places.findIndex((measure) => !constant.has(measure));
  const next = urgent.filter((measure) => places.includes(measure));
  const isUrgent = next.every((measure, at) => places[first + at] === measure);
  const indices = [...candidates.keys()].filter(
    (index) => codes[index] === code.eligible && !candidates[index]?.onlyByName && !(hard && roleOf(index) < floorRank),
  );
  indices.sort((a, b) => compareBy(first, [a, b], order) || a - b);
  let rank = 0;
  const ranks = indices.map((index, at) => {
    const before = indices[at - 1];
    if (before !== undefined && compareBy(first, [before, index], order) !== 0) rank += URGENCIES;
    return rank;
  });
  const line = {
    members: Int32Array.from(indices, (index) => {
      const isPaid = candidates[index]?.tier === 'paid';
      const isLarger = valueOf('oversize', index, order) > 0;
      const isBelow = roleOf(index) < floorRank;
      return index | (isPaid ? bit.paid : 0) | (isLarger ? bit.lasting : 0) | (isBelow ? bit.below : 0);
    }),
    bases: Float64Array.from(
      indices,
      (index, at) => (ranks[at] ?? 0) + (isUrgent ? valueOf('oversize', index, order) : 0),
    ),
  };
  const toTurns = (name: Sparing): Turns => new Turns(line, sparing[name]);
  return {
    ...line,
    places,
    packed: isUrgent ? first + next.length : first,
    urgent: isUrgent,
    turns: isUrgent
      ? { nothing: toTurns('nothing'), spentAhead: toTurns('spentAhead'), lasting: toTurns('lasting') }
      : null,
  };
}

/** What a lane depends on beside who could serve. */
export interface Terms {
  readonly floorRank: number;
  readonly hard: boolean;
  readonly isAnyShared: boolean;
}

const leadings: readonly (Measure | null)[] = [
  null,
  'context',
  'price',
  'latency',
  'lastUsed',
  'unavailability',
  'inFlight',
  'draw',
  'rank',
];

/** The lane for a request that names no models of its own. */
export function laneOf(input: DecideInput, fits: Fits, terms: Terms): Lane {
  const flags = (terms.hard ? 1 : 0) + (terms.isAnyShared ? 2 : 0) + (input.policy.paid === 'allowed' ? 4 : 0);
  const key = (leadings.indexOf(leadingMeasure(input)) * 3 + terms.floorRank) * 8 + flags;
  const known = fits.lanes.get(key);
  if (known !== undefined) return known;
  const lane = toLane(input, fits, terms);
  fits.lanes.set(key, lane);
  return lane;
}
