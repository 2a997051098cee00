// Whether refusals come from a limit that nobody tells: what was going on when calls were refused, held against what was going on when they were served.
import type { Item } from '#shared/items.ts';
import { noOps, numberIn, toAttr, type Ops } from './pools-ops.ts';
import { logNames } from './pools-rolling.ts';
import { keyOf, measures, untoldAttrs, untoldLimit, type Measure, type UntoldLimit } from './pools-untold.ts';

/** A call of a candidate that has refused some lately. */
export interface Call {
  readonly beganAtMs: number;
  /** null: it is under way. */
  readonly endedAtMs: number | null;
  readonly refused: boolean;
  /** What was taken of a learned limit when it began, by all instances, itself not counted; null: there was none. */
  readonly taken: { readonly measure: Measure; readonly level: number } | null;
}

/** A call that is over, and what was going on at its provider when it came: other calls under way, and calls let in during the last second and minute. */
export interface Sample {
  readonly beganAtMs: number;
  readonly refused: boolean;
  readonly levels: Readonly<Record<Measure, number>>;
}

/** So many of the latest calls are compared ... */
const MOST_SAMPLES = 128;
/** ... where so many of them were refused, and so many served since the first of those. */
const FEWEST_REFUSED = 8;
const FEWEST_SERVED = 4;
/** The share of refused calls at or above a level must exceed that of served ones by so much: refusals by chance come at any level. A minute's count is high whenever it is late. */
const CLEAR = { places: 0.6, second: 0.6, minute: 0.9 } as const;
/** So large a share of the calls at or above it must have been refused. */
const SURE = 0.7;
/** Another measure must be so much clearer than the one that was learned. */
const CLEARER = 0.2;
/** Below what was proven, so many refusals and so large a share of the calls at that level show that a limit was lowered. */
const LOWERED_BY = 3;
const LOWERED_SHARE = 0.7;
/** A limit has helped where no more than this part of the share of refusals is left; it is then made less by this factor. */
const HELPED = 0.5;
const LESS = 0.85;
/** Places are leases, of which there are no more. */
const MOST_PLACES = 60;
/** Where refusals go on at any level, the limit is none, and for so long nothing is learned. */
const IN_VAIN_MS = 10 * 60_000;
/** More is tried in steps of these shares, 1 at least, so often as it goes well ... */
const FIRST_STEP = 0.1;
const STEP = 0.25;
const STEP_MS = 10_000;
/** ... and after a refusal so much later, twice as late each time. */
const FIRST_HOLD_MS = 15_000;
const LONGEST_HOLD_MS = 240_000;
/** Where so many times of what once was refused passes, there is no limit. */
const OUTGROWN = 4;
const OUTGROWN_BY = 8;

/** When refusals last went on in spite of a learned limit. */
const vainAttr = toAttr('!i');
const names = Object.keys(untoldAttrs) as (keyof UntoldLimit)[];
const spanMs = { second: 1_000, minute: 60_000 } as const;

/** What to write of a learned limit. */
const toLimitOps = (mark: string, limit: UntoldLimit): Ops => ({
  ...noOps,
  set: Object.fromEntries(names.map((name) => [untoldAttrs[name](mark), limit[name]])),
});

/** Whether a limit was lately given up: nothing is learned for a while. */
const isInVain = (book: Item, mark: string, nowMs: number): boolean =>
  nowMs - (numberIn(book, vainAttr(mark)) ?? -Infinity) < IN_VAIN_MS;

/** Leaves nothing of a learned limit, nor of what it counted. */
function forget(book: Item, mark: string): Ops {
  const own = measures.flatMap((measure) => (measure === 'places' ? [] : logNames(keyOf(mark, measure), book)));
  return { ...noOps, remove: [...names.map((name) => untoldAttrs[name](mark)), ...own] };
}

/** Forgets a limit that explained nothing, and remembers that. */
function giveUp(book: Item, mark: string, nowMs: number): Ops {
  const { remove } = forget(book, mark);
  return { ...noOps, set: { [vainAttr(mark)]: nowMs }, remove };
}

/** What was going on when a call came. `letIn` are those that were not refused, by when they began; of those on their way together the refused came last. */
function levelsOf(one: Call, letIn: readonly Call[]): Sample['levels'] {
  const levels = { places: 0, second: 0, minute: 0 };
  for (const call of letIn) {
    if (call === one || call.beganAtMs > (one.endedAtMs ?? one.beganAtMs)) break;
    const agoMs = one.beganAtMs - call.beganAtMs;
    if (call.endedAtMs === null || call.endedAtMs > one.beganAtMs) levels.places++;
    if (agoMs < spanMs.second) levels.second++;
    if (agoMs < spanMs.minute) levels.minute++;
  }
  if (one.taken !== null) levels[one.taken.measure] = Math.max(levels[one.taken.measure], one.taken.level);
  return levels;
}

/** The latest calls that are over, oldest first, with what was going on when they came. `calls` by when they began. */
export function toSamples(calls: readonly Call[]): readonly Sample[] {
  const letIn = calls.filter(({ refused }) => !refused);
  return calls
    .filter(({ endedAtMs }) => endedAtMs !== null)
    .slice(-MOST_SAMPLES)
    .map((call) => ({ beganAtMs: call.beganAtMs, refused: call.refused, levels: levelsOf(call, letIn) }));
}

interface Split {
  readonly measure: Measure;
  /** The least level at which calls are refused. */
  readonly at: number;
  /** How much larger a share of the refused calls than of the served ones was at that level or above it, -1..1. */
  readonly clarity: number;
  /** The share of calls at that level or above it that were refused. */
  readonly certainty: number;
}

const countFrom = (samples: readonly Sample[], measure: Measure, least: number): number =>
  samples.filter(({ levels }) => levels[measure] >= least).length;

