// Limits and faults as the Hugging Face router tells them: only what is left, and a wait with many good replies that means nothing.
import { createDialect } from './dialect.ts';

const periods = ['minute', 'hour', 'day'] as const;

export const huggingface = createDialect('huggingface', {
  headers: periods.flatMap((period) => [
    { unit: 'requests', period, remaining: `x-ratelimit-remaining-requests-${period}` } as const,
    { unit: 'tokens', period, remaining: `x-ratelimit-remaining-tokens-${period}` } as const,
  ]),
  rules: [
    {
      said: /exceeded your monthly included credits|monthly (?:usage|credit)/i,
      verdict: { kind: 'quota_exhausted', covers: 'credential', untilReset: true, retryAfterMs: null },
    },
    { statuses: [503], said: /loading/i, verdict: { kind: 'overloaded' } },
  ],
});
