// Candidates that draw on the same pools, and how they stand before anything is known of them.
import type { Standing } from '../routing/decide.ts';
import type { BoundPool, Candidate } from '../routing/types.ts';
import type { Tap } from './pace.ts';
import type { PoolFacts } from './standing-facts.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Candidates that draw on the same pools. */
export interface Group {
  readonly book: string;
  readonly pools: readonly BoundPool[];
  readonly members: number[];
  /** Its place among the groups. */
  readonly at: number;
  facts: PoolFacts;
  /** Its facts have to be made anew. */
  isStale: boolean;
}

/** Of pools that nobody has looked at. */
const unlimited: PoolFacts = {
  pressure: 0,
  longPressure: 0,
  overdraft: null,
  shared: false,
  limits: [],
  lasting: [],
};

/** Of a candidate that nobody has asked. */
export const unseen = (): Mutable<Standing> => ({
  pressure: 0,
  longPressure: 0,
  overdraft: null,
  shared: false,
  limits: [],
  restUntilMs: 0,
  breaker: 'closed',
  recoveredAtMs: 0,
  lastUsed: 0,
  inFlight: 0,
  latencyMs: null,
  availability: 1,
  ratio: 1,
  caution: 1,
});

export function toGroups(candidates: readonly Candidate[]): readonly Group[] {
  const groups = new Map<string, Group>();
  candidates.forEach(({ book, pools }, index) => {
    const name = [book, ...pools.map(({ key }) => key)].join(' ');
    const group = groups.get(name);
    if (group) group.members.push(index);
    else groups.set(name, { book, pools, members: [index], at: groups.size, facts: unlimited, isStale: false });
  });
  return [...groups.values()];
}

/** What a group is to those who foresee when free quota is used up. */
export function toTap({ pools, members }: Group, candidates: readonly Candidate[]): Tap {
  const free = members.map((index) => candidates[index]).filter((candidate) => candidate?.tier === 'free');
  return { pools, kinds: new Set(free.flatMap((candidate) => (candidate ? [candidate.kind] : []))) };
}

/** Places of candidates by what they have in common. */
export const indicesBy = (
  candidates: readonly Candidate[],
  of: (candidate: Candidate) => string,
): Map<string, number[]> => Map.groupBy(candidates.keys(), (index) => of(candidates[index] as Candidate));
