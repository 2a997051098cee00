// Limits and faults as Azure tells them: OpenAI's names, periods in a header of their own, resets without a unit.
import type { ObservedLimit } from '../types.ts';
import { createDialect } from './dialect.ts';
import { readLimitHeaders } from './limits.ts';

const periods: Readonly<Record<string, ObservedLimit['period']>> = { '1': 'second', '60': 'minute', '3600': 'hour' };

export const azure = createDialect('azure', {
  readMore: (headers, nowMs) =>
    (['requests', 'tokens'] as const).flatMap((unit) => {
      const renewal = headers[`x-ratelimit-renewalperiod-${unit}`];
      const period = renewal === undefined ? 'minute' : (periods[renewal] ?? 'unknown');
      const limit = `x-ratelimit-limit-${unit}`;
      return readLimitHeaders([{ unit, period, limit, remaining: `x-ratelimit-remaining-${unit}` }], headers, nowMs);
    }),
  rules: [{ statuses: [401], said: /PermissionDenied/, verdict: { kind: 'not_entitled', covers: 'credential' } }],
});
