// How every candidate stands, kept up to date piece by piece: what a write has changed at once, what only time changes now and then.
import type { ModelKind } from '#shared/catalog.ts';
import type { Amounts } from '#shared/pools.ts';
import { everyMark } from '../routing/breaker.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { keepColumns, type Columns } from '../routing/columns.ts';
import type { Standing } from '../routing/decide.ts';
import { isWatched, poolsNow } from '../routing/pools-untold.ts';
import type { Candidate } from '../routing/types.ts';
import type { Books } from './books.ts';
import { createPace, type Pace, type TapViews } from './pace.ts';
import { changedMarks, toMarkFacts, toPoolFacts, type PoolFacts } from './standing-facts.ts';
import { indicesBy, toGroups, toTap, unseen, type Group, type Mutable } from './standing-groups.ts';

export interface Standings {
  /**
   * One standing per candidate, in the time of the caller's clock. Writes are in it at once; quota that comes back with time is seen a
   * quarter of a second later, or some seconds later where hardly any was used. The array is reused: read it before the next await.
   */
  read(callerMs: number): readonly Standing[];
  /** The highest pressure among the candidates of a book when they were last looked at; 0 when they never were. */
  pressureOf(book: string): number;
  /** The standing of one candidate as it was last read. */
  at(index: number): Standing | undefined;
  /** Whether a candidate is held to a limit that was learned from refusals, as it was last read. */
  hasUntold(index: number): boolean;
  /** A call has begun that needs so much. */
  started(index: number, need: Amounts): void;
  /** See `scarcityOf`: of free quota for this kind of request; null while too little is known. */
  scarcity(kind: ModelKind): number | null;
  ended(index: number, result: { ok: boolean; firstContentMs: number | null }): void;
}

/** Pools in use, and breakers that are not closed, are looked at again after this long even if nobody has written: time frees quota. */
const LOOK_AGAIN_MS = 250;
/** Pools that are hardly used, and by us alone, have little to get back: they are looked at again after this long, few at a time, since a request waits. */
const CALM_MS = 1_000;
const CALM_AT_ONCE = 4;
const HARDLY_USED = 0.05;
/** Who rests for longer than this is not counted on. */
const AWAY_MS = 600_000;
/** Weight of the newest measurement in the running averages. */
const EWMA = 0.2;

export interface StandingsDeps {
  readonly candidates: readonly Candidate[];
  readonly books: Books;
  readonly zones: ZoneClock;
}

/** The standings themselves, with what is known to be out of date. */
class Board {
  readonly current: Mutable<Standing>[];
  readonly #columns: Columns;
  readonly #deps: StandingsDeps;
  readonly #groups: readonly Group[];
  readonly #groupsOf: ReadonlyMap<string, readonly Group[]>;
  readonly #ofMark: ReadonlyMap<string, readonly number[]>;
  readonly #ofBook: ReadonlyMap<string, readonly number[]>;
  readonly #ofCredential: ReadonlyMap<string, readonly number[]>;
  /** By group: 1 for those that are hardly used, and by us alone, and when each was looked at. Read all at once, by a request that may find nothing in the caches. */
  readonly #isCalm: Uint8Array;
  readonly #atMs: Float64Array;
  // Lists, not sets: a set that is emptied time and again leaves tables behind that keep one another from the garbage collector.
  readonly #staleGroups: Group[] = [];
  readonly #staleMarks: number[] = [];
  /** By candidate: 1 for those in the list. */
  readonly #isStale: Uint8Array;
  /** Candidates whose breaker is not closed, or that have learned limits: time changes how they stand. */
  readonly #broken = new Set<number>();
  /** Candidates that have learned limits from refusals: how those stand together with the others. */
  readonly #untold = new Map<number, PoolFacts>();
  readonly pace: Pace;
  #lookedAtMs = -Infinity;
  /** Where the next look at those that are calm begins. */
  #calmFrom = 0;
  /** How far the books' time is ahead of the callers', ms. */
  #aheadMs = 0;

