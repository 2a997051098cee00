// Whether refusals come from a limit that nobody tells: what was going on when calls were refused, held against what was going on when they were served.
import type { Item } from '#shared/items.ts';
import {
  isClear,
  isEnough,
  MOST_PLACES,
  shareOf,
  tallyIn,
  tallyNames,
  tallyOf,
  toSplits,
  toTallied,
  type Sample,
} from './pools-evidence.ts';
import { mergeOps, noOps, numberIn, toAttr, type Ops } from './pools-ops.ts';
import { letIn, logNames } from './pools-rolling.ts';
import {
  isWatched,
  keyOf,
  measures,
  toCountedPool,
  untoldAttrs,
  untoldLimit,
  WATCH_OF_BOOK,
  watchAttr,
  type Measure,
  type UntoldLimit,
} from './pools-untold.ts';
import { ask, look, type Moment } from './pools-view.ts';
import type { BoundPool } from './types.ts';

/** A call of a candidate that has refused some lately. */
export interface Call {
  readonly beganAtMs: number;
  /** null: it is under way. */
  readonly endedAtMs: number | null;
  readonly refused: boolean;
  /** What was going on when it began, by all instances, itself not counted, as far as that is counted; null: nothing is. */
  readonly taken: Readonly<Partial<Record<Measure, number>>> | null;
}

/** So many of an instance's latest calls are compared. */
const MOST_SAMPLES = 128;
/** Another measure must be so much clearer than the one that was learned. */
const CLEARER = 0.2;
/** Below what was proven, so many refusals and so large a share of the calls at that level show that a limit was lowered. */
const LOWERED_BY = 8;
const LOWERED_SHARE = 0.7;
/** A limit has helped where no more than this part of the share of refusals is left; that is judged after so many. */
const HELPED = 0.5;
const JUDGED_BY = 24;
/** Where refusals go on at any level, the limit is none, and for so long none of this measure is learned. */
const IN_VAIN_MS = 10 * 60_000;
/** More is tried in steps of these shares, 1 at least, so often as it goes well: a minute is over before it is known to ... */
const FIRST_STEP = 0.1;
const STEP = 0.25;
const stepMs = { places: 10_000, second: 10_000, minute: 60_000 } as const satisfies Record<Measure, number>;
/** ... and after a refusal so much later, twice as late each time. */
const FIRST_HOLD_MS = 15_000;
const LONGEST_HOLD_MS = 240_000;
/** Where so many times of what once was refused passes, there is no limit. */
const OUTGROWN = 4;
const OUTGROWN_BY = 8;

/** After a refusal that nothing explains, all instances count what goes on for so long; after that not again for so long. */
const WATCH_MS = 3 * 60_000;
const PAUSE_MS = 10 * 60_000;

/** When refusals last went on in spite of a learned limit of this measure. */
const vainAttrs = { places: toAttr('!i'), second: toAttr('!4'), minute: toAttr('!5') } as const;
const names = Object.keys(untoldAttrs) as (keyof UntoldLimit)[];
const spanMs = { second: 1_000, minute: 60_000 } as const;

/** What to write of a learned limit. */
const toLimitOps = (mark: string, limit: UntoldLimit): Ops => ({
  ...noOps,
  set: Object.fromEntries(names.map((name) => [untoldAttrs[name](mark), limit[name]])),
});

/** Whether a limit of this measure was lately given up: none is learned for a while. */
const isInVain = ({ mark, book, nowMs }: At, measure: Measure): boolean =>
  nowMs - (numberIn(book, vainAttrs[measure](mark)) ?? -Infinity) < IN_VAIN_MS;

type At = Pick<Refused, 'mark' | 'book' | 'nowMs'>;

/** Has all instances count what goes on at a candidate that has refused a call, unless they have done so lately. */
export function toWatched({ mark, book, nowMs }: At): Ops {
  const untilMs = Math.abs(numberIn(book, watchAttr(mark)) ?? -Infinity);
  const isPause = Number.isFinite(untilMs) && nowMs < untilMs + PAUSE_MS;
  return isPause || nowMs < (numberIn(book, WATCH_OF_BOOK) ?? 0) ? noOps : beginWatch(mark, nowMs);
}

const beginWatch = (mark: string, nowMs: number): Ops => ({
  ...noOps,
  set: { [watchAttr(mark)]: nowMs + WATCH_MS, [WATCH_OF_BOOK]: nowMs + WATCH_MS },
});

/** Ends what is being counted, and leaves nothing of it but of a learned limit. */
function endWatch({ mark, book, nowMs }: At): Ops {
  const learned = untoldLimit(book, mark, nowMs)?.measure;
  const others = measures.filter((measure) => measure !== 'places' && measure !== learned);
  const names = others.flatMap((measure) => logNames(keyOf(mark, measure), book));
  return {
    ...noOps,
    set: { [watchAttr(mark)]: -nowMs, [WATCH_OF_BOOK]: nowMs },
    remove: [...tallyNames(book, mark), ...names.filter((name) => book[name] !== undefined)],
  };
}

