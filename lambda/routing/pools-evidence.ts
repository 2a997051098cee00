// What was going on when calls were refused and when they were served, by how many: as the book keeps it for all instances, and what tells the ones from the others.
import type { Item } from '#shared/items.ts';
import { noOps, numberIn, toAttr, type Ops } from './pools-ops.ts';
import { measures, type Measure } from './pools-untold.ts';

/** A call that is over, and what was going on at its provider when it came: other calls under way, and calls let in during the last second and minute. */
export interface Sample {
  readonly beganAtMs: number;
  readonly refused: boolean;
  readonly levels: Readonly<Record<Measure, number>>;
}

interface Count {
  refused: number;
  served: number;
}

/** How many calls were refused and served at each level. */
export type Tally = Readonly<Record<Measure, ReadonlyMap<number, Count>>>;

/** The level at which calls are refused, and how well it tells them from those that are served. */
export interface Split {
  readonly measure: Measure;
  /** The least level at which calls are refused. */
  readonly at: number;
  /** How much larger a share of the refused calls than of the served ones was at that level or above it, -1..1. */
  readonly clarity: number;
  /** The share of calls at that level or above it that were refused. */
  readonly certainty: number;
  /** How hardly that comes by chance: the likelihood ratio (G) of both shares being the same. */
  readonly evidence: number;
}

/** So many were refused, and so many served. */
const FEWEST_REFUSED = 8;
const FEWEST_SERVED = 4;
/** After so many calls no more are counted: each costs writes that grow with what is counted, and a limit would have shown. */
const MOST_COUNTED = 400;
/** The share of refused calls at or above a level must exceed that of served ones by so much: refusals by chance come at any level. A minute's count is high whenever it is late. */
const CLEAR = { places: 0.6, second: 0.6, minute: 0.7 } as const;
/** So large a share of the calls at or above it must have been refused. */
const SURE = 0.7;
/** What comes by chance in one of some ten thousand comparisons: a level is looked for after each refusal. */
const BEYOND_CHANCE = 15;
/** Places are leases, of which there are no more. */
export const MOST_PLACES = 60;

const toTally = (): Record<Measure, Map<number, Count>> => ({
  places: new Map(),
  second: new Map(),
  minute: new Map(),
});

function count(tally: ReturnType<typeof toTally>, { measure, level, refused, by }: Counted): void {
  const counted = tally[measure].get(level) ?? { refused: 0, served: 0 };
  counted[refused ? 'refused' : 'served'] += by;
  tally[measure].set(level, counted);
}

interface Counted {
  readonly measure: Measure;
  readonly level: number;
  readonly refused: boolean;
  readonly by: number;
}

/** The calls of one instance. */
export function tallyOf(samples: readonly Sample[]): Tally {
  const tally = toTally();
  for (const { refused, levels } of samples)
    for (const measure of measures) count(tally, { measure, level: levels[measure], refused, by: 1 });
  return tally;
}

/** A limit in use lets in who comes just below it and refuses who comes at it. What is higher is told apart by shares of this size: so many levels at most are in use. */
const EXACT = 128;
const RATIO = 65 / 64;

function toStep(level: number): number {
  if (level <= EXACT) return Math.max(0, Math.floor(level));
  return Math.ceil(EXACT * RATIO ** Math.floor(Math.log(level / EXACT) / Math.log(RATIO) + 1e-9));
}

const letters = { places: 'p', second: 's', minute: 'm' } as const satisfies Record<Measure, string>;
const prefixOf = (mark: string): string => `${mark}!3`;
const nameOf = (mark: string, { measure, level, refused }: Omit<Counted, 'by'>): string =>
  `${prefixOf(mark)}${letters[measure]}${refused ? 'n' : 'y'}${level}`;

/** How many calls were counted. */
const totalName = toAttr('!3#');

/** Adds a call to what the book says of all instances' calls. */
export function toTallied(
  mark: string,
  { refused, levels }: { readonly refused: boolean; readonly levels: Partial<Sample['levels']> },
): Ops {
  const add: Record<string, number> = { [totalName(mark)]: 1 };
  for (const measure of measures) {
    const level = levels[measure];
    if (level !== undefined) add[nameOf(mark, { measure, level: toStep(level), refused })] = 1;
  }
  return { ...noOps, add };
}

/** All that the book says of them. */
export const tallyNames = (book: Item, mark: string): string[] =>
  Object.keys(book).filter((name) => name.startsWith(prefixOf(mark)));

/** What the book says of all instances' calls. */
export function tallyIn(book: Item, mark: string): Tally {
  const tally = toTally();
  for (const name of tallyNames(book, mark)) {
    const [letter, outcome, ...digits] = name.slice(prefixOf(mark).length);
    const measure = measures.find((one) => letters[one] === letter);
    const by = numberIn(book, name) ?? 0;
    if (measure !== undefined) count(tally, { measure, level: Number(digits.join('')), refused: outcome === 'n', by });
  }
  return tally;
}

/** The likelihood ratio of a table of two by two: what its rows say of its columns. */
function toEvidence(above: Count, all: Count): number {
  const below = { refused: all.refused - above.refused, served: all.served - above.served };
  const total = all.refused + all.served;
  let sum = 0;
  for (const row of [above, below])
    for (const column of ['refused', 'served'] as const) {
      const expected = ((row.refused + row.served) * all[column]) / total;
      if (row[column] > 0) sum += row[column] * Math.log(row[column] / expected);
    }
  return 2 * sum;
}

function sumFrom(counts: ReadonlyMap<number, Count>, least: number): Count {
  const sum = { refused: 0, served: 0 };
  for (const [level, { refused, served }] of counts) {
    if (level < least) continue;
    sum.refused += refused;
    sum.served += served;
  }
  return sum;
}

/** The level that tells refused calls from served ones best; null while too little is known. */
function splitBy(measure: Measure, counts: ReadonlyMap<number, Count>): Split | null {
  const all = sumFrom(counts, -Infinity);
  if (all.refused < FEWEST_REFUSED || all.served < FEWEST_SERVED) return null;
  let best: Split = { measure, at: 0, clarity: -1, certainty: 0, evidence: 0 };
  for (const [at, { refused }] of counts) {
    if (refused === 0 || at < 1 || (measure === 'places' && at > MOST_PLACES)) continue;
    const above = sumFrom(counts, at);
    const clarity = above.refused / all.refused - above.served / all.served;
    if (clarity <= best.clarity) continue;
    const certainty = above.refused / (above.refused + above.served);
    best = { measure, at, clarity, certainty, evidence: toEvidence(above, all) };
  }
  return best;
}

/** The measures of which enough is known, by how well they tell refused calls from served ones, best first. */
export const toSplits = (tally: Tally): readonly Split[] =>
  measures
    .map((measure) => splitBy(measure, tally[measure]))
    .filter((split) => split !== null)
    .sort((a, b) => b.clarity - a.clarity);

/** Whether a split is no chance. */
export const isClear = ({ measure, clarity, certainty, evidence }: Split): boolean =>
  clarity >= CLEAR[measure] && certainty >= SURE && evidence >= BEYOND_CHANCE;

/** Whether so many calls were counted that a limit would have shown. */
export const isEnough = (book: Item, mark: string): boolean => (numberIn(book, totalName(mark)) ?? 0) >= MOST_COUNTED;

/** The share of calls that were refused, rounded; `measure`: of those of which that much is known. */
export function shareOf(tally: Tally, measure: Measure): number {
  const { refused, served } = sumFrom(tally[measure], -Infinity);
  return Math.round((100 * refused) / (refused + served)) / 100;
}
