// Limits and faults as Mistral tells them: three generations of headers, none of which names a reset for the minute.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

const perMinute = 'x-ratelimit-limit-req-minute';

export const mistral = createDialect('mistral', {
  headers: [
    rateLimitHeaders('req-minute', 'requests', { period: 'minute', resetAs: 'seconds' }),
    rateLimitHeaders('req-10-second', 'requests', { period: 'unknown' }),
    rateLimitHeaders('tokens-minute', 'tokens', { period: 'minute' }),
    rateLimitHeaders('tokens-month', 'tokens', { period: 'month' }),
    rateLimitHeaders('audio-seconds-minute', 'audio_seconds', { period: 'minute' }),
    {
      unit: 'tokens',
      period: 'minute',
      limit: 'x-ratelimitbysize-limit-minute',
      remaining: 'x-ratelimitbysize-remaining-minute',
      reset: 'ratelimitbysize-reset',
      resetAs: 'seconds',
    },
    {
      unit: 'tokens',
      period: 'month',
      limit: 'x-ratelimitbysize-limit-month',
      remaining: 'x-ratelimitbysize-remaining-month',
    },
  ],
  judge: ({ status, headers }) =>
    status === 429 && headers[perMinute] === '0'
      ? {
          kind: 'not_entitled',
          covers: 'model',
          message: 'The model is not on the plan: its limit is 0 requests a minute.',
        }
      : null,
});
