// Limits and faults as Gemini tells them: no headers, but quotas and waits in the details of a refusal.
import type { ObservedLimit } from '../types.ts';
import type { Json } from '../json.ts';
import { toList, toRecord, toText } from '../json.ts';
import { createDialect } from './dialect.ts';
import { findWaitMs, parseDurationMs } from './durations.ts';
import type { Fault } from './fault.ts';
import { toCount } from './limits.ts';
import type { Verdict } from './rules.ts';

function detailsOf(fault: Fault, type: string): readonly Json[] {
  return toList(fault.error['details'])
    .map(toRecord)
    .filter((detail) => toText(detail['@type'])?.endsWith(type));
}

function violationsOf(fault: Fault): readonly Json[] {
  return detailsOf(fault, 'google.rpc.QuotaFailure').flatMap((detail) => toList(detail['violations']).map(toRecord));
}

const hourMs = 3_600_000;

function judge(fault: Fault): Verdict | null {
  const limited = fault.status === 429 || /RESOURCE_EXHAUSTED/.test(fault.codes);
  if (!limited) return null;
  const violations = violationsOf(fault);
  const none = violations.some(({ quotaValue }) => toCount(quotaValue) === 0) || /\blimit: 0\b/.test(fault.message);
  if (none) {
    return { kind: 'not_entitled', covers: 'model', message: 'The model is not part of the plan: its quota is 0.' };
  }
  // A wait of some seconds is told even when the day is used up.
  const byDay =
    violations.some(({ quotaId }) => /PerDay/.test(String(quotaId))) || /PerDay|per day/i.test(fault.message);
  if (byDay) return { kind: 'quota_exhausted', covers: 'model', untilReset: true, retryAfterMs: null };
  const waitMs = retryDelayMs(fault) ?? findWaitMs(fault.message);
  if (waitMs === null) return { kind: 'rate_limited', covers: 'model' };
  return { kind: waitMs > hourMs ? 'quota_exhausted' : 'rate_limited', covers: 'model', retryAfterMs: waitMs };
}

function retryDelayMs(fault: Fault): number | null {
  const delay = toText(detailsOf(fault, 'google.rpc.RetryInfo')[0]?.['retryDelay']);
  return delay === null ? null : parseDurationMs(delay);
}

function readRefusal(fault: Fault): readonly ObservedLimit[] {
  const limits: ObservedLimit[] = [];
  for (const violation of violationsOf(fault)) {
    const limit = toCount(violation['quotaValue']);
    const name = `${String(violation['quotaMetric'])} ${String(violation['quotaId'])}`;
    const unit = unitOf(name);
    if (limit === null || unit === null) continue;
    const remaining = unit === 'requests' ? 0 : null;
    limits.push({ unit, period: periodOf(name), limit, remaining, resetAtMs: null, from: 'body' });
  }
  return limits.length > 0 ? limits : readSentence(fault.message);
}

/** `Quota exceeded for metric: .../generate_content_free_tier_requests, limit: 20` */
function readSentence(message: string): readonly ObservedLimit[] {
  const [, metric, told] = /metric: ([\w./-]+), limit: (\d+)/.exec(message) ?? [];
  const limit = toCount(told);
  const unit = metric === undefined ? null : unitOf(metric);
  if (limit === null || unit === null) return [];
  return [{ unit, period: 'unknown', limit, remaining: unit === 'requests' ? 0 : null, resetAtMs: null, from: 'body' }];
}

function unitOf(name: string): ObservedLimit['unit'] | null {
  if (/input_token/i.test(name)) return 'input_tokens';
  if (/token/i.test(name)) return 'tokens';
  return /request/i.test(name) ? 'requests' : null;
}

function periodOf(name: string): ObservedLimit['period'] {
  if (/PerDay/.test(name)) return 'day';
  return /PerMinute/.test(name) ? 'minute' : 'unknown';
}

export const gemini = createDialect('gemini', {
  judge,
  readRefusal,
  rules: [
    {
      said: /SERVICE_DISABLED|has not been used in project|CREDENTIALS_MISSING|API_KEY_SERVICE_BLOCKED/,
      verdict: { kind: 'bad_credential', covers: 'credential' },
    },
    {
      said: /location is not supported|FAILED_PRECONDITION/i,
      verdict: { kind: 'not_entitled', covers: 'credential' },
    },
  ],
});
