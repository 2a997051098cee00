// How all candidates stand, in columns: what a choice among hundreds looks at, side by side in memory, summed up whenever a standing changes.
import type { Limit, Standing } from './decide.ts';
import { CROWDED_STEPS, LEFT_OVER, PRESSURE_STEPS } from './order.ts';
import { isLeftOver, isSpentAhead, keepOf, OVERSIZE_STEPS } from './thrift.ts';
import type { Candidate } from './types.ts';

/**
 * Bits of `state`, and of the members of a lane, which share theirs with the index and the urgency below them: one look at each tells whether
 * anything of a candidate has to be looked at more closely.
 */
export const bit = {
  /** Its quota should last longer than it would. */
  spentAhead: 1 << 24,
  /** It has quota that lasts for hours or days; of a member: it is larger than needed. */
  lasting: 1 << 25,
  /** Others use some of its pools. */
  shared: 1 << 26,
  /** Its breaker is open. */
  open: 1 << 27,
  /** It is recovering, and compared apart from the others. */
  recovering: 1 << 31,
  /** Not even one more call fits. */
  full: 1 << 30,
  /** Of a member: it is smaller than the request should have. */
  below: 1 << 28,
  /** Of a member: it may cost money. */
  paid: 1 << 29,
} as const;
/** The part of a member that is its index. */
export const INDEX = (1 << 24) - 1;

/**
 * Urgency packs what puts candidates after others, from the most telling: how much quota is kept for later, and pressure. Whoever compares
 * adds what the request decides: whether others may be faster, whether what is left is doubtful, and by how much a model is larger than needed.
 * So many values each of them has.
 */
const OVERSIZES = 4;
const PRESSURES = 64;
const KEEPS = 32;
/** What being doubtful adds. */
export const DOUBTFUL = OVERSIZES * PRESSURES;
const KEEP_UNIT = 2 * DOUBTFUL;
/** What being larger than needed adds where quota lasts for hours or days. */
export const OVERSIZE_KEPT = OVERSIZE_STEPS * KEEP_UNIT;
/** What being contested adds. */
export const CONTESTED = KEEPS * KEEP_UNIT;
/** More than any urgency: its part of `state` is below it. */
export const URGENCIES = 2 * CONTESTED;

/** Bucket levels are fractions; a millionth of a unit is noise. */
export const NOISE = 1e-6;

const within = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

/** Numbers a pressure by its step; what would be left over counts as one that is nearly used up, wherever that is between steps. */
function stepOf(standing: Standing, steps: number): number {
  const leftOver = LEFT_OVER * steps;
  // With two numbers for each step there is one for what lies between two of them.
  if (isLeftOver(standing)) return Math.floor(leftOver) * 2 + (Number.isInteger(leftOver) ? 0 : 1);
  return Math.floor(standing.pressure * steps) * 2;
}

/** What surely holds a call of any kind that counts requests and tokens: so many tokens, in and out. -1: that needs to be judged. */
function easyTokensOf(limits: readonly Limit[], caution: number): number {
  let most = Infinity;
  for (const { unit, room } of limits) {
    if (unit === 'requests' || unit === 'concurrent') {
      if (room < 1) return -1;
    } else if (unit === 'tokens' || unit === 'input_tokens' || unit === 'output_tokens') {
      // One for rounding up, and one because divisions are not exact.
      most = Math.min(most, (room - 2) / caution);
    } else return -1;
  }
  return most;
}

const isFull = (limits: readonly Limit[]): boolean =>
  limits.some(({ unit, room }) => (unit === 'requests' || unit === 'concurrent') && room + NOISE < 1);

/** More tokens of input than this surely do not fit; caution only ever asks for more. */
function inputRoomOf(limits: readonly Limit[], caution: number): number {
  let room = Infinity;
  if (caution < 1) return room;
  for (const limit of limits)
    if (limit.unit === 'tokens' || limit.unit === 'input_tokens') room = Math.min(room, limit.room + NOISE);
  return room;
}

/** Columns of one number per candidate. */
export class Columns {
  /** Bits and urgency: with pressure in small steps, and in large ones for requests that others have outrun. */
  readonly state: Int32Array;
  readonly crowdedState: Int32Array;
  readonly restUntilMs: Float64Array;
  readonly ratio: Float64Array;
  /** Tokens, in and out, that surely fit all limits and the context; less than any call when that has to be judged. */
  readonly easyTokens: Float64Array;
  /** More tokens of input than this surely do not fit. */
  readonly inputRoom: Float64Array;
  readonly lastUsed: Float64Array;
  /** How many are shared with others. */
  shared = 0;
  /** How many breakers are open. */
  open = 0;
  /** Goes up whenever a candidate's bits, urgency or rest have changed. */
  version = 0;
  /** Those whose breaker has closed a short while ago. */
  readonly recovering = new Set<number>();
  readonly #candidates: readonly Candidate[];
  /** The latest rest, the highest ratio and the fewest easy tokens: no less far than they really are. */
  #latestMs = 0;
  #highest = 0;
  #fewest = Infinity;
  /** They may be further than they really are. */
  #isLoose = false;

