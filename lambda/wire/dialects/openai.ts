// Limits and faults as the OpenAI API tells them; the model for many others.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

export const openai = createDialect('openai', {
  headers: [
    rateLimitHeaders('requests', 'requests', { period: 'minute', resetAs: 'duration' }),
    rateLimitHeaders('tokens', 'tokens', { period: 'minute', resetAs: 'duration' }),
  ],
});