/** The level that tells refused calls from served ones best. */
function splitBy(measure: Measure, refused: readonly Sample[], served: readonly Sample[]): Split {
  let best: Split = { measure, at: 0, clarity: -1, certainty: 0 };
  for (const at of new Set(refused.map(({ levels }) => levels[measure]))) {
    if (at < 1 || (measure === 'places' && at > MOST_PLACES)) continue;
    const [no, yes] = [countFrom(refused, measure, at), countFrom(served, measure, at)];
    const clarity = no / refused.length - yes / served.length;
    if (clarity > best.clarity) best = { measure, at, clarity, certainty: no / (no + yes) };
  }
  return best;
}

const isClear = ({ measure, clarity, certainty }: Split): boolean => clarity >= CLEAR[measure] && certainty >= SURE;

/** All measures by how well they tell refused calls from served ones, best first; null while too little is known. */
function toSplits(samples: readonly Sample[]): readonly Split[] | null {
  const refused = samples.filter((sample) => sample.refused);
  const served = samples.filter((sample) => !sample.refused);
  const firstMs = refused[0]?.beganAtMs ?? Infinity;
  const after = served.filter(({ beganAtMs }) => beganAtMs >= firstMs);
  if (refused.length < FEWEST_REFUSED || after.length < FEWEST_SERVED) return null;
  return measures.map((measure) => splitBy(measure, refused, served)).sort((a, b) => b.clarity - a.clarity);
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

const shareOf = (samples: readonly Sample[]): number =>
  Math.round((100 * samples.filter(({ refused }) => refused).length) / samples.length) / 100;

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
  const [least, sinceMs] = tried ? [proven, raiseAtMs - STEP_MS] : [level, -Infinity];
  const alike = since.filter(({ levels, beganAtMs }) => levels[measure] >= least && beganAtMs >= sinceMs);
  const refused = alike.filter((sample) => sample.refused).length;
  if (tried) return refused * 2 > alike.length ? proven : null;
  return refused >= LOWERED_BY && refused >= alike.length * LOWERED_SHARE ? level : null;
}

/** What a refusal teaches where nothing was learned before. */
function toFirst(samples: readonly Sample[], { mark, book, nowMs }: Refused): Ops {
  if (isInVain(book, mark, nowMs)) return noOps;
  const best = toSplits(samples)?.find(isClear);
  return best === undefined ? noOps : toLimitOps(mark, toFound(best, { nowMs, share: shareOf(samples) }));
}

/** Calls are refused below the learned limit, at any level: it is lower than it seems where it has helped, else another one, or none. */
function toInstead(
  { measure, max, share, holdMs }: UntoldLimit,
  since: readonly Sample[],
  nowMs: number,
): UntoldLimit | null {
  const hasHelped = shareOf(since) <= share * HELPED;
  if (hasHelped && max > 1) return toFound({ measure, at: Math.floor(max * LESS) }, { nowMs, share, holdMs });
  if (measure !== 'places') return null;
  const refusedAt = since.filter(({ refused }) => refused).map(({ levels }) => levels.second);
  return toFound({ measure: 'second', at: Math.max(1, Math.min(...refusedAt)) }, { nowMs, share });
}

/** The same where a limit was learned: it is lower, or another one, or none. */
function toNext(known: UntoldLimit, samples: readonly Sample[], { mark, nowMs, book, call }: Refused): Ops {
  const { measure, max, foundAtMs } = known;
  const since = samples.filter(({ beganAtMs }) => beganAtMs > foundAtMs);
  const own = since.find(({ beganAtMs, refused }) => refused && beganAtMs === call.beganAtMs);
  const level = Math.min(max, own?.levels[measure] ?? 0);
  const left = toLeft(known, level, since);
  if (left !== null) return toLimitOps(mark, toFound({ measure, at: left }, { ...known, nowMs }));
  // What is refused of what is being tried says nothing of what is proven.
  const proven = since.filter((sample) => !sample.refused || !isTried(known, sample.levels[measure]));
  const splits = toSplits(proven);
  const [best] = splits ?? [];
  if (!splits || best === undefined) return noOps;
  const present = splits.find((split) => split.measure === measure) ?? best;
  if (best.measure !== measure && isClear(best) && best.clarity >= present.clarity + CLEARER)
    return toLimitOps(mark, toFound(best, { nowMs, share: known.share }));
  if (isClear(present) && present.at < max) return toLimitOps(mark, toFound(present, { ...known, nowMs }));
  if (isClear(best)) return noOps;
  const instead = toInstead(known, proven, nowMs);
  return instead === null ? giveUp(book, mark, nowMs) : toLimitOps(mark, instead);
}

/** What a refusal that no known limit explains teaches; empty when it may be chance. */
export function afterUnexplained(refused: Refused): Ops {
  const known = untoldLimit(refused.book, refused.mark, refused.nowMs);
  if (known === null) return toFirst(toSamples(refused.calls), refused);
  // Whoever began before says nothing of the limit as it is since.
  return refused.call.beganAtMs <= known.foundAtMs ? noOps : toNext(known, toSamples(refused.calls), refused);
}

/** Whether a learned limit answers for a refusal: nobody has to rest for it. */
export function isAnsweredFor({ mark, book, nowMs, call }: Omit<Refused, 'calls'>): boolean {
  const known = untoldLimit(book, mark, nowMs);
  return known !== null && call.beganAtMs <= known.foundAtMs;
}

/** What a call teaches that was served while `used` of a learned limit was taken: where it is full and has been for a while, a little more is tried. */
export function afterServed({ mark, book, nowMs }: { mark: string; book: Item; nowMs: number }, used: number): Ops {
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
    raiseAtMs: nowMs + STEP_MS,
    holdMs,
  });
}
