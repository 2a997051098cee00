// Faults as Cloudflare Workers AI tells them: numbers in an `errors` list.
import { createDialect } from './dialect.ts';

export const cloudflare = createDialect('cloudflare', {
  rules: [
    {
      said: /^(?:3036|4006)\b|AiError: (?:3036|4006)\b|daily free allocation/i,
      verdict: { kind: 'quota_exhausted', covers: 'credential', untilReset: true },
    },
    { said: /^3040\b|capacity/i, verdict: { kind: 'overloaded' } },
    { said: /^(?:5016|5018)\b|model agreement|licen[cs]e/i, verdict: { kind: 'not_entitled', covers: 'model' } },
    { said: /^5007\b|no such model/i, verdict: { kind: 'model_missing', covers: 'model' } },
    { said: /^5021\b/, verdict: { kind: 'context_exceeded' } },
    { codes: /\b(?:10000|9106|9109)\b/, verdict: { kind: 'bad_credential', covers: 'credential' } },
  ],
});
