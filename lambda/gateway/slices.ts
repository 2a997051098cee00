// Slices: where pools are far from their limits, an instance reserves for its next calls together, and books them in memory; the rest goes back.
import type { Guard, Item, UpdateResult } from '#shared/items.ts';
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import type { Clock } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Standing } from '../routing/decide.ts';
import { partOf, planReserve, planSettle, viewPool } from '../routing/pools.ts';
import { addTo, isEmpty, mergeOps, noOps, toOps, toSum, type Ops } from '../routing/pools-ops.ts';
import type { Candidate } from '../routing/types.ts';
import type { Books } from './books.ts';
import {
  book,
  count,
  foreseen,
  isLow,
  RENEW_MS,
  SLICE_MS,
  toAmounts,
  toAsked,
  toSources,
  type Part,
  type Slice,
  type Source,
} from './slice.ts';

export interface Slices {
  /** Books a call in a slice; null when there is none that holds it, and the store has to be asked. */
  take(index: number, need: Amounts, standing: Standing): Part | null;
  /** What the call has really used; null keeps what was booked. */
  settle(part: Part, actual: Amounts | null): void;
  /** What a reply has taught, to be written with what goes back: soon, or, where it `canWait`, when the slice ends. */
  learn(part: Part, ops: Ops, canWait: boolean): void;
  /** A provider has refused a call for its limits: what was reserved ahead goes back, and the store is asked for each call again for a while. */
  doubt(index: number): void;
  /** Gives everything back. */
  flush(): Promise<void>;
}

export interface SlicesDeps {
  readonly candidates: readonly Candidate[];
  readonly books: Books;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly zones: ZoneClock;
  /** Flushes of all who hold slices now: to be called before the process ends. */
  readonly holders?: Set<() => Promise<void>>;
}

/** A slice is at most this share of what is left of every pool ... */
const SHARE = 1 / 64;
/** ... and nothing is reserved ahead from pools that are fuller than this. */
const FULLEST = 0.5;
/** Fewer calls are not worth a slice. */
const FEWEST_CALLS = 4;
/** A slice is for so many times the calls that are foreseen. */
const GROWTH = 1.5;
/** What goes back is gathered for so long, ms. */
const GATHER_MS = 250;
/** After a refusal, by the store or a provider, every call is reserved by itself for so long, ms; when there was no room, for that long. */
const DOUBT_MS = 5_000;
const NO_ROOM_MS = 1_000;

class Keeper implements Slices {
  readonly #deps: SlicesDeps;
  readonly #sources: readonly (Source | null)[];
  /** Sources with a slice, or with something to write. */
  readonly #busy = new Set<Source>();
  readonly #flush = (): Promise<void> => this.flush();

  constructor(deps: SlicesDeps) {
    this.#deps = deps;
    this.#sources = toSources(deps.candidates);
  }

  take(index: number, need: Amounts, { breaker, shared, caution }: Standing): Part | null {
    const source = this.#sources[index];
    const candidate = this.#deps.candidates[index];
    if (!source || !candidate) return null;
    const nowMs = this.#deps.books.now();
    count(source, nowMs);
    const amounts = toAsked(source, need, caution);
    // A probe must be the only one, and where others take too the store knows more.
    if (breaker !== 'closed' || shared) return null;
    const slice = this.#usable(source, nowMs);
    const holds = slice !== null && book(slice, amounts);
    source.mark = candidate.mark;
    if (!holds || isLow(slice)) this.#renew(source, nowMs);
    return holds ? { slice, amounts } : null;
  }

  settle({ slice, amounts }: Part, actual: Amounts | null): void {
    const { source } = slice;
    let overdrawn = false;
    for (let at = 0; at < amounts.length; at++) {
      const booked = amounts[at] ?? 0;
      const used = actual?.[source.units[at] as PoolUnit] ?? booked;
      const left = slice.left[at] ?? 0;
      // What a call takes more than was thought is missing for others: it is booked from what was reserved, as far as that goes.
      const more = Math.max(0, Math.min(used - booked, left));
      slice.left[at] = left - more;
      slice.booked[at] = (slice.booked[at] ?? 0) + booked + more;
      slice.used[at] = (slice.used[at] ?? 0) + used;
      overdrawn ||= used - booked > more;
    }
    source.changed.add(slice);
    if (overdrawn) this.#close(slice);
    if (slice.closed) this.#gather(source);
  }

  learn({ slice: { source, closed } }: Part, ops: Ops, canWait: boolean): void {
    addTo((source.learned ??= toSum()), ops);
    if (closed || !canWait) this.#gather(source, canWait);
  }

  doubt(index: number): void {
    const source = this.#sources[index];
    if (!source) return;
    source.exactUntilMs = this.#deps.books.now() + DOUBT_MS;
    if (source.current) this.#close(source.current);
  }

  async flush(): Promise<void> {
    const sources = [...this.#busy];
    for (const { current } of sources) if (current) this.#close(current);
    await Promise.all(sources.map((source) => this.#write(source)));
  }

  /** The slice in force. A clock that was set back ends it as well. */
  #usable({ current }: Source, nowMs: number): Slice | null {
    if (current === null) return null;
    if (nowMs >= current.fromMs && nowMs < current.fromMs + SLICE_MS) return current;
    this.#close(current);
    return null;
  }

  #hold(source: Source): void {
    if (this.#busy.size === 0) this.#deps.holders?.add(this.#flush);
    this.#busy.add(source);
  }

  /** What goes on beside the calls has nobody who would hear of its faults. */
  #apart(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#deps.log.error('slice.failed', { error: error instanceof Error ? error.name : 'unknown' }),
    );
  }

