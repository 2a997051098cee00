// One timer of Node's for all that is to happen later: nearly everything is called off before its time, and then costs no more than to be forgotten.

interface Alarm {
  /** By `performance.now()`. */
  readonly atMs: number;
  /** Of those due at the same time, the lower one rings first. */
  readonly order: number;
  readonly ring: () => void;
  /** Its place in the list; -1 when it has rung or was called off. */
  place: number;
}

/** Alarms that were passed over because they were called off lead to a look at all others; these looks are so far apart. */
const APART_MS = 10;
/** Node knows no longer timers; what is due later is looked at again. */
const LONGEST_MS = 2 ** 31 - 1;
/** Timers of Node's may be this much early. */
const EARLY_MS = 1;

/**
 * All alarms of a process. A list, not a set: the tables that a set outgrows keep what was in them, and each leads to the next, so that with
 * the first that the garbage collector takes for old it takes all requests for old.
 */
export class Alarms {
  readonly #list: Alarm[] = [];
  #made = 0;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = Infinity;

  /** Rings once, in `ms` or up to 10 ms later. Answers what calls it off. Keeps the process alive until then. */
  after(ms: number, ring: () => void): () => void {
    const alarm: Alarm = { atMs: performance.now() + ms, order: this.#made++, ring, place: this.#list.length };
    if (this.#list.length === 0) this.#timer?.ref();
    this.#list.push(alarm);
    if (alarm.atMs < this.#dueMs) this.#arm(alarm.atMs, ms);
    return () => this.#forget(alarm);
  }

  #forget(alarm: Alarm): void {
    // The timer stays: whoever comes next will hardly ever be due before it.
    if (this.#take(alarm) && this.#list.length === 0) this.#timer?.unref();
  }

  /** Takes one out of the list: the last one gets its place. False when it was out already. */
  #take(alarm: Alarm): boolean {
    const { place } = alarm;
    if (place < 0) return false;
    alarm.place = -1;
    const last = this.#list.pop();
    if (last !== undefined && last !== alarm) {
      last.place = place;
      this.#list[place] = last;
    }
    return true;
  }

  #arm(atMs: number, ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueMs = atMs;
    this.#timer = setTimeout(() => this.#ringAll(), Math.min(Math.max(0, ms), LONGEST_MS));
  }

  #ringAll(): void {
    this.#timer = null;
    this.#dueMs = Infinity;
    const nowMs = performance.now();
    const due: Alarm[] = [];
    let nextMs = Infinity;
    for (const alarm of this.#list) {
      if (alarm.atMs <= nowMs + EARLY_MS) due.push(alarm);
      else nextMs = Math.min(nextMs, alarm.atMs);
    }
    due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    // One may call off another.
    for (const alarm of due) if (this.#take(alarm)) this.#ring(alarm);
    const inMs = Math.max(APART_MS, nextMs - nowMs);
    if (this.#list.length > 0 && nowMs + inMs < this.#dueMs) this.#arm(nowMs + inMs, inMs);
  }

  /** One that throws does so as a timer of its own would, and keeps none of the others from ringing. */
  #ring({ ring }: Alarm): void {
    try {
      ring();
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}