  constructor(candidates: readonly Candidate[], standings: readonly Standing[]) {
    const count = candidates.length;
    this.#candidates = candidates;
    this.state = new Int32Array(count);
    this.crowdedState = new Int32Array(count);
    this.restUntilMs = new Float64Array(count);
    this.ratio = new Float64Array(count);
    this.easyTokens = new Float64Array(count);
    this.inputRoom = new Float64Array(count);
    this.lastUsed = new Float64Array(count);
    standings.forEach((standing, index) => this.set(index, standing));
  }

  /** Takes over how a candidate stands now. */
  set(index: number, standing: Standing): void {
    const { limits, caution, overdraft, shared, breaker } = standing;
    const before = this.state[index] ?? 0;
    if (shared !== (before & bit.shared) > 0) this.shared += shared ? 1 : -1;
    if ((breaker === 'open') !== (before & bit.open) > 0) this.open += breaker === 'open' ? 1 : -1;
    if (breaker === 'recovering') this.recovering.add(index);
    else this.recovering.delete(index);
    const bits =
      (isSpentAhead(standing) ? bit.spentAhead : 0) |
      (overdraft === null ? 0 : bit.lasting) |
      (shared ? bit.shared : 0) |
      (breaker === 'open' ? bit.open : 0) |
      (breaker === 'recovering' ? bit.recovering : 0) |
      (isFull(limits) ? bit.full : 0);
    const keep = within(keepOf(standing, false), KEEPS - OVERSIZE_STEPS) * KEEP_UNIT;
    const pressure = within(stepOf(standing, PRESSURE_STEPS), PRESSURES) * OVERSIZES;
    const crowdedPressure = within(stepOf(standing, CROWDED_STEPS), PRESSURES) * OVERSIZES;
    const state = bits | (keep + pressure);
    const isBack = standing.lastUsed < (this.lastUsed[index] as number);
    if (state !== before || standing.restUntilMs !== this.restUntilMs[index] || isBack) this.version++;
    this.#isLoose = true;
    this.state[index] = state;
    this.crowdedState[index] = bits | (keep + crowdedPressure);
    this.restUntilMs[index] = standing.restUntilMs;
    this.ratio[index] = standing.ratio;
    this.inputRoom[index] = inputRoomOf(limits, caution);
    this.easyTokens[index] = Math.min(easyTokensOf(limits, caution), this.#candidates[index]?.context ?? Infinity);
    this.lastUsed[index] = standing.lastUsed;
    this.#stretch(index);
  }

  /** Takes over that it has just been used. */
  used(index: number, sequence: number): void {
    this.lastUsed[index] = sequence;
  }

  #stretch(index: number): void {
    this.#latestMs = Math.max(this.#latestMs, this.restUntilMs[index] as number);
    this.#highest = Math.max(this.#highest, this.ratio[index] as number);
    this.#fewest = Math.min(this.#fewest, this.easyTokens[index] as number);
  }

  /** Whether surely nobody rests or has an open breaker, and a call of so many tokens fits everybody's quota: mostly without a look at each. */
  isAllFree(tokens: { readonly inputTokens: number; readonly outputTokens: number }, nowMs: number): boolean {
    if (this.open > 0) return false;
    for (;;) {
      const need = tokens.inputTokens * this.#highest + tokens.outputTokens;
      if (this.#latestMs <= nowMs && need <= this.#fewest) return true;
      if (!this.#isLoose) return false;
      this.#tighten();
    }
  }

  #tighten(): void {
    this.#isLoose = false;
    this.#latestMs = 0;
    this.#highest = 0;
    this.#fewest = Infinity;
    for (let index = 0; index < this.state.length; index++) this.#stretch(index);
  }
}

const kept = new WeakMap<readonly Standing[], Columns>();

/** Columns of standings that change: whoever changes one says so by `set`. */
export function keepColumns(candidates: readonly Candidate[], standings: readonly Standing[]): Columns {
  const columns = new Columns(candidates, standings);
  kept.set(standings, columns);
  return columns;
}

/** The columns kept of these standings, or made of them as they are. */
export const columnsOf = (candidates: readonly Candidate[], standings: readonly Standing[]): Columns =>
  kept.get(standings) ?? new Columns(candidates, standings);
