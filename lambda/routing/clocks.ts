// Calendar windows in any time zone, safe across daylight-saving changes: which window an instant lies in.
import type { Clock } from '#shared/pools.ts';

export type CalendarClock = Extract<Clock, { kind: 'calendar' }>;

/** One window, start inclusive and end exclusive, ms since the epoch. */
export interface CalendarWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** Finds calendar windows. Its answers depend on its arguments only; it remembers them because asking Intl is slow. */
export interface ZoneClock {
  /** The window of `clock` that holds the instant. Throws when the zone is not an IANA name. */
  windowAt(clock: CalendarClock, atMs: number): CalendarWindow;
}

type OffsetAt = (atMs: number) => number;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Local time minus UTC, ms, for instants in `zone`. */
function createOffset(zone: string): OffsetAt {
  if (zone === 'UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new RangeError(`unknown time zone "${zone}"; give an IANA name such as America/Los_Angeles`);
  }
  return (atMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
    return localMs - Math.floor(atMs / 1000) * 1000;
  };
}

/**
 * The instant at which the clocks of a zone first show `localMs` (a local time written as if it were UTC).
 * A time that a change of the clocks skips becomes the moment of the change.
 */
function toInstant(localMs: number, offsetAt: OffsetAt): number {
  const before = offsetAt(localMs - dayMs);
  const after = offsetAt(localMs + dayMs);
  const first = localMs - before;
  if (before === after || offsetAt(first) === before) return first;
  const second = localMs - after;
  return offsetAt(second) === after ? second : first;
}

/** Local first instants of the day, week or month that holds `localMs`, and of the one after it. */
function localBounds(clock: CalendarClock, localMs: number): readonly [number, number] {
  const midnight = Math.floor(localMs / dayMs) * dayMs;
  if (clock.every === 'day') return [midnight, midnight + dayMs];
  const date = new Date(midnight);
  if (clock.every === 'week') {
    const monday = midnight - ((date.getUTCDay() + 6) % 7) * dayMs;
    return [monday, monday + 7 * dayMs];
  }
  const anchor = clock.day ?? 1;
  const month = date.getUTCMonth() - (date.getUTCDate() < anchor ? 1 : 0);
  return [Date.UTC(date.getUTCFullYear(), month, anchor), Date.UTC(date.getUTCFullYear(), month + 1, anchor)];
}

function findWindow(clock: CalendarClock, atMs: number, offsetAt: OffsetAt): CalendarWindow {
  const localMs = atMs + offsetAt(atMs);
  if (clock.every === 'minute' || clock.every === 'hour') {
    const size = clock.every === 'minute' ? minuteMs : hourMs;
    const startMs = atMs - (localMs - Math.floor(localMs / size) * size);
    return { startMs, endMs: startMs + size };
  }
  const [start, end] = localBounds(clock, localMs);
  return { startMs: toInstant(start, offsetAt), endMs: toInstant(end, offsetAt) };
}

/** A zone clock with its own memory: one formatter per zone, the last window per clock. */
export function createZoneClock(): ZoneClock {
  const offsets = new Map<string, OffsetAt>();
  const lastWindows = new WeakMap<CalendarClock, CalendarWindow>();
  return {
    windowAt(clock, atMs) {
      const last = lastWindows.get(clock);
      if (last !== undefined && last.startMs <= atMs && atMs < last.endMs) return last;
      const offsetAt = offsets.get(clock.zone) ?? createOffset(clock.zone);
      offsets.set(clock.zone, offsetAt);
      const window = findWindow(clock, atMs, offsetAt);
      lastWindows.set(clock, window);
      return window;
    },
  };
}
