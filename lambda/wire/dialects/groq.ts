// Limits and faults as Groq tells them: requests are counted by day, tokens by minute; all other limits stand in refusals only.
import { createDialect } from './dialect.ts';
import { rateLimitHeaders } from './limits.ts';

export const groq = createDialect('groq', {
  headers: [
    rateLimitHeaders('requests', 'requests', { period: 'day', resetAs: 'duration' }),
    rateLimitHeaders('tokens', 'tokens', { period: 'minute', resetAs: 'duration' }),
  ],
  rules: [
    { statuses: [413], verdict: { kind: 'too_large' } },
    {
      said: /model_terms_required|model_permission_blocked/,
      verdict: { kind: 'not_entitled', covers: 'model' },
    },
    { said: /organization_restricted/, verdict: { kind: 'bad_credential', covers: 'credential' } },
  ],
});
