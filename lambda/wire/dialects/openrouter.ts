// Limits and faults as OpenRouter tells them: only on refusals, in headers and again inside the body.
import type { ObservedLimit } from '../types.ts';
import { toRecord } from '../json.ts';
import { createDialect } from './dialect.ts';
import { parseResetAtMs } from './durations.ts';
import type { Fault } from './fault.ts';
import { toCount } from './limits.ts';
import type { Verdict } from './rules.ts';

interface Told {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAtMs: number | null;
}

function readTold(fault: Fault, nowMs: number): Told {
  const inBody = toRecord(toRecord(fault.error['metadata'])['headers']);
  const headers: Record<string, string> = { ...fault.headers };
  for (const [name, value] of Object.entries(inBody)) headers[name.toLowerCase()] = String(value);
  return {
    limit: toCount(headers['x-ratelimit-limit']),
    remaining: toCount(headers['x-ratelimit-remaining']),
    resetAtMs: parseResetAtMs(headers['x-ratelimit-reset'], 'epoch', nowMs),
  };
}

function periodOf(message: string): ObservedLimit['period'] {
  if (/free-models-per-day/.test(message)) return 'day';
  return /free-models-per-min/.test(message) ? 'minute' : 'unknown';
}

/** Limits are those of the free models together, which their pool knows; the account's money is that of the others. Neither says anything of the whole key. */
function judge(fault: Fault, nowMs: number): Verdict | null {
  if (fault.status === 402) return { kind: 'quota_exhausted', covers: 'model', retryAfterMs: null };
  if (fault.status !== 429) return null;
  const period = periodOf(fault.message);
  const { resetAtMs } = readTold(fault, nowMs);
  // A reset that is over by our clock says only that the two clocks differ.
  const wait = resetAtMs === null || resetAtMs <= nowMs ? {} : { retryAfterMs: resetAtMs - nowMs };
  if (period === 'day') return { kind: 'quota_exhausted', covers: 'model', untilReset: true, ...wait };
  if (period === 'minute') return { kind: 'rate_limited', covers: 'model', ...wait };
  return null;
}

function readRefusal(fault: Fault, nowMs: number): readonly ObservedLimit[] {
  const told = readTold(fault, nowMs);
  const period = periodOf(fault.message);
  if (told.limit === null && told.remaining === null && period !== 'day') return [];
  const inHeaders = fault.headers['x-ratelimit-limit'] !== undefined;
  // That the day is over is told by the words, whatever stands beside them.
  const remaining = told.remaining ?? (period === 'day' ? 0 : null);
  return [{ unit: 'requests', period, ...told, remaining, from: inHeaders ? 'header' : 'body' }];
}

export const openrouter = createDialect('openrouter', { judge, readRefusal });