/** The same once its time is over, or so much was counted that a limit would have shown. */
export function afterWatch({ mark, book, nowMs }: At): Ops {
  const untilMs = numberIn(book, watchAttr(mark)) ?? -1;
  if (untilMs < 0) return noOps;
  return untilMs > nowMs && !isEnough(book, mark) ? noOps : endWatch({ mark, book, nowMs });
}

/** Leaves nothing of a learned limit, nor of what it counted. */
function forget(book: Item, mark: string): Ops {
  const own = measures.flatMap((measure) => (measure === 'places' ? [] : logNames(keyOf(mark, measure), book)));
  const learned = names.map((name) => untoldAttrs[name](mark));
  return { ...noOps, remove: [...learned, ...own, ...tallyNames(book, mark), watchAttr(mark)] };
}

/** Forgets a limit that explained nothing, and remembers that. All instances count anew: another measure may explain more. */
function giveUp({ mark, book, nowMs }: At, measure: Measure): Ops {
  const vain: Ops = { ...noOps, set: { [vainAttrs[measure](mark)]: nowMs } };
  return mergeOps(forget(book, mark), vain, beginWatch(mark, nowMs));
}

/** How long after the beginning what is counted says how much there is, ms: calls that had begun before are over by then. Measures that often rise together begin together. */
const countedAfterMs = { places: 5_000, second: 5_000, minute: 60_000 } as const satisfies Record<Measure, number>;

/** What is taken of what is counted, by all instances: of a learned limit, and of everything at a candidate that is watched. */
export function takenIn(mark: string, moment: Moment): Readonly<Partial<Record<Measure, number>>> {
  const { nowMs } = moment;
  const book = moment.book ?? {};
  const learned = untoldLimit(book, mark, nowMs)?.measure;
  const sinceMs = nowMs - ((numberIn(book, watchAttr(mark)) ?? 0) - WATCH_MS);
  const taken: Partial<Record<Measure, number>> = {};
  for (const measure of measures) {
    const isKnown = measure === learned || (isWatched(book, mark, nowMs) && sinceMs >= countedAfterMs[measure]);
    if (isKnown) taken[measure] = usedOf(toCountedPool(mark, measure), moment);
  }
  return taken;
}

function usedOf(pool: BoundPool, moment: Moment): number {
  const question = ask(pool, 0, moment);
  const { clock } = pool;
  // A minute is told to the second; what is let in as soon as it may be would seem to be let in too soon.
  return clock.kind === 'rolling' && clock.seconds > 1 ? letIn(clock, question) : look(clock, question).used;
}

/** What was going on when a call came. `others`: those that were not refused, by when they began; of those on their way together the refused came last. */
function levelsOf(one: Call, others: readonly Call[]): Sample['levels'] {
  const levels = { places: 0, second: 0, minute: 0 };
  for (const call of others) {
    if (call === one || call.beganAtMs > (one.endedAtMs ?? one.beganAtMs)) break;
    const agoMs = one.beganAtMs - call.beganAtMs;
    if (call.endedAtMs === null || call.endedAtMs > one.beganAtMs) levels.places++;
    if (agoMs < spanMs.second) levels.second++;
    if (agoMs < spanMs.minute) levels.minute++;
  }
  for (const measure of measures) levels[measure] = Math.max(levels[measure], one.taken?.[measure] ?? 0);
  return levels;
}

/** What a call that is over adds to what the book says of all instances' calls; nothing where those are not counted, and where a limit is known only that there was one more. */
export function toCounted({ mark, book, nowMs }: At, { refused, taken }: Call): Ops {
  if (taken === null || !isWatched(book, mark, nowMs)) return noOps;
  return toTallied(mark, { refused, levels: untoldLimit(book, mark, nowMs) === null ? taken : {} });
}

/** An instance's latest calls that are over, oldest first, with what was going on when they came. `calls` by when they began. */
export function toSamples(calls: readonly Call[]): readonly Sample[] {
  const others = calls.filter(({ refused }) => !refused);
  return calls
    .filter(({ endedAtMs }) => endedAtMs !== null)
    .slice(-MOST_SAMPLES)
    .map((call) => ({ beganAtMs: call.beganAtMs, refused: call.refused, levels: levelsOf(call, others) }));
}

/** A limit as it was just found now: after refusals of more than is proven, it is tried again ever later. */
const toFound = (
  { measure, at }: { readonly measure: Measure; readonly at: number },
  { nowMs, share, holdMs = FIRST_HOLD_MS }: { nowMs: number; share: number; holdMs?: number },
): UntoldLimit => ({
  measure,
  max: at,
  proven: at,
  foundMax: at,
  foundAtMs: nowMs,
  raiseAtMs: nowMs + holdMs,
  holdMs: Math.min(LONGEST_HOLD_MS, holdMs * 2),
  share,
});

export interface Refused {
  readonly mark: string;
  readonly book: Item;
  readonly nowMs: number;
  /** The call that was refused. */
  readonly call: Call;
  /** The latest calls by when they began, this one included. */
  readonly calls: readonly Call[];
}

