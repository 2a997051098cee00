// Notices keys whose limits move together: what one of them uses is missing from the other, so they belong to one account.
import type { Item } from '#shared/items.ts';
import type { Candidate } from '../routing/types.ts';
import type { ObservedLimit } from '../wire/types.ts';
import type { Books } from './books.ts';
import type { Fleet } from './fleet.ts';

export interface Twins {
  /** Takes note of a call that its provider has counted; writes it down when two credentials turn out to share their limits. */
  note(candidate: Candidate, limits: readonly ObservedLimit[]): Promise<void>;
  /** Public names of the credentials of the same owner that seem to share their limits with a candidate's. */
  names(index: number): readonly string[];
}

export interface TwinsDeps {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'candidates' | 'credentials'>;
}

/** So often in a row the other's calls, and nobody else's, must have been missing: other instances' use is as large by chance. */
const ENOUGH = 8;
/** So often where all of them were of one shape, as they are of keys that are used strictly in turn. */
const ENOUGH_ALIKE = 40;
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
}

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

/**
 * Compares what has gone from a limit with what its own key and each other one have used since: of twins, neither more nor less may have gone,
 * and both must be told of one and the same count. Anything else begins anew. Where a third key was used, too, nothing is concluded.
 */
function compare(
  group: Group,
  credentialId: string,
  { last, remaining }: { last: Last; remaining: number },
): string | null {
  const used = (id: string, { calls }: Last): number => (group.calls.get(id) ?? 0) - (calls.get(id) ?? 0);
  const own = used(credentialId, last);
  const all = [...group.calls.keys()].reduce((sum, id) => sum + used(id, last), 0);
  let found: string | null = null;
  for (const [other, theirLast] of group.last) {
    const theirs = used(other, last);
    if (other === credentialId || all !== own + theirs) continue;
    const pair = [credentialId, other].sort().join(' ');
    const isOneCount = theirs === 0 || remaining === theirLast.remaining - used(credentialId, theirLast);
    if (last.remaining - remaining !== all || !isOneCount) group.evidence.delete(pair);
    else if (theirs > 0 && strengthen(group, pair, `${own} ${theirs}`)) found ??= other;
  }
  return found;
}

/** Whether so little has come back since that a count of calls can be compared. */
const isComparable = ({ limit, period }: ObservedLimit, elapsedMs: number): boolean =>
  limit !== null && elapsedMs * limit < periodMs[period] / 2;

/**
 * Finds twins among the calls of this instance. Calls of others hide them while they are many; that they fit a twin's in number,
 * order and count so often in a row was never seen, but where another instance uses them strictly in turn, too. Answers the other credential's id, or null.
 */
export function createTwinFinder(): (
  candidate: Candidate,
  limits: readonly ObservedLimit[],
  nowMs: number,
) => string | null {
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const known = groups.get(name) ?? { calls: new Map(), last: new Map(), evidence: new Map() };
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
        found ??= compare(group, credentialId, { last, remaining: told.remaining });
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

/** Who gave the credentials, by id: that they share an account is nobody else's business. */
const toOwners = ({ candidates, credentials }: TwinsDeps['fleet']): ReadonlyMap<string, string | undefined> =>
  new Map(candidates.map(({ credentialId }, index) => [credentialId, credentials[index]?.owner]));

/** Twins of one fleet, remembered in the credentials' own books and thus by all instances. */
export function createTwins({ books, fleet }: TwinsDeps): Twins {
  const { candidates } = fleet;
  const owners = toOwners(fleet);
  const find = createTwinFinder();
  const write = (id: string, other: string) =>
    books.update(id, { guards: [], add: {}, set: { [TWIN + other]: books.now() }, remove: [], lasting: false });
  return {
    note: async (candidate, limits) => {
      const { credentialId: id } = candidate;
      const other = find(candidate, limits, books.now());
      if (other === null || owners.get(id) !== owners.get(other)) return;
      await Promise.all([write(id, other), write(other, id)]);
    },
    names: (index) => {
      const id = candidates[index]?.credentialId;
      if (id === undefined) return [];
      const ids = twinsIn(books.copy(id).item ?? {}, books.now());
      const isTold = (other: string): boolean => ids.has(other) && owners.get(other) === owners.get(id);
      return [...new Set(candidates.flatMap((one) => (isTold(one.credentialId) ? [one.credential] : [])))];
    },
  };
}
