// Equals take turns: of those that nothing but their last use tells apart, the one that has waited longest is at hand without a look at all the others.
import { bit, INDEX, OVERSIZE_KEPT, URGENCIES, type Columns } from './columns.ts';

/** Those of the smallest key so far. */
class Equals {
  key = Infinity;
  /** The smallest key of those that are not told apart by turns. */
  others = Infinity;
  size = 0;
  /** Room for all there can be, once it is needed. */
  indices = new Int32Array(0);

  clear(most: number): void {
    if (this.indices.length === 0) this.indices = new Int32Array(most);
    this.key = Infinity;
    this.others = Infinity;
    this.size = 0;
  }

  add(index: number, key: number): void {
    if (key > this.key) return;
    if (key < this.key) this.size = 0;
    this.key = key;
    this.indices[this.size++] = index;
  }

  addOther(key: number): void {
    this.others = Math.min(this.others, key);
  }
}

/**
 * The turns of one lane in which urgency counts, for requests that spare the same: a heap by last use, in which whoever was used sinks when it
 * comes to the top again. It is made anew after any change in what candidates are compared by, once two requests have met the same state.
 */
export class Turns {
  readonly #members: Int32Array;
  readonly #bases: Float64Array;
  /** The bits of a candidate's state that are spared; 0 where nothing is. */
  readonly #spares: number;
  #columns: Columns | null = null;
  #version = -1;
  #isMade = false;
  /** Somebody's rest ends then. */
  #untilMs = Infinity;
  readonly #free = new Equals();
  readonly #spared = new Equals();
  /** Which of them take turns; null when none do. */
  #turning: Equals | null = null;
  /** When each of them was used last, as far as was seen: it may have been later. */
  #usedAt = new Float64Array(0);

  constructor({ members, bases }: { members: Int32Array; bases: Float64Array }, spares: number) {
    this.#members = members;
    this.#bases = bases;
    this.#spares = spares;
  }

  /** Index of who has waited longest of those that come first; -1 where more has to be asked, and everybody be looked at. */
  next(columns: Columns, nowMs: number): number {
    if (this.#columns !== columns || this.#version !== columns.version) {
      this.#columns = columns;
      this.#version = columns.version;
      this.#isMade = false;
      return -1;
    }
    if (!this.#isMade || nowMs >= this.#untilMs) this.#make(columns, nowMs);
    return this.#turning === null ? -1 : this.#top(this.#turning, columns.lastUsed);
  }

  #top(turning: Equals, lastUsed: Float64Array): number {
    for (;;) {
      const index = turning.indices[0] as number;
      const used = lastUsed[index] as number;
      if (used === this.#usedAt[0]) return this.#isTied(turning.size) ? -1 : index;
      this.#usedAt[0] = used;
      this.#sink(turning, 0);
    }
  }

  /** Those that were used at the same time, or never, are told apart by chance. */
  #isTied(size: number): boolean {
    const used = this.#usedAt;
    return (size > 1 && used[1] === used[0]) || (size > 2 && used[2] === used[0]);
  }

  #sink({ indices, size }: Equals, from: number): void {
    const usedAt = this.#usedAt;
    const [index, used] = [indices[from] as number, usedAt[from] as number];
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && (usedAt[below + 1] as number) < (usedAt[below] as number)) below++;
      if ((usedAt[below] as number) >= used) break;
      indices[at] = indices[below] as number;
      usedAt[at] = usedAt[below] as number;
      at = below;
    }
    indices[at] = index;
    usedAt[at] = used;
  }

  #make(columns: Columns, nowMs: number): void {
    const [free, spared] = [this.#free, this.#spared];
    this.#isMade = true;
    this.#gather(columns, nowMs);
    const first = free.size > 0 || free.others < Infinity ? free : spared;
    const turning = first.size > 0 && first.key < first.others ? first : null;
    this.#turning = turning;
    if (turning === null) return;
    if (this.#usedAt.length === 0) this.#usedAt = new Float64Array(this.#members.length);
    for (let at = 0; at < turning.size; at++)
      this.#usedAt[at] = columns.lastUsed[turning.indices[at] as number] as number;
    for (let at = (turning.size >> 1) - 1; at >= 0; at--) this.#sink(turning, at);
  }

  /** Finds the first of those that could serve now: of the free ones, and of those that are spared. */
  #gather({ state: states, restUntilMs }: Columns, nowMs: number): void {
    const [free, spared, spares] = [this.#free, this.#spared, this.#spares];
    free.clear(this.#members.length);
    spared.clear(this.#members.length);
    this.#untilMs = Infinity;
    // Whoever has a base from here on has another rank than the first.
    let end = Infinity;
    for (let at = 0; at < this.#members.length; at++) {
      const base = this.#bases[at] as number;
      if (base >= end) return;
      const member = this.#members[at] as number;
      const index = member & INDEX;
      const state = states[index] as number;
      const key = base + (state & (URGENCIES - 1)) + ((state & member & bit.lasting) === 0 ? 0 : OVERSIZE_KEPT);
      const isBelow = spares !== 0 && (member & bit.below) !== 0;
      const untilMs = restUntilMs[index] as number;
      const equals = isBelow || (state & spares) !== 0 ? spared : free;
      if (isBelow) equals.addOther(key);
      else if ((state & (bit.full | bit.open)) !== 0) continue;
      else if (untilMs > nowMs) this.#untilMs = Math.min(this.#untilMs, untilMs);
      else if ((member & bit.paid) !== 0) equals.addOther(key);
      else equals.add(index, key);
      if (equals === free && key === free.key) end = (Math.floor(key / URGENCIES) + 1) * URGENCIES;
    }
  }
}
