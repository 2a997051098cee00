// Limits and faults of providers nobody has described: only headers that say by themselves what they mean.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

const periods = ['minute', 'hour', 'day', 'month'] as const;

export const generic = createDialect('generic', {
  headers: [
    rateLimitHeaders('requests', 'requests', { period: 'unknown', resetAs: 'duration' }),
    rateLimitHeaders('tokens', 'tokens', { period: 'unknown', resetAs: 'duration' }),
    ...periods.flatMap((period) => [
      rateLimitHeaders(`requests-${period}`, 'requests', { period, resetAs: 'duration' }),
      rateLimitHeaders(`tokens-${period}`, 'tokens', { period, resetAs: 'duration' }),
    ]),
  ],
});
