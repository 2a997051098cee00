// Reads limits out of headers, by a table per dialect, and out of the words of refusals.
import type { HttpReply, ObservedLimit } from '../types.ts';
import type { Fault } from './fault.ts';
import type { ResetFormat } from './durations.ts';
import { parseResetAtMs } from './durations.ts';

type Unit = ObservedLimit['unit'];
type Period = ObservedLimit['period'];

/** One limit as a dialect tells it in headers. */
export interface LimitHeaders {
  readonly unit: Unit;
  readonly period: Period;
  readonly limit?: string;
  readonly remaining?: string;
  readonly reset?: string;
  readonly resetAs?: ResetFormat;
}

/** A row for headers of the form `x-ratelimit-{limit,remaining,reset}-<name>`. */
export function rateLimitHeaders(
  name: string,
  unit: Unit,
  rest: { period: Period; resetAs?: ResetFormat },
): LimitHeaders {
  const reset = rest.resetAs === undefined ? {} : { reset: `x-ratelimit-reset-${name}` };
  return { unit, limit: `x-ratelimit-limit-${name}`, remaining: `x-ratelimit-remaining-${name}`, ...reset, ...rest };
}

const namesOf = new WeakMap<readonly LimitHeaders[], ReadonlySet<string>>();

/** Whether any of the headers tells of a limit: most replies of most providers do not. */
function isAnyThere(rows: readonly LimitHeaders[], headers: HttpReply['headers']): boolean {
  let names = namesOf.get(rows);
  if (names === undefined) {
    const all = rows.flatMap(({ limit, remaining }) => [limit, remaining]);
    namesOf.set(rows, (names = new Set(all.filter((name) => name !== undefined))));
  }
  for (const name in headers) if (names.has(name)) return true;
  return false;
}

/** The limits that are really there; headers that can't be read count as absent. */
export function readLimitHeaders(
  rows: readonly LimitHeaders[],
  headers: HttpReply['headers'],
  nowMs: number,
): ObservedLimit[] {
  const found: ObservedLimit[] = [];
  if (!isAnyThere(rows, headers)) return found;
  for (const { unit, period, limit, remaining, reset, resetAs } of rows) {
    const max = toCount(limit === undefined ? undefined : headers[limit]);
    const left = toCount(remaining === undefined ? undefined : headers[remaining]);
    if (max === null && left === null) continue;
    const resetAtMs =
      reset === undefined || resetAs === undefined ? null : parseResetAtMs(headers[reset], resetAs, nowMs);
    found.push({ unit, period, limit: max, remaining: left, resetAtMs, from: 'header' });
  }
  return found;
}

/** A count as written in headers and messages; null when it is none, or stands for no limit at all. */
export function toCount(text: unknown): number | null {
  if (typeof text !== 'string' && typeof text !== 'number') return null;
  const digits = String(text).replaceAll(',', '').trim();
  if (!/^\d+(?:\.\d+)?$/.test(digits)) return null;
  const count = Number(digits);
  return count <= Number.MAX_SAFE_INTEGER ? count : null;
}

const period = '(second|sec|minute|min|hour|day|month)';
/** `on tokens per day (TPD): Limit 200000, Used 197494, Requested 4035` */
const spelledOut = new RegExp(
  `on ((?:input |output )?tokens|requests|seconds of audio) per ${period}[^:]{0,40}: ?Limit:? ([\\d,]+)(?:,? Used:? ([\\d,]+))?`,
  'i',
);
/** `30,000 input tokens per minute`, `60 queries per minute`, `1000 API calls / month` */
const inPassing = new RegExp(
  `([\\d,]+) ((?:input |output )?tokens|requests|queries|API calls) ?(?:per|/) ?${period}`,
  'i',
);
/** `Tokens per Minute (actual/limit): 65605/16000` */
const asFraction = new RegExp(`(tokens|requests) per ${period} \\(actual/limit\\): ([\\d,]+)/([\\d,]+)`, 'i');

/** Limits named in the text of a refusal. */
export function readLimitText(fault: Fault): ObservedLimit[] {
  const { message } = fault;
  const full = spelledOut.exec(message);
  if (full) return observe({ unit: full[1], period: full[2], limit: full[3], used: full[4] });
  const fraction = asFraction.exec(message);
  if (fraction) return observe({ unit: fraction[1], period: fraction[2], limit: fraction[4], used: fraction[3] });
  const passing = inPassing.exec(message);
  return passing ? observe({ unit: passing[2], period: passing[3], limit: passing[1], used: undefined }) : [];
}

type Spoken = Readonly<Record<'unit' | 'period' | 'limit' | 'used', string | undefined>>;

function observe(spoken: Spoken): ObservedLimit[] {
  const limit = toCount(spoken.limit);
  if (limit === null) return [];
  const used = toCount(spoken.used);
  const remaining = used === null ? null : Math.max(0, limit - used);
  return [
    {
      unit: toUnit(spoken.unit ?? ''),
      period: toPeriod(spoken.period ?? ''),
      limit,
      remaining,
      resetAtMs: null,
      from: 'body',
    },
  ];
}

function toUnit(word: string): Unit {
  const name = word.toLowerCase();
  if (name.startsWith('input')) return 'input_tokens';
  if (name.startsWith('output')) return 'output_tokens';
  if (name.startsWith('tokens')) return 'tokens';
  return name.startsWith('seconds') ? 'audio_seconds' : 'requests';
}

function toPeriod(word: string): Period {
  const name = word.toLowerCase();
  if (name === 'hour' || name === 'day' || name === 'month') return name;
  return name.startsWith('sec') ? 'second' : 'minute';
}

/** True when one request alone asks for more than the limit holds: no wait ever helps. */
export function isBeyondLimit(message: string): boolean {
  const [, limit, requested] = /Limit:? ([\d,]+),[^.]{0,60}?Requested:? ([\d,]+)/i.exec(message) ?? [];
  const max = toCount(limit);
  const asked = toCount(requested);
  return max !== null && asked !== null && asked > max;
}
