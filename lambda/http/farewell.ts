// Remembers why a reply must end early, and tells everybody who wants to know, once.
import type { Gone } from '../ports.ts';

export interface Farewell {
  readonly onGone: (listener: (why: Gone) => void) => void;
  /** The first reason counts. */
  readonly leave: (why: Gone) => void;
}

/** A farewell for one exchange. Those who ask late are told at once. */
export function createFarewell(): Farewell {
  let gone: Gone | null = null;
  const listeners: ((why: Gone) => void)[] = [];
  return {
    leave: (why) => {
      gone ??= why;
      for (const listener of listeners.splice(0)) listener(gone);
    },
    onGone: (listener) => {
      const why = gone;
      if (why === null) listeners.push(listener);
      else queueMicrotask(() => listener(why));
    },
  };
}
