// Finds keys whose limits move together in what replies tell: what one of them uses is missing from the other.
import type { Candidate } from '../routing/types.ts';
import type { ObservedLimit } from '../wire/types.ts';

/** So often in a row the other's calls, and nobody else's, must have been missing: other instances' use is as large by chance. */
const ENOUGH = 8;
/** So often where all of them were of one shape, as they are of keys that are used strictly in turn. */
const ENOUGH_ALIKE = 40;
/** So often, less twice for each time that it was missing, the other's calls must not have been missing: replies that overtake one another do so now and then. */
const ENOUGH_CONTRARY = 40;
/** Told again after so many more, so that it is not forgotten. */
const AGAIN = 1_000;

const periodMs: Readonly<Record<ObservedLimit['period'], number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 2_592_000_000,
  unknown: 60_000,
};

/** What a credential was told last. */
interface Last {
  readonly remaining: number;
  readonly atMs: number;
  /** Calls made until then, by credential. */
  readonly calls: ReadonlyMap<string, number>;
}

/** What speaks for two credentials being twins. */
interface Evidence {
  readonly count: number;
  /** Calls of both in the last comparison. */
  readonly shape: string;
  /** Whether comparisons were of different shapes: another instance that uses both in turn may for a while make those of one shape fit. */
  readonly isVaried: boolean;
  /** The count at which it is told next. */
  readonly tellAt: number;
}

const NOTHING: Evidence = { count: 0, shape: '', isVaried: false, tellAt: ENOUGH };

/** One limit of one model, as all credentials of a provider see it. */
interface Group {
  readonly calls: Map<string, number>;
  readonly last: Map<string, Last>;
  readonly evidence: Map<string, Evidence>;
  /** By pair, how often what the other used was not missing. */
  readonly contrary: Map<string, number>;
  /** When one that had come back was last missing, ms; by pair, as each of them is told. */
  readonly back: Map<string, number>;
}

/** What was found of a credential and another one: that they are twins, or, of those that were taken for such, that they are not. */
export interface Finding {
  readonly other: string;
  readonly areTwins: boolean;
}

const noFindings: readonly Finding[] = [];

/** Adds a comparison that fits; says whether the twins are to be told now. */
function strengthen(group: Group, pair: string, shape: string): boolean {
  const { evidence } = group;
  const before = evidence.get(pair) ?? NOTHING;
  const count = before.count + 1;
  const isVaried = before.isVaried || (before.count > 0 && before.shape !== shape);
  const isTold = count >= before.tellAt && (isVaried || count >= ENOUGH_ALIKE);
  evidence.set(pair, { count, shape, isVaried, tellAt: isTold ? count + AGAIN : before.tellAt });
  return isTold;
}

/** Whether one is missing because it has come back meanwhile, which happens as often as the limit refills: that says nothing. */
function isBack(
  { back }: Group,
  { id, nowMs, refillMs }: Told,
  { other, missing }: { other: string; missing: number },
): boolean {
  const name = `${id} ${other}`;
  if (missing !== -1 || nowMs - (back.get(name) ?? -Infinity) < refillMs * 0.9) return false;
  back.set(name, nowMs);
  return true;
}

/** Counts a comparison that speaks against twins, or for them; says whether it is enough. */
function weaken({ contrary }: Group, pair: string, speaksAgainst: boolean): boolean {
  const count = Math.max(0, (contrary.get(pair) ?? 0) + (speaksAgainst ? 1 : -2));
  const isEnough = count >= ENOUGH_CONTRARY;
  contrary.set(pair, isEnough ? 0 : count);
  return isEnough;
}

const usedSince = ({ calls }: Group, id: string, last: Last): number =>
  (calls.get(id) ?? 0) - (last.calls.get(id) ?? 0);

/** What a credential was told, and what it was told the time before. */
interface Told {
  readonly id: string;
  readonly nowMs: number;
  /** So long it takes for one to come back. */
  readonly refillMs: number;
  readonly last: Last;
  readonly remaining: number;
}

/** One credential beside the one that was just told. */
interface Pair {
  readonly other: string;
  readonly theirLast: Last;
  /** Calls by the one that was told, and by all, since it was told the time before. */
  readonly own: number;
  readonly all: number;
}

/** A comparison with one other. null: it says nothing, or not yet enough. */
function judge(group: Group, told: Told, { other, theirLast, own, all }: Pair): Finding | null {
  const { id, last, remaining } = told;
  const theirs = usedSince(group, other, last);
  const pair = [id, other].sort().join(' ');
  const drop = last.remaining - remaining;
  const since = (ids: Iterable<string>): number =>
    [...ids].reduce((sum, one) => sum + usedSince(group, one, theirLast), 0);
  const isOneCount = (among: Iterable<string>): boolean => theirLast.remaining - remaining === since(among);
  const fits =
    (drop === own + theirs && (theirs === 0 || isOneCount([id]))) ||
    (drop === all && (theirs === 0 || isOneCount(group.calls.keys())));
  if (!fits && !isBack(group, told, { other, missing: drop - all })) group.evidence.delete(pair);
  if (theirs === 0) return null;
  const isApart = weaken(group, pair, drop <= own);
  if (fits && strengthen(group, pair, `${own} ${theirs} ${all}`)) return { other, areTwins: true };
  return isApart ? { other, areTwins: false } : null;
}

/**
 * Compares what has gone from a limit with what its own key and each other one have used since: of twins, neither more nor less may have gone,
 * and both must be told of one and the same count. Anything else begins anew. Of other keys that were used meanwhile, either all belong to
 * the account, or none.
 */
function compare(group: Group, told: Told): readonly Finding[] {
  const own = usedSince(group, told.id, told.last);
  let all = 0;
  for (const id of group.calls.keys()) all += usedSince(group, id, told.last);
  let found: Finding[] | null = null;
  for (const [other, theirLast] of group.last) {
    if (other === told.id) continue;
    const finding = judge(group, told, { other, theirLast, own, all });
    if (finding !== null) (found ??= []).push(finding);
  }
  return found ?? noFindings;
}

/** How long it takes for one call to come back; 0 when the limit is unknown. So little must have come back that a count of calls can be compared. */
const toRefillMs = ({ limit, period }: ObservedLimit): number =>
  limit === null || limit <= 0 ? 0 : periodMs[period] / limit;

/**
 * Finds twins among the calls of this instance. Calls of others hide them while they are many; that they fit a twin's in number,
 * order and count so often in a row was never seen, but where another instance uses them strictly in turn, too.
 */
export function createTwinFinder(): (
  candidate: Candidate,
  limits: readonly ObservedLimit[],
  nowMs: number,
) => readonly Finding[] {
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group = {
      calls: new Map(),
      last: new Map(),
      evidence: new Map(),
      contrary: new Map(),
      back: new Map(),
    };
    groups.set(name, group);
    return group;
  };
  return ({ credentialId: id, route }, limits, nowMs) => {
    let found = noFindings;
    for (const told of limits) {
      const { remaining } = told;
      if (told.unit !== 'requests' || remaining === null || told.from !== 'header') continue;
      const group = groupOf(`${route} ${told.period}`);
      group.calls.set(id, (group.calls.get(id) ?? 0) + 1);
      const last = group.last.get(id);
      const refillMs = toRefillMs(told);
      if (last !== undefined && remaining <= last.remaining && nowMs - last.atMs < refillMs / 2) {
        const more = compare(group, { id, nowMs, refillMs, last, remaining });
        if (more.length > 0) found = [...found, ...more];
      }
      group.last.set(id, { remaining, atMs: nowMs, calls: new Map(group.calls) });
    }
    return found;
  };
}
