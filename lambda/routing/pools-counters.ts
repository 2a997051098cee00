// Pools that count up in one window at a time: calendar windows, sessions from first use, balances.
import type { Clock } from '#shared/pools.ts';
import type { CalendarWindow } from './clocks.ts';
import { numberIn } from './pools-ops.ts';
import type { Draft } from './pools-ops.ts';
import { arrivalMs, type Charge, type PoolQuestion, type PoolRules } from './pools-rules.ts';

type Calendar = Extract<Clock, { kind: 'calendar' }>;
type Session = Extract<Clock, { kind: 'session' }>;
type Once = Extract<Clock, { kind: 'once' }>;

interface Count {
  readonly attr: string;
  readonly max: number;
  readonly amount: number;
}

function count(draft: Draft, { attr, max, amount }: Count): void {
  draft.guards.push({ attr, is: 'atMost', value: max - amount, orAbsent: true });
  draft.add[attr] = amount;
}

/** Name of the count of the window that starts then. */
export const windowCountName = (key: string, startMs: number): string =>
  `${key}:${Math.floor(startMs / 1000).toString(36)}`;

/** A provider's day may begin so much later than ours: by its clock, or since it takes its time to count anew. */
const LATE_MS = 10 * 60_000;
const longWindows: ReadonlySet<Calendar['every']> = new Set(['day', 'week', 'month']);

/** Until when what a provider says of a window may still be said of the one before, ms since the epoch; null: it is said of this one. */
export function doubtfulUntil(clock: Calendar, { nowMs, zones }: Pick<PoolQuestion, 'nowMs' | 'zones'>): number | null {
  if (!longWindows.has(clock.every)) return null;
  const untilMs = zones.windowAt(clock, nowMs).startMs + LATE_MS;
  return nowMs < untilMs ? untilMs : null;
}

/** The windows in which a call may count: near a boundary both, since the call is still on its way and no two clocks agree. */
function windowsOf(clock: Calendar, { nowMs, lateMs, zones }: PoolQuestion): readonly CalendarWindow[] {
  const current = zones.windowAt(clock, nowMs);
  if (current.endMs - nowMs <= arrivalMs + lateMs) return [current, zones.windowAt(clock, current.endMs)];
  if (nowMs - current.startMs < arrivalMs) return [current, zones.windowAt(clock, current.startMs - 1)];
  return [current];
}

/** Windows older than the one before (which a slow clock may still use) can go. */
function findOld({ key, book }: PoolQuestion, { startMs, endMs }: CalendarWindow): string[] {
  const prefix = `${key}:`;
  const keptSeconds = Math.floor((startMs - (endMs - startMs) * 1.5) / 1000);
  const old: string[] = [];
  for (const name in book)
    if (name.startsWith(prefix) && Number.parseInt(name.slice(prefix.length), 36) < keptSeconds) old.push(name);
  return old;
}

/** Reset at the boundaries of a calendar window. */
export const calendar: PoolRules<Calendar> = {
  look(clock, question) {
    const { key, max, book, amount, nowMs, zones } = question;
    const windows = windowsOf(clock, question);
    const usedIn = ({ startMs }: CalendarWindow): number =>
      Math.max(0, numberIn(book, windowCountName(key, startMs)) ?? 0);
    const { startMs, endMs } = zones.windowAt(clock, nowMs);
    const use = { used: usedIn({ startMs, endMs }), resetAtMs: endMs };
    if (amount > max) return { ...use, waitMs: Infinity };
    const fullUntilMs = Math.max(
      0,
      ...windows.filter((window) => usedIn(window) + amount > max).map((full) => full.endMs),
    );
    return { ...use, waitMs: fullUntilMs === 0 ? 0 : fullUntilMs + arrivalMs - nowMs };
  },

  take(clock, question, { draft }) {
    const { key, unit, max, book, amount } = question;
    return windowsOf(clock, question).map((window): Charge => {
      const attr = windowCountName(key, window.startMs);
      count(draft, { attr, max, amount });
      if (book[attr] === undefined) draft.remove.push(...findOld(question, window));
      return { kind: 'count', attr, unit, amount, endMs: window.endMs };
    });
  },
};

/** A window of `seconds` that starts with the first use: `key:e` is its end, `key` what was used in it. */
export const session: PoolRules<Session> = {
  look(_clock, { key, max, book, amount, nowMs }) {
    const endMs = numberIn(book, `${key}:e`) ?? 0;
    const used = endMs > nowMs ? Math.max(0, numberIn(book, key) ?? 0) : 0;
    const resetAtMs = Math.max(endMs, nowMs);
    if (amount > max) return { used, resetAtMs, waitMs: Infinity };
    return { used, resetAtMs, waitMs: used + amount > max ? endMs - nowMs : 0 };
  },

  take({ seconds }, { key, unit, max, book, amount, nowMs }, { draft }) {
    const seenEndMs = numberIn(book, `${key}:e`) ?? 0;
    if (seenEndMs > nowMs) {
      draft.guards.push({ attr: `${key}:e`, is: 'equals', value: seenEndMs });
      count(draft, { attr: key, max, amount });
      return [{ kind: 'count', attr: key, unit, amount, endMs: seenEndMs }];
    }
    const endMs = nowMs + seconds * 1000;
    draft.guards.push({ attr: `${key}:e`, is: 'atMost', value: nowMs, orAbsent: true });
    draft.set[`${key}:e`] = endMs;
    draft.set[key] = amount;
    return [{ kind: 'count', attr: key, unit, amount, endMs }];
  },
};

/** A balance that never comes back, unusable after its expiry. */
export const once: PoolRules<Once> = {
  look({ expiresAt }, { key, max, book, amount, nowMs }) {
    const used = Math.max(0, numberIn(book, key) ?? 0);
    const expired = expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
    return { used: expired ? max : used, resetAtMs: null, waitMs: expired || used + amount > max ? Infinity : 0 };
  },

  take(_clock, { key, unit, max, amount }, { draft }) {
    count(draft, { attr: key, max, amount });
    return [{ kind: 'count', attr: key, unit, amount, endMs: null }];
  },
};
