// Numbers, money and times as people of the language in force write them.
import type { Language } from './messages.ts';

/** Browsers on machines without a language of their own tell tags that are none, such as `en-US@posix`. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** The language in force as it is written where the person lives: 24 hours in London, 12 in New York. */
export const toLocale = (language: Language): string =>
  navigator.languages.find((wanted) => wanted.split('-')[0] === language && isTag(wanted)) ?? language;

/** `$0.0031`, `$12.40`; two significant digits below a cent, so that small amounts do not vanish. */
export function formatUsd(usd: number, language: Language): string {
  const small = usd !== 0 && Math.abs(usd) < 0.01;
  return new Intl.NumberFormat(toLocale(language), {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }),
  }).format(usd);
}

/** `1,240`. */
export const formatCount = (count: number, language: Language): string =>
  new Intl.NumberFormat(toLocale(language)).format(count);

/** `128K`, `1M`. */
export const formatCompact = (count: number, language: Language): string =>
  new Intl.NumberFormat(toLocale(language), { notation: 'compact', maximumFractionDigits: 1 }).format(count);

/** A limit or what is left of it: `1,250` whole, `1.49M` from a million on. Never rounded up: what is nearly left or nearly allowed is not. */
export const formatBound = (count: number, language: Language): string =>
  count < 1_000_000
    ? formatCount(count, language)
    : new Intl.NumberFormat(toLocale(language), {
        notation: 'compact',
        maximumFractionDigits: 2,
        roundingMode: 'floor',
      }).format(count);

/** `15 ms`, `0.4 s`, `12 s`, `3 min`. */
export function formatDuration(ms: number, language: Language): string {
  if (ms < 100) return `${String(Math.round(ms))}\u00A0ms`;
  const [value, unit] = ms < 60_000 ? [ms / 1_000, 's'] : [ms / 60_000, 'min'];
  const digits = new Intl.NumberFormat(toLocale(language), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  return `${digits}\u00A0${unit}`;
}

/** Time left as `42 s` or `3:05`, rounded up. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const tail = `${String(seconds % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

const byteUnits = [
  ['gigabyte', 1_000_000_000],
  ['megabyte', 1_000_000],
  ['kilobyte', 1_000],
] as const;

/** Bytes as `0.3 kB`, `1.2 MB`, `1.1 GB`. */
export function formatBytes(bytes: number, language: Language): string {
  // What would be rounded to 1,000 of a unit is 1 of the next.
  const [unit, size] = byteUnits.find(([, one]) => bytes >= one - one / 20_000) ?? (['kilobyte', 1_000] as const);
  return new Intl.NumberFormat(toLocale(language), {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(bytes / size);
}

/** `14:05`, or with its date when it is not today. */
export function formatMoment(atMs: number, language: Language, nowMs = Date.now()): string {
  const sameDay = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(
    toLocale(language),
    sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  ).format(atMs);
}

/** `21 Nov` of `2026-11-21`. */
export function formatDay(day: string, language: Language): string {
  const atMs = Date.parse(day);
  if (Number.isNaN(atMs)) return day;
  return new Intl.DateTimeFormat(toLocale(language), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(atMs);
}

/** `Nov 2026` of `2026-11`. */
export const formatMonth = (month: string, language: Language): string =>
  new Intl.DateTimeFormat(toLocale(language), { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    Date.parse(month),
  );
