// Remembers why a reply must end early, and tells everybody who wants to know, once.
import type { Gone } from '../ports.ts';

/** The end of one exchange. */
export class Farewell {
  #gone: Gone | null = null;
  readonly #listeners: ((why: Gone) => void)[] = [];

  /** Why it must end; null as long as it need not. */
  get gone(): Gone | null {
    return this.#gone;
  }

  /** The first reason counts. */
  leave(why: Gone): void {
    const gone = (this.#gone ??= why);
    for (const listener of this.#listeners.splice(0)) listener(gone);
  }

  /** Those who ask late are told at once. */
  onGone(listener: (why: Gone) => void): void {
    const gone = this.#gone;
    if (gone === null) this.#listeners.push(listener);
    else queueMicrotask(() => listener(gone));
  }
}
