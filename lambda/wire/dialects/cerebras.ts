// Limits and faults as Cerebras tells them: the period is the end of the header name, resets are seconds with fractions.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

const periods = ['minute', 'hour', 'day'] as const;

export const cerebras = createDialect('cerebras', {
  headers: periods.flatMap((period) => [
    rateLimitHeaders(`requests-${period}`, 'requests', { period, resetAs: 'seconds' }),
    rateLimitHeaders(`tokens-${period}`, 'tokens', { period, resetAs: 'seconds' }),
  ]),
});
