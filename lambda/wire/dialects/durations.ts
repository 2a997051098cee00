// Reads waits and reset times in every spelling providers use.
import type { HttpReply } from '../types.ts';
import type { Json } from '../json.ts';
import { toList, toRecord, toText } from '../json.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 0.000_001,
  us: 0.001,
  µs: 0.001,
  ms: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/** Longer waits than this are taken for mistakes. */
const longestWaitMs = 400 * 86_400_000;

/** `12ms`, `7.66s`, `2m59.56s`, `6m 11.52s`, `3 hours, 17 minutes` as ms, rounded up; null when the text is anything else. */
export function parseDurationMs(text: string): number | null {
  let total = 0;
  let known = false;
  const rest = text.replace(/(\d+(?:\.\d+)?)\s*([a-zµ]+)[\s,]*(?:and\s+)?/gi, (piece, amount: string, unit: string) => {
    const ms = toUnitMs(unit);
    if (ms === undefined) return piece;
    total += Number(amount) * ms;
    known = true;
    return '';
  });
  return known && rest.trim() === '' ? Math.ceil(total) : null;
}

function toUnitMs(unit: string): number | undefined {
  const name = unit.toLowerCase();
  return unitMs[name] ?? unitMs[name.replace(/s$/, '')];
}

const waitPattern =
  /(?:try again|retry(?:ing)?|wait|resets?|available)(?: again)?(?: in| after| for| within)?:?\s+(?:about |around |~)?((?:\d+(?:\.\d+)?\s*[a-zµ]+[\s,]*(?:and\s+)?)+)/i;

/** The wait an error message asks for, ms; null when it names none. */
export function findWaitMs(text: string): number | null {
  const found = waitPattern.exec(text)?.[1];
  if (found === undefined) return null;
  const pieces = found.match(/\d+(?:\.\d+)?\s*[a-zµ]+/gi) ?? [];
  const spoken = pieces.filter((piece) => parseDurationMs(piece) !== null).join(' ');
  return spoken === '' ? null : parseDurationMs(spoken);
}

/** Statuses with which a Retry-After means a wait; some send it along with every answer. */
const waitStatuses = new Set([408, 409, 413, 425, 429, 498, 500, 502, 503, 504, 520, 522, 524, 529]);

/** The wait that headers ask for, ms: `retry-after-ms`, or `retry-after` as seconds, duration, epoch or HTTP date. */
export function parseRetryAfterMs(reply: HttpReply, nowMs: number): number | null {
  if (!waitStatuses.has(reply.status)) return null;
  const exact = Number(reply.headers['retry-after-ms'] ?? Number.NaN);
  // Zero beside a Retry-After has been seen to mean nothing.
  if (exact > 0 && exact <= longestWaitMs) return Math.ceil(exact);
  const given = reply.headers['retry-after']?.trim();
  if (given === undefined || given === '') return null;
  return toBounded(toWaitMs(given, nowMs));
}

const toBounded = (waitMs: number | null): number | null =>
  waitMs === null || Number.isNaN(waitMs) || waitMs > longestWaitMs ? null : Math.max(0, Math.ceil(waitMs));

/** Clocks that differ by less are taken to agree: the header is in whole seconds, and was on its way. */
const CLOCKS_APART_MS = 2_000;

/** What time it is at whoever sent the reply, ms since the epoch: moments that it names are by that clock. */
export function theirTimeMs({ headers: { date } }: Pick<HttpReply, 'headers'>, nowMs: number): number {
  const theirMs = date === undefined ? Number.NaN : Date.parse(date);
  return Math.abs(theirMs - nowMs) > CLOCKS_APART_MS ? theirMs : nowMs;
}

const toldWait = /^retry_?after(?:_?(ms|millis\w*)|_?s\w*)?$/i;

/** The wait that a field of an error names, ms: `retry_after` and its kin, or Google's RetryInfo. null when there is none. */
export function findToldMs(error: Json, nowMs: number): number | null {
  for (const [name, value] of Object.entries({ ...toRecord(error['metadata']), ...error })) {
    const told = toldWait.exec(name);
    if (told === null || value === null) continue;
    return toBounded(told[1] === undefined ? toWaitMs(String(value), nowMs) : Number(value));
  }
  for (const detail of toList(error['details'])) {
    const delay = toText(toRecord(detail)['retryDelay']);
    if (delay !== null) return parseDurationMs(delay);
  }
  return null;
}

/** Limits of one kind alone, whose name does not say which: the wait is told by them when nothing is left. */
export function findResetMs({ status, headers }: HttpReply, nowMs: number): number | null {
  for (const prefix of ['', 'x-']) {
    const reset = headers[`${prefix}ratelimit-reset`] ?? headers[`${prefix}ratelimit-reset-after`];
    if (status !== 429 || headers[`${prefix}ratelimit-remaining`] !== '0') continue;
    const atMs = parseResetAtMs(reset, 'epoch', nowMs);
    // A reset that is over says only that two clocks differ.
    if (atMs !== null && atMs > nowMs) return toBounded(atMs - nowMs);
  }
  return null;
}

function toWaitMs(given: string, nowMs: number): number | null {
  const seconds = Number(given);
  if (Number.isFinite(seconds)) return seconds > 1e9 ? toEpochMs(seconds) - nowMs : seconds * 1000;
  const duration = parseDurationMs(given);
  if (duration !== null) return duration;
  const date = Date.parse(given);
  return Number.isNaN(date) ? null : date - nowMs;
}

/** Epoch seconds or milliseconds as milliseconds. */
function toEpochMs(epoch: number): number {
  return epoch > 1e11 ? epoch : epoch * 1000;
}

/**
 * How a header tells when a limit is full again. `duration`: with unit; `seconds`: from now; `epoch`: seconds or ms since 1970,
 * or seconds from now when too small for that; `date`: RFC 3339.
 */
export type ResetFormat = 'duration' | 'seconds' | 'epoch' | 'date';

/** The moment a reset header names, ms since the epoch; null when it can't be read. */
export function parseResetAtMs(text: string | undefined, format: ResetFormat, nowMs: number): number | null {
  if (text === undefined || text === '') return null;
  if (format === 'date') {
    const date = Date.parse(text);
    return Number.isNaN(date) ? null : date;
  }
  const number = Number(text);
  if (format === 'duration' || Number.isNaN(number)) {
    const duration = parseDurationMs(text);
    return duration === null ? null : nowMs + duration;
  }
  return format === 'epoch' && number > 1e9 ? toEpochMs(number) : nowMs + Math.ceil(number * 1000);
}
