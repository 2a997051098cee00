// Limits and faults as Anthropic tells them: resets are RFC 3339 moments.
import type { ObservedLimit } from '../types.ts';
import { createDialect } from './dialect.ts';
import type { LimitHeaders } from './limits.ts';

function row(name: string, unit: ObservedLimit['unit']): LimitHeaders {
  const prefix = `anthropic-ratelimit-${name}`;
  const names = { limit: `${prefix}-limit`, remaining: `${prefix}-remaining`, reset: `${prefix}-reset` };
  return { unit, period: 'minute', ...names, resetAs: 'date' };
}

export const anthropic = createDialect('anthropic', {
  headers: [
    row('requests', 'requests'),
    row('tokens', 'tokens'),
    row('input-tokens', 'input_tokens'),
    row('output-tokens', 'output_tokens'),
  ],
  rules: [
    { codes: /overloaded_error/, verdict: { kind: 'overloaded' } },
    { statuses: [400], codes: /rate_limit_error/, verdict: { kind: 'rate_limited', covers: 'model' } },
    { codes: /not_found_error/, verdict: { kind: 'model_missing', covers: 'model' } },
    { codes: /request_too_large/, verdict: { kind: 'too_large' } },
  ],
});