  #renew(source: Source, nowMs: number): void {
    if (!source.opening && nowMs >= source.exactUntilMs) this.#apart(this.#open(source, nowMs));
  }

  /** Sees to it that all there is will be written: with the next slice, where there will be one and it `canWait`, else soon. */
  #gather(source: Source, canWait = true): void {
    this.#hold(source);
    const isWaiting = canWait && source.joins && source.current !== null;
    if (source.timer !== null && (isWaiting || !source.isWaiting)) return;
    source.timer?.();
    source.isWaiting = isWaiting;
    source.timer = this.#deps.clock.after(isWaiting ? SLICE_MS : GATHER_MS, () => this.#apart(this.#write(source)));
  }

  /** Nothing more is booked in it; what is left goes back. */
  #close(slice: Slice): void {
    if (slice.closed) return;
    const { source } = slice;
    slice.closed = true;
    slice.stop();
    if (source.current === slice) source.current = null;
    slice.left.forEach((amount, at) => {
      if (amount > 0) slice.booked[at] = (slice.booked[at] ?? 0) + amount;
      slice.left[at] = 0;
    });
    source.changed.add(slice);
    this.#gather(source);
  }

  /** Takes what is to be written: corrections of what was reserved, and what was learned. */
  #collect(source: Source): Ops {
    source.timer?.();
    source.timer = null;
    const nowMs = this.#deps.books.now();
    const all: Ops[] = [];
    for (const slice of source.changed) {
      const hold = partOf(slice.hold, toAmounts(source, slice.booked));
      all.push(planSettle({ hold, actual: toAmounts(source, slice.used), nowMs }));
      slice.booked.fill(0);
      slice.used.fill(0);
    }
    // Not emptied: what was in a set that is stays with the garbage collector for long.
    source.changed = new Set();
    if (source.learned) all.push(toOps(source.learned));
    source.learned = null;
    return mergeOps(...all);
  }

  async #write(source: Source): Promise<void> {
    const ops = this.#collect(source);
    if (source.current === null && !source.opening) this.#busy.delete(source);
    if (this.#busy.size === 0) this.#deps.holders?.delete(this.#flush);
    if (!isEmpty(ops)) await this.#update(source, ops);
  }

  #update({ book }: Source, ops: Ops & { readonly guards?: readonly Guard[] }): Promise<UpdateResult> {
    return this.#deps.books.update(book, { guards: [], ...ops, lasting: false, patient: true });
  }

  /** How many calls a slice may be for, as the book stands. */
  #callsFor(source: Source, book: Item | null, nowMs: number): number {
    const { zones, books } = this.#deps;
    const doubtMs = books.doubtMs();
    let calls = Math.ceil(foreseen(source, nowMs) * GROWTH);
    for (const pool of source.pools) {
      const mean = source.means[source.units.indexOf(pool.unit)] ?? 0;
      if (mean <= 0) continue;
      const { used, max } = viewPool({ pool, need: {}, book, nowMs, doubtMs, zones });
      calls = Math.min(calls, Math.floor(((max - used) * SHARE) / mean), Math.floor((max * FULLEST - used) / mean));
    }
    return calls;
  }

  /** Reserves the next slice beside the calls. */
  async #open(source: Source, nowMs: number): Promise<void> {
    const { books, zones, metrics } = this.#deps;
    const { mark } = source;
    if (Math.max(source.calls, source.callsBefore) < FEWEST_CALLS) return;
    const book = books.copy(source.book).item;
    const calls = this.#callsFor(source, book, nowMs);
    const size = source.means.map((mean) => Math.ceil(calls * mean));
    const [need, doubtMs] = [toAmounts(source, size), books.doubtMs()];
    const asked = { pools: source.pools, mark, need, lastResort: false, caution: 1, doubtMs };
    const planned =
      calls < FEWEST_CALLS
        ? null
        : planReserve({ ...asked, book, nowMs, lateMs: SLICE_MS, zones, leaseMs: 0, random: 0 });
    if (planned === null || planned.kind === 'blocked' || planned.hold.probe !== null) {
      source.exactUntilMs = nowMs + NO_ROOM_MS;
      return;
    }
    source.opening = true;
    this.#hold(source);
    const back = source.joins ? this.#collect(source) : noOps;
    try {
      const { applied } = await this.#update(source, { ...mergeOps(back, planned), guards: planned.guards });
      metrics.count('freeway_slices_total', { result: applied ? 'reserved' : 'refused' });
      if (applied) return this.#begin(source, { hold: planned.hold, fromMs: nowMs, size });
      source.exactUntilMs = nowMs + DOUBT_MS;
      if (!isEmpty(back)) await this.#update(source, back);
    } finally {
      source.opening = false;
    }
  }

  #begin(source: Source, { hold, fromMs, size }: Pick<Slice, 'hold' | 'fromMs' | 'size'>): void {
    const before = source.current;
    const slice: Slice = {
      source,
      hold,
      fromMs,
      size,
      left: [...size],
      booked: size.map(() => 0),
      used: size.map(() => 0),
      calls: 0,
      closed: false,
      stop: this.#deps.clock.after(RENEW_MS, () => this.#ageing(slice)),
    };
    source.current = slice;
    if (before) this.#close(before);
    // It was doubted while it was being reserved, or came too late.
    if (source.exactUntilMs > fromMs) this.#close(slice);
  }

  /** Its time is nearly over: the next one is reserved where calls come. */
  #ageing(slice: Slice): void {
    const { source, calls } = slice;
    slice.stop = this.#deps.clock.after(SLICE_MS - RENEW_MS, () => this.#close(slice));
    if (calls >= FEWEST_CALLS) this.#renew(source, this.#deps.books.now());
  }
}

/** Slices of an instance's own. */
export const createSlices = (deps: SlicesDeps): Slices => new Keeper(deps);
