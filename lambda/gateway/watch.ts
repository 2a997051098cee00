// Watches the clock over one attempt: tells when the first content is late, and ends it at silence or at the total deadline.
import type { Clock } from '../ports.ts';

export interface WatchInput {
  readonly clock: Clock;
  /** From now until the first content is called late; Infinity: never. */
  readonly lateMs: number;
  readonly onLate: () => void;
  /** From now until the first content must be there. */
  readonly firstContentMs: number;
  /** The longest silence between two pieces of content. */
  readonly idleMs: number;
  readonly deadlineAtMs: number;
  readonly onTimeout: (message: string) => void;
}

export interface Watch {
  /** Content has come. */
  seen(): void;
  /** The caller is slow: silence is our doing until `resumed`. */
  paused(): void;
  resumed(): void;
  stop(): void;
}

/** One timer, set anew only when it fires. */
class AttemptWatch implements Watch {
  readonly #input: WatchInput;
  readonly #startedAtMs: number;
  readonly #look = (): void => this.#check();
  #lateAtMs: number;
  #lastAtMs: number | null = null;
  #isPaused = false;
  #isStopped = false;
  #cancel: (() => void) | null = null;

  constructor(input: WatchInput) {
    this.#input = input;
    this.#startedAtMs = input.clock.now();
    this.#lateAtMs = this.#startedAtMs + input.lateMs;
    this.#arm(this.#startedAtMs);
  }

  seen(): void {
    this.#lastAtMs = this.#input.clock.now();
  }

  paused(): void {
    this.#isPaused = true;
  }

  resumed(): void {
    this.#isPaused = false;
    if (this.#lastAtMs !== null) this.#lastAtMs = this.#input.clock.now();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** When silence, or the whole, has lasted too long. */
  #endsAtMs(nowMs: number): number {
    const { firstContentMs, idleMs, deadlineAtMs } = this.#input;
    const last = this.#lastAtMs;
    const silent = this.#isPaused ? nowMs + idleMs : last === null ? this.#startedAtMs + firstContentMs : last + idleMs;
    return Math.min(silent, deadlineAtMs);
  }

  /** Never fires at once: whoever watches is not ready for it yet. */
  #arm(nowMs: number): void {
    const lateAtMs = this.#lastAtMs === null ? this.#lateAtMs : Infinity;
    const nextAtMs = Math.min(lateAtMs, this.#endsAtMs(nowMs));
    this.#cancel = this.#input.clock.after(Math.max(0, nextAtMs - nowMs), this.#look);
  }

  #check(): void {
    const nowMs = this.#input.clock.now();
    if (this.#endsAtMs(nowMs) <= nowMs) return this.#tellTimeout(nowMs);
    if (this.#lastAtMs === null && this.#lateAtMs <= nowMs) {
      this.#lateAtMs = Infinity;
      this.#input.onLate();
      if (this.#isStopped) return;
    }
    this.#arm(nowMs);
  }

  #tellTimeout(nowMs: number): void {
    const { firstContentMs, idleMs, deadlineAtMs, onTimeout } = this.#input;
    if (nowMs >= deadlineAtMs) onTimeout('the time for the whole request is over');
    else if (this.#lastAtMs === null) onTimeout(`no answer within ${Math.round(firstContentMs)} ms`);
    else onTimeout(`the answer stood still for ${Math.round(idleMs)} ms`);
  }
}

/** Begins to watch. */
export const createWatch = (input: WatchInput): Watch => new AttemptWatch(input);
