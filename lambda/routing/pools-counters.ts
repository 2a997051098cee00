// Pools that count up in one window at a time: calendar windows, sessions from first use, balances.
import type { Clock } from '#shared/pools.ts';
import { numberIn } from './pools-ops.ts';
import type { Draft } from './pools-ops.ts';
import type { PoolRules } from './pools-rules.ts';

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

/** Reset at the boundaries of a calendar window. */
export const calendar: PoolRules<Calendar> = {
  look(clock, { key, max, book, amount, nowMs, zones }) {
    const { startMs, endMs } = zones.windowAt(clock, nowMs);
    const used = Math.max(0, numberIn(book, windowCountName(key, startMs)) ?? 0);
    if (amount > max) return { used, resetAtMs: endMs, waitMs: Infinity };
    return { used, resetAtMs: endMs, waitMs: used + amount > max ? endMs - nowMs : 0 };
  },

  take(clock, { key, unit, max, book, amount, nowMs, zones }, { draft }) {
    const { startMs, endMs } = zones.windowAt(clock, nowMs);
    const attr = windowCountName(key, startMs);
    count(draft, { attr, max, amount });
    if (book[attr] === undefined) {
      // First of its window: windows older than the one before (which a slow clock may still use) can go.
      const prefix = `${key}:`;
      const keptSeconds = Math.floor((startMs - (endMs - startMs) * 1.5) / 1000);
      for (const name in book) {
        if (name.startsWith(prefix) && Number.parseInt(name.slice(prefix.length), 36) < keptSeconds)
          draft.remove.push(name);
      }
    }
    return { kind: 'count', attr, unit, amount, endMs };
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
      return { kind: 'count', attr: key, unit, amount, endMs: seenEndMs };
    }
    const endMs = nowMs + seconds * 1000;
    draft.guards.push({ attr: `${key}:e`, is: 'atMost', value: nowMs, orAbsent: true });
    draft.set[`${key}:e`] = endMs;
    draft.set[key] = amount;
    return { kind: 'count', attr: key, unit, amount, endMs };
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
    return { kind: 'count', attr: key, unit, amount, endMs: null };
  },
};
