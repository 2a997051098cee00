// Which time the page of usage shows: chosen by name or by two days, as it stands in the address, and the bars it has.
import type { Usage } from './data.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** So many days are bars of their own, which a phone has room for; of more, each month is one. */
const MAX_BARS = 92;
/** The server adds up no more days than these. */
const MAX_DAYS = 400;

export const rangeNames = ['24h', '7d', '30d', '90d', 'month', 'last-month', 'year'] as const;
export type RangeName = (typeof rangeNames)[number];

/** What one bar stands for. */
export type Step = 'hour' | 'day' | 'month';

/** Both ends included: days in UTC, or an instant at the start. */
export interface Range {
  readonly name: RangeName | 'custom';
  readonly from: string;
  /** A day. */
  readonly to: string;
  readonly step: Step;
}

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Days that may be chosen: none is to come, and none is farther away than is added up. */
export const toBounds = (nowMs: number): { readonly first: string; readonly last: string } => ({
  first: toDay(nowMs - (MAX_DAYS - 1) * DAY_MS),
  last: toDay(nowMs),
});

function toStep(from: string, to: string): Step {
  if (from === to) return 'hour';
  return (Date.parse(to) - Date.parse(from)) / DAY_MS < MAX_BARS ? 'day' : 'month';
}

function toNamed(name: RangeName, nowMs: number): Range {
  const today = toDay(nowMs);
  const since = (days: number): Range => ({ name, from: toDay(nowMs - (days - 1) * DAY_MS), to: today, step: 'day' });
  const firstOfMonth = `${today.slice(0, 7)}-01`;
  const firstOfYear = `${today.slice(0, 4)}-01-01`;
  const lastOfMonthBefore = toDay(Date.parse(firstOfMonth) - DAY_MS);
  const ranges: Readonly<Record<RangeName, Range>> = {
    '24h': {
      name,
      // The whole hour under way, and the twenty-three before it.
      from: new Date((Math.floor(nowMs / HOUR_MS) - 23) * HOUR_MS).toISOString(),
      to: today,
      step: 'hour',
    },
    '7d': since(7),
    '30d': since(30),
    '90d': since(90),
    month: { name, from: firstOfMonth, to: today, step: toStep(firstOfMonth, today) },
    'last-month': { name, from: `${lastOfMonthBefore.slice(0, 7)}-01`, to: lastOfMonthBefore, step: 'day' },
    year: { name, from: firstOfYear, to: today, step: toStep(firstOfYear, today) },
  };
  return ranges[name];
}

/** A day of the calendar: 30 February is read as one of March. */
const isDay = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  toDay(Date.parse(value)) === value;

/** The range that an address tells by its query; the last thirty days where it tells none that can be. */
export function readRange(query: Readonly<Record<string, unknown>>, nowMs: number): Range {
  const { range, from, to } = query;
  const { first, last } = toBounds(nowMs);
  if (isDay(from) && isDay(to) && first <= from && from <= to && to <= last)
    return { name: 'custom', from, to, step: toStep(from, to) };
  return toNamed(rangeNames.find((name) => name === range) ?? '30d', nowMs);
}

/** The query of an address that tells this range; nothing for the one that is meant without any. */
export function toAddress({ name, from, to }: Pick<Range, 'name' | 'from' | 'to'>): Readonly<Record<string, string>> {
  if (name === 'custom') return { from: from.slice(0, 10), to };
  return name === '30d' ? {} : { range: name };
}

/** So many signs of an instant name the day, and the month. */
const lengths = { day: 10, month: 7 } as const;

/** One bar: an hour as an instant, a day as `YYYY-MM-DD`, a month as `YYYY-MM`. */
export interface Bar {
  readonly name: string;
  readonly requests: number;
  readonly free: number;
  /** Of those that were not answered for free: whoever broke off an answer has not paid for it. */
  readonly failed: number;
}

/** The bars of a range, those of which nothing is known as well, oldest first. */
export function toBars({ from, to, step }: Range, groups: Usage['groups'], nowMs: number): readonly Bar[] {
  const toName = (at: string): string => (step === 'hour' ? `${at.slice(0, 13)}:00:00Z` : at.slice(0, lengths[step]));
  const bars = new Map<string, Bar>();
  const endMs = Math.min(nowMs, Date.parse(to) + DAY_MS - 1);
  for (let ms = Date.parse(from); ms <= endMs; ms += step === 'hour' ? HOUR_MS : DAY_MS) {
    const name = toName(new Date(ms).toISOString());
    bars.set(name, { name, requests: 0, free: 0, failed: 0 });
  }
  for (const { name: told, requests, free, failed } of groups) {
    const name = toName(told);
    const bar = bars.get(name);
    if (bar === undefined) continue;
    bars.set(name, {
      name,
      requests: bar.requests + requests,
      free: bar.free + free,
      failed: bar.failed + Math.min(failed, requests - free),
    });
  }
  return [...bars.values()];
}
