// Faults as Replicate tells them: a title and a detail, and codes in the words of predictions that failed.
import { createDialect } from './dialect.ts';

export const replicate = createDialect('replicate', {
  rules: [
    // Its limits are those of the account.
    { statuses: [429], verdict: { kind: 'rate_limited', covers: 'credential' } },
    {
      statuses: [422],
      said: /version does not exist|invalid version/i,
      verdict: { kind: 'model_missing', covers: 'model' },
    },
    { said: /flagged as sensitive|\bE005\b/i, verdict: { kind: 'content_filtered' } },
  ],
});
