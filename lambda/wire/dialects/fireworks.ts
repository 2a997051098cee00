// Limits as Fireworks tells them; a good reply may say that it went over a soft limit, which is no refusal.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

export const fireworks = createDialect('fireworks', {
  headers: [
    rateLimitHeaders('requests', 'requests', { period: 'minute' }),
    rateLimitHeaders('tokens-prompt', 'input_tokens', { period: 'minute' }),
    rateLimitHeaders('tokens-generated', 'output_tokens', { period: 'minute' }),
  ],
});