  constructor(deps: StandingsDeps) {
    const { candidates } = deps;
    this.#deps = deps;
    this.current = candidates.map(unseen);
    this.#columns = keepColumns(candidates, this.current);
    this.#groups = toGroups(candidates);
    this.#isCalm = new Uint8Array(this.#groups.length).fill(1);
    this.#atMs = new Float64Array(this.#groups.length).fill(-Infinity);
    this.pace = createPace(this.#groups.map((group) => toTap(group, candidates)));
    // Nothing that is written says anything of candidates without pools.
    this.#groupsOf = Map.groupBy(
      this.#groups.filter(({ pools }) => pools.length > 0),
      ({ book }) => book,
    );
    this.#ofMark = indicesBy(candidates, ({ mark }) => mark);
    this.#ofBook = indicesBy(candidates, ({ book }) => book);
    this.#ofCredential = indicesBy(candidates, ({ credentialId }) => credentialId);
    this.#isStale = new Uint8Array(candidates.length);
    for (const group of this.#groups) this.#renewLater(group);
    for (const index of candidates.keys()) this.#renewMarkLater(index);
    deps.books.onChange((id, before, after) => this.#changed(id, changedMarks(before, after)));
  }

  pressureOf(book: string): number {
    let highest = 0;
    for (const { facts } of this.#groupsOf.get(book) ?? []) highest = Math.max(highest, facts.pressure);
    for (const [index, { pressure }] of this.#untold)
      if (this.#deps.candidates[index]?.book === book) highest = Math.max(highest, pressure);
    return highest;
  }

  hasUntold(index: number): boolean {
    return this.#untold.size > 0 && this.#untold.has(index);
  }

  /** Brings up to date what is not. */
  renew(callerMs: number): void {
    const nowMs = this.#deps.books.now();
    this.#follow(nowMs - callerMs);
    if (Math.abs(nowMs - this.#lookedAtMs) >= LOOK_AGAIN_MS) this.#look(nowMs);
    // Emptying what is empty takes as long as emptying what is not.
    if (this.#staleGroups.length > 0) {
      for (const group of this.#staleGroups) this.#renewGroup(group, nowMs);
      this.#staleGroups.length = 0;
    }
    if (this.#staleMarks.length > 0) {
      for (const index of this.#staleMarks) this.#renewMark(index, nowMs);
      this.#staleMarks.length = 0;
    }
    if (!this.pace.isDue(nowMs)) return;
    this.pace.look(
      this.#groups.map((group) => this.#toTapViews(group, callerMs)),
      nowMs,
    );
  }

  #toTapViews({ book, members, facts }: Group, callerMs: number): TapViews {
    const isRead = this.#deps.books.copy(book).readAtMs > -Infinity;
    const mayServe = members.some((index) => {
      const { breaker, restUntilMs } = this.current[index] ?? unseen();
      return breaker !== 'open' && restUntilMs - callerMs < AWAY_MS;
    });
    return isRead && mayServe ? facts.lasting : null;
  }

  /** Notes that a candidate has just been used. */
  used(index: number, sequence: number, need: Amounts): void {
    const own = this.current[index];
    if (!own) return;
    this.pace.asked(need);
    own.inFlight++;
    own.lastUsed = sequence;
    this.#columns.used(index, sequence);
  }

  #renewLater(group: Group): void {
    if (group.isStale) return;
    group.isStale = true;
    this.#staleGroups.push(group);
  }

  #renewMarkLater(index: number): void {
    if (this.#isStale[index] === 1) return;
    this.#isStale[index] = 1;
    this.#staleMarks.push(index);
  }

  #changed(id: string, marks: ReadonlySet<string>): void {
    for (const group of this.#groupsOf.get(id) ?? []) this.#renewLater(group);
    for (const mark of marks) {
      const touched =
        mark === everyMark ? [this.#ofBook.get(id), this.#ofCredential.get(id)] : [this.#ofMark.get(mark)];
      for (const indices of touched) for (const index of indices ?? []) this.#renewMarkLater(index);
    }
  }

  /** Rests and recoveries are told in the callers' time, which may turn out to be another than it seemed. */
  #follow(aheadMs: number): void {
    if (Math.abs(aheadMs - this.#aheadMs) <= 1) return;
    this.#aheadMs = aheadMs;
    for (const index of this.current.keys()) this.#renewMarkLater(index);
  }

  #look(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    for (const index of this.#broken) this.#renewMarkLater(index);
    const { length } = this.#groups;
    const from = this.#calmFrom;
    let left = CALM_AT_ONCE;
    for (let step = 0; step < length; step++) {
      const at = (from + step) % length;
      const isCalm = this.#isCalm[at] === 1;
      if (isCalm && (left === 0 || nowMs - (this.#atMs[at] ?? 0) < CALM_MS)) continue;
      this.#renewLater(this.#groups[at] as Group);
      if (isCalm && left-- > 0) this.#calmFrom = at + 1;
    }
  }

  #renewGroup(group: Group, nowMs: number): void {
    const { books, zones } = this.#deps;
    group.isStale = false;
    this.#atMs[group.at] = nowMs;
    group.facts = toPoolFacts(group.pools, {
      book: books.copy(group.book).item,
      nowMs,
      doubtMs: books.doubtMs(),
      zones,
    });
    this.#isCalm[group.at] = group.facts.pressure < HARDLY_USED && !group.facts.shared ? 1 : 0;
    for (const index of group.members) {
      if (this.#untold.size > 0 && this.#untold.has(index)) this.#renewMarkLater(index);
      else this.#setPools(index, group.facts);
    }
  }

  #setPools(index: number, { pressure, longPressure = 0, overdraft, shared, limits }: PoolFacts): void {
    const standing = this.current[index];
    if (!standing) return;
    standing.pressure = pressure;
    standing.longPressure = longPressure;
    standing.overdraft = overdraft;
    standing.shared = shared;
    standing.limits = limits;
    this.#columns.set(index, standing);
  }

  /** Answers whether the candidate has a learned limit, or is watched for one. */
  #renewUntold(index: number, candidate: Candidate, nowMs: number): boolean {
    const { books, zones } = this.#deps;
    const book = books.copy(candidate.book).item;
    const pools = poolsNow(candidate, book, nowMs);
    if (pools === candidate.pools && !isWatched(book, candidate.mark, nowMs)) {
      const group = this.#untold.delete(index)
        ? this.#groups.find(({ members }) => members.includes(index))
        : undefined;
      if (group) this.#setPools(index, group.facts);
      return false;
    }
    const facts = toPoolFacts(pools, { book, nowMs, doubtMs: books.doubtMs(), zones });
    this.#untold.set(index, facts);
    this.#setPools(index, facts);
    return true;
  }

  #renewMark(index: number, nowMs: number): void {
    const { books, candidates } = this.#deps;
    this.#isStale[index] = 0;
    const [candidate, standing] = [candidates[index], this.current[index]];
    if (!candidate || !standing) return;
    const book = books.copy(candidate.book).item;
    const whole = books.copy(candidate.credentialId).item;
    const { restUntilMs, breaker, recoveredAtMs, ratio, caution } = toMarkFacts(candidate.mark, { book, whole, nowMs });
    standing.restUntilMs = Math.max(0, restUntilMs - this.#aheadMs);
    standing.breaker = breaker;
    standing.recoveredAtMs = breaker === 'recovering' ? recoveredAtMs - this.#aheadMs : 0;
    standing.ratio = ratio;
    standing.caution = caution;
    this.#columns.set(index, standing);
    const isUntold = this.#renewUntold(index, candidate, nowMs);
    if (breaker === 'closed' && !isUntold) this.#broken.delete(index);
    else this.#broken.add(index);
  }
}

/** Standings of all candidates of a fleet. */
export function createStandings(deps: StandingsDeps): Standings {
  const board = new Board(deps);
  let sequence = 0;
  return {
    read: (callerMs) => {
      board.renew(callerMs);
      return board.current;
    },
    pressureOf: (book) => board.pressureOf(book),
    hasUntold: (index) => board.hasUntold(index),
    at: (index) => board.current[index],
    started: (index, need) => board.used(index, ++sequence, need),
    scarcity: (kind) => board.pace.scarcity(kind),
    ended: (index, { ok, firstContentMs }) => {
      const own = board.current[index];
      if (!own) return;
      own.inFlight--;
      own.availability += EWMA * ((ok ? 1 : 0) - own.availability);
      if (firstContentMs === null) return;
      own.latencyMs = own.latencyMs === null ? firstContentMs : own.latencyMs + EWMA * (firstContentMs - own.latencyMs);
    },
  };
}
