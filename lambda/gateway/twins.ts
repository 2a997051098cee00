// Notices keys whose limits move together: what one of them uses is missing from the other, so they belong to one account.
import type { Item } from '#shared/items.ts';
import type { Candidate } from '../routing/types.ts';
import type { ObservedLimit } from '../wire/types.ts';
import type { Books } from './books.ts';
import type { Fleet } from './fleet.ts';

export interface Twins {
  /** Takes note of a call that its provider has counted; writes it down when two credentials turn out to share their limits. */
  note(candidate: Candidate, limits: readonly ObservedLimit[]): Promise<void>;
  /** Public names of the credentials that seem to share their limits with a candidate's. */
  names(index: number): readonly string[];
}

export interface TwinsDeps {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'candidates'>;
}

/** So often in a row the other's calls must have been missing. */
const ENOUGH = 4;
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

/** One limit of one model, as all credentials of a provider see it. */
interface Group {
  readonly calls: Map<string, number>;
  readonly last: Map<string, Last>;
  readonly score: Map<string, number>;
}

/** Compares what has gone from a limit with what its own key and each other one have used since. */
function compare(group: Group, credentialId: string, { last, drop }: { last: Last; drop: number }): string | null {
  const since = (id: string): number => (group.calls.get(id) ?? 0) - (last.calls.get(id) ?? 0);
  const own = since(credentialId);
  for (const other of group.calls.keys()) {
    const theirs = since(other);
    if (other === credentialId || theirs === 0) continue;
    const pair = [credentialId, other].sort().join(' ');
    if (drop === own + theirs) {
      const score = (group.score.get(pair) ?? 0) + 1;
      group.score.set(pair, score);
      if (score === ENOUGH || score % AGAIN === 0) return other;
    } else if (drop <= own) group.score.delete(pair);
  }
  return null;
}

/** Whether so little has come back since that a count of calls can be compared. */
const isComparable = ({ limit, period }: ObservedLimit, elapsedMs: number): boolean =>
  limit !== null && elapsedMs * limit < periodMs[period] / 2;

/** Finds twins among the calls of this instance: those of others can but hide one, not invent it. Answers the other credential's id, or null. */
export function createTwinFinder(): (
  candidate: Candidate,
  limits: readonly ObservedLimit[],
  nowMs: number,
) => string | null {
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const known = groups.get(name) ?? { calls: new Map(), last: new Map(), score: new Map() };
    groups.set(name, known);
    return known;
  };
  return ({ credentialId, route }, limits, nowMs) => {
    let found: string | null = null;
    for (const told of limits) {
      if (told.unit !== 'requests' || told.remaining === null || told.from !== 'header') continue;
      const group = groupOf(`${route} ${told.period}`);
      group.calls.set(credentialId, (group.calls.get(credentialId) ?? 0) + 1);
      const last = group.last.get(credentialId);
      const drop = last === undefined ? -1 : last.remaining - told.remaining;
      if (last !== undefined && drop >= 0 && isComparable(told, nowMs - last.atMs))
        found ??= compare(group, credentialId, { last, drop });
      group.last.set(credentialId, { remaining: told.remaining, atMs: nowMs, calls: new Map(group.calls) });
    }
    return found;
  };
}

/** Begins the attributes of a credential's own book that name another one, and when the two were last found to move together. */
const TWIN = '&';
/** Not found again for so long, it is forgotten. */
const REMEMBERED_MS = 30 * 86_400_000;

const twinsIn = (book: Item, nowMs: number): ReadonlySet<string> =>
  new Set(
    Object.entries(book).flatMap(([name, atMs]) =>
      name.startsWith(TWIN) && typeof atMs === 'number' && nowMs - atMs <= REMEMBERED_MS ? [name.slice(1)] : [],
    ),
  );

/** Twins of one fleet, remembered in the credentials' own books and thus by all instances. */
export function createTwins({ books, fleet: { candidates } }: TwinsDeps): Twins {
  const find = createTwinFinder();
  const write = (id: string, other: string) =>
    books.update(id, { guards: [], add: {}, set: { [TWIN + other]: books.now() }, remove: [], lasting: false });
  return {
    note: async (candidate, limits) => {
      const { credentialId: id } = candidate;
      const other = find(candidate, limits, books.now());
      if (other !== null) await Promise.all([write(id, other), write(other, id)]);
    },
    names: (index) => {
      const id = candidates[index]?.credentialId;
      const ids = id === undefined ? new Set<string>() : twinsIn(books.copy(id).item ?? {}, books.now());
      return [...new Set(candidates.flatMap((one) => (ids.has(one.credentialId) ? [one.credential] : [])))];
    },
  };
}
