// Limits and faults as Cohere tells them: trial keys only, by minute and by month, and never on the refusal itself.
import { createDialect } from './dialect.ts';

export const cohere = createDialect('cohere', {
  headers: [
    {
      unit: 'requests',
      period: 'minute',
      limit: 'x-trial-endpoint-call-limit',
      remaining: 'x-trial-endpoint-call-remaining',
    },
    { unit: 'requests', period: 'month', limit: 'x-endpoint-monthly-call-limit' },
  ],
  rules: [
    {
      statuses: [429],
      said: /(?:\/|per) ?month/i,
      verdict: { kind: 'quota_exhausted', covers: 'credential', untilReset: true },
    },
  ],
});
