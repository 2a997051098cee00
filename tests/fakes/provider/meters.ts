// The provider's own ways of counting: each enforces one limit exactly, by its own clock.
import type { LimitClock } from './spec.ts';

/** One count. Amounts are units of the limit; times are ms since the epoch. */
export interface Meter {
  /** How long until `amount` fits: 0 now, Infinity never. */
  waitMs(amount: number, nowMs: number): number;
  /** Charges `amount` without asking. The answer replaces that charge by another amount, if it still counts. */
  take(amount: number, nowMs: number): (actual: number, nowMs: number) => void;
  used(nowMs: number): number;
  /** Until the count is back at nothing, if nobody adds to it. */
  resetMs(nowMs: number): number;
}

interface Window {
  readonly id: string | number;
  readonly endsAtMs: number;
}

/** Windows that follow each other: the count starts anew in each. */
function createWindowMeter(max: number, windowAt: (nowMs: number) => Window): Meter {
  let window: Window | null = null;
  let used = 0;
  const enter = (nowMs: number): Window => {
    const current = windowAt(nowMs);
    if (current.id !== window?.id) used = 0;
    window = current;
    return current;
  };
  return {
    waitMs(amount, nowMs) {
      const { endsAtMs } = enter(nowMs);
      if (used + amount <= max) return 0;
      return amount > max ? Infinity : endsAtMs - nowMs;
    },
    take(amount, nowMs) {
      const { id } = enter(nowMs);
      used += amount;
      return (actual, laterMs) => {
        if (enter(laterMs).id === id) used = Math.max(0, used + actual - amount);
      };
    },
    used(nowMs) {
      enter(nowMs);
      return used;
    },
    resetMs: (nowMs) => enter(nowMs).endsAtMs - nowMs,
  };
}

/** An exact log: a charge made at t counts in [t, t + period). */
function createSlidingMeter(max: number, periodMs: number): Meter {
  let log: { readonly atMs: number; amount: number }[] = [];
  let head = 0;
  let used = 0;
  const drop = (nowMs: number): void => {
    while (head < log.length && log[head]!.atMs + periodMs <= nowMs) used -= log[head++]!.amount;
    if (head === log.length) used = 0;
    if (head > 64 && head * 2 > log.length) {
      log = log.slice(head);
      head = 0;
    }
  };
  return {
    waitMs(amount, nowMs) {
      drop(nowMs);
      if (amount > max) return Infinity;
      let left = used;
      let wait = 0;
      for (let at = head; left + amount > max && at < log.length; at += 1) {
        left -= log[at]!.amount;
        wait = log[at]!.atMs + periodMs - nowMs;
      }
      return wait;
    },
    take(amount, nowMs) {
      drop(nowMs);
      const entry = { atMs: nowMs, amount };
      log.push(entry);
      used += amount;
      return (actual, laterMs) => {
        if (entry.atMs + periodMs <= laterMs) return;
        used += actual - entry.amount;
        entry.amount = actual;
      };
    },
    used(nowMs) {
      drop(nowMs);
      return used;
    },
    resetMs(nowMs) {
      drop(nowMs);
      return head < log.length ? log[log.length - 1]!.atMs + periodMs - nowMs : 0;
    },
  };
}

/** A bucket that holds `max` and refills continuously; it can be in debt after a correction. */
function createRefillMeter(max: number, periodMs: number): Meter {
  // Guards against sums of fractions that miss a whole unit by rounding.
  const grain = 1e-6;
  let level = max;
  let atMs = -Infinity;
  const fill = (nowMs: number): void => {
    if (nowMs > atMs && atMs !== -Infinity) level = Math.min(max, level + ((nowMs - atMs) * max) / periodMs);
    atMs = Math.max(atMs, nowMs);
  };
  return {
    waitMs(amount, nowMs) {
      fill(nowMs);
      if (amount > max) return Infinity;
      return amount <= level + grain ? 0 : ((amount - level) * periodMs) / max;
    },
    take(amount, nowMs) {
      fill(nowMs);
      level -= amount;
      return (actual, laterMs) => {
        fill(laterMs);
        level = Math.min(max, level + amount - actual);
      };
    },
    used(nowMs) {
      fill(nowMs);
      return max - level;
    },
    resetMs(nowMs) {
      fill(nowMs);
      return max === 0 ? 0 : ((max - level) * periodMs) / max;
    },
  };
}

/** What is held at this moment; given back by a correction to 0. */
function createHeldMeter(max: number): Meter {
  let held = 0;
  return {
    // Nobody knows when a running call ends, so ask to come back in a second.
    waitMs: (amount) => (held + amount <= max ? 0 : amount > max ? Infinity : 1000),
    take(amount) {
      held += amount;
      return (actual) => {
        held += actual - amount;
      };
    },
    used: () => held,
    resetMs: () => (held > 0 ? 1000 : 0),
  };
}

/** Days or months of a time zone, found by asking the calendar, so that days of 23 and 25 hours come out right. */
function createCalendar(every: 'day' | 'month', zone: string): (nowMs: number) => Window {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    ...(every === 'day' ? { day: '2-digit' as const } : {}),
  });
  const idAt = (ms: number): string => format.format(ms);
  let known: Window & { readonly startsAtMs: number } = { id: '', startsAtMs: 0, endsAtMs: 0 };
  return (nowMs) => {
    if (nowMs >= known.startsAtMs && nowMs < known.endsAtMs) return known;
    const id = idAt(nowMs);
    let inside = nowMs;
    let outside = nowMs + (every === 'day' ? 26 : 32 * 24) * 3_600_000;
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (idAt(middle) === id) inside = middle;
      else outside = middle;
    }
    known = { id, startsAtMs: nowMs, endsAtMs: outside };
    return known;
  };
}

/** The meter for a limit of `max` by `clock`. */
export function createMeter(max: number, clock: LimitClock): Meter {
  if (clock.kind === 'held') return createHeldMeter(max);
  if (clock.kind === 'calendar') return createWindowMeter(max, createCalendar(clock.every, clock.zone));
  const periodMs = clock.seconds * 1000;
  if (clock.kind === 'sliding') return createSlidingMeter(max, periodMs);
  if (clock.kind === 'refill') return createRefillMeter(max, periodMs);
  return createWindowMeter(max, (nowMs) => {
    const id = Math.floor(nowMs / periodMs);
    return { id, endsAtMs: (id + 1) * periodMs };
  });
}
