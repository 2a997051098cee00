// When copies of books are read again: before a request where it matters, else beside the requests.
import type { Clock } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import type { Books } from './books.ts';

export interface FreshnessDeps {
  readonly books: Books;
  readonly clock: Clock;
  readonly log: Log;
  /** All books there are. */
  readonly ids: () => readonly string[];
  /** How old a copy may be before a request waits for its reading, ms. */
  readonly mostMs: (id: string) => number;
  /** Looks over how all candidates stand. */
  readonly look: () => void;
  /** The instance goes on running between requests; one that is frozen reads only while somebody waits. */
  readonly goesOn: boolean;
}

export interface Freshness {
  /** Has read what is too old; null where nobody has to wait for it. */
  refresh(): Promise<void> | null;
}

/** All books were fresh: this long nobody looks whether one has become stale, ms. */
const LOOK_AGAIN_MS = 100;

/** Standings are looked over so often while requests come, so that hardly any request has to, ms; and for so long after the last one. */
const LOOK_BESIDE_MS = 250;
const IN_USE_MS = 5_000;

/** Over copies that nobody has looked at yet. */
export function createFreshness({ books, clock, log, ids, mostMs, look, goesOn }: FreshnessDeps): Freshness {
  let freshAtMs = -Infinity;
  /** Until then the choice can do with the copies as they are: every write is judged by the book itself. */
  let readyUntilMs = -Infinity;
  let isReading = false;
  const read = async (): Promise<void> => {
    const all = ids();
    if (await books.refresh(all)) freshAtMs = clock.now();
    if (goesOn) readyUntilMs = Math.min(...all.map((id) => books.copy(id).readAtMs + mostMs(id)));
  };
  const report = (event: string, error: unknown): void =>
    log.error(event, { error: error instanceof Error ? error.name : 'unknown' });
  const readBeside = async (): Promise<void> => {
    try {
      await read();
    } catch (error) {
      report('books.unread', error);
    } finally {
      isReading = false;
    }
  };
  let askedAtMs = -Infinity;
  let isLooking = false;
  const lookBeside = (): void => {
    isLooking = clock.now() - askedAtMs < IN_USE_MS;
    if (!isLooking) return;
    try {
      look();
    } catch (error) {
      // Here nobody would catch it: it would end the server, where it ends one request.
      report('standings.unread', error);
    }
    clock.after(LOOK_BESIDE_MS, lookBeside);
  };
  return {
    refresh: () => {
      const nowMs = clock.now();
      askedAtMs = nowMs;
      if (goesOn && !isLooking) {
        isLooking = true;
        clock.after(LOOK_BESIDE_MS, lookBeside);
      }
      if (Math.abs(nowMs - freshAtMs) < LOOK_AGAIN_MS) return null;
      if (nowMs >= readyUntilMs) return read();
      if (isReading) return null;
      isReading = true;
      // On a turn of its own, after what the request itself has to do.
      clock.after(0, () => void readBeside());
      return null;
    },
  };
}
