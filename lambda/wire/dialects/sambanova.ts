// Limits as SambaNova tells them: names without an ending mean a minute; resets are moments in time.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

export const sambanova = createDialect('sambanova', {
  headers: [
    rateLimitHeaders('requests', 'requests', { period: 'minute', resetAs: 'epoch' }),
    rateLimitHeaders('requests-day', 'requests', { period: 'day', resetAs: 'epoch' }),
  ],
});
