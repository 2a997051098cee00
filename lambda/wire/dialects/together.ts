// Limits as Together tells them: by the second, in bare numbers.
import { createDialect } from './dialect.ts';

export const together = createDialect('together', {
  headers: [
    {
      unit: 'requests',
      period: 'second',
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
      resetAs: 'seconds',
    },
    {
      unit: 'tokens',
      period: 'second',
      limit: 'x-tokenlimit-limit',
      remaining: 'x-tokenlimit-remaining',
      reset: 'x-tokenlimit-reset',
      resetAs: 'seconds',
    },
  ],
});