/** Whether more is being tried than is proven, and the call came when that was taken. */
const isTried = ({ max, proven }: UntoldLimit, level: number): boolean => max > proven && level >= proven;

/** What a refusal at this level leaves of the limit: above what is proven the first one may tell, below it many must; null: it tells nothing. */
function toLeft(known: UntoldLimit, level: number, since: readonly Sample[]): number | null {
  const { measure, proven, raiseAtMs } = known;
  if (level < 1) return null;
  const tried = isTried(known, level);
  const [least, sinceMs] = tried ? [proven, raiseAtMs - stepMs[measure]] : [level, -Infinity];
  const alike = since.filter(({ levels, beganAtMs }) => levels[measure] >= least && beganAtMs >= sinceMs);
  const refused = alike.filter((sample) => sample.refused).length;
  if (tried) return refused * 2 > alike.length ? proven : null;
  return refused >= LOWERED_BY && refused >= alike.length * LOWERED_SHARE ? level : null;
}

/** What the calls of all instances teach where nothing was learned before. */
function toFirst(at: At): Ops {
  const { mark, book, nowMs } = at;
  if (!isWatched(book, mark, nowMs)) return noOps;
  const tally = tallyIn(book, mark);
  const best = toSplits(tally).find((split) => isClear(split) && !isInVain(at, split.measure));
  if (best === undefined) return noOps;
  const found = toLimitOps(mark, toFound(best, { nowMs, share: shareOf(tally, best.measure) }));
  // What else goes on is counted to the end: another measure may yet explain more.
  return mergeOps(found, { ...noOps, remove: tallyNames(book, mark) });
}

/** The same where a limit was learned: it is lower, or another one, or none. */
function toNext(known: UntoldLimit, samples: readonly Sample[], refused: Refused): Ops {
  const { mark, nowMs, call } = refused;
  const { measure, max, foundAtMs, share } = known;
  const since = samples.filter(({ beganAtMs }) => beganAtMs > foundAtMs);
  const own = since.find(({ beganAtMs, refused }) => refused && beganAtMs === call.beganAtMs);
  const level = Math.min(max, own?.levels[measure] ?? 0);
  const left = toLeft(known, level, since);
  if (left !== null) return toLimitOps(mark, toFound({ measure, at: left }, { ...known, nowMs }));
  // What is refused of what is being tried says nothing of what is proven.
  const proven = since.filter((sample) => !sample.refused || !isTried(known, sample.levels[measure]));
  const splits = toSplits(tallyOf(proven));
  const [best] = splits;
  if (best === undefined) return noOps;
  const present = splits.find((split) => split.measure === measure) ?? best;
  if (best.measure !== measure && isClear(best) && best.clarity >= present.clarity + CLEARER)
    return toLimitOps(mark, toFound(best, { nowMs, share }));
  if (isClear(present) && present.at < max) return toLimitOps(mark, toFound(present, { ...known, nowMs }));
  if (isClear(best)) return noOps;
  // Refusals at any level come by chance, or of another limit.
  const isEarly = proven.filter((sample) => sample.refused).length < JUDGED_BY;
  return isEarly || shareOf(tallyOf(proven), measure) <= share * HELPED ? noOps : giveUp(refused, measure);
}

/** What a refusal that no known limit explains teaches; empty when it may be chance. */
export function afterUnexplained(refused: Refused): Ops {
  const known = untoldLimit(refused.book, refused.mark, refused.nowMs);
  if (known === null) return toFirst(refused);
  // Whoever began before says nothing of the limit as it is since.
  return refused.call.beganAtMs <= known.foundAtMs ? noOps : toNext(known, toSamples(refused.calls), refused);
}

/** Whether a learned limit answers for a refusal: nobody has to rest for it. */
export function isAnsweredFor({ mark, book, nowMs, call }: At & Pick<Refused, 'call'>): boolean {
  const known = untoldLimit(book, mark, nowMs);
  return known !== null && call.beganAtMs <= known.foundAtMs;
}

/** What a call teaches that was served while `used` of a learned limit was taken: where it is full and has been for a while, a little more is tried. */
export function afterServed({ mark, book, nowMs }: At, used: number): Ops {
  const known = untoldLimit(book, mark, nowMs);
  if (known === null || nowMs < known.raiseAtMs || used < known.max) return noOps;
  const isGrowing = known.max > known.foundMax;
  const more = known.max + Math.max(1, Math.round(known.max * (isGrowing ? STEP : FIRST_STEP)));
  const most = known.measure === 'places' ? MOST_PLACES : Infinity;
  if (known.max >= most || more > known.foundMax * OUTGROWN + OUTGROWN_BY) return forget(book, mark);
  const holdMs = isGrowing ? FIRST_HOLD_MS : known.holdMs;
  return toLimitOps(mark, {
    ...known,
    max: Math.min(most, more),
    proven: known.max,
    raiseAtMs: nowMs + stepMs[known.measure],
    holdMs,
  });
}
