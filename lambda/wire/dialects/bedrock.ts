// Faults as Amazon Bedrock tells them: exceptions by name, in a header or in the body.
import { createDialect } from './dialect.ts';

export const bedrock = createDialect('bedrock', {
  rules: [
    {
      said: /security token|UnrecognizedClient|InvalidSignature|ExpiredToken|IncompleteSignature|InvalidClientTokenId/i,
      verdict: { kind: 'bad_credential', covers: 'credential' },
    },
    {
      said: /too many tokens per day|tokens per day/i,
      verdict: { kind: 'quota_exhausted', covers: 'model', untilReset: true },
    },
    { codes: /ThrottlingException/, verdict: { kind: 'rate_limited', covers: 'model' } },
    { codes: /ServiceQuotaExceeded/, verdict: { kind: 'quota_exhausted', covers: 'model' } },
    { codes: /AccessDenied/, verdict: { kind: 'not_entitled', covers: 'model' } },
    { codes: /ResourceNotFound/, verdict: { kind: 'model_missing', covers: 'model' } },
    { codes: /ModelTimeout/, verdict: { kind: 'timeout' } },
    {
      codes: /ModelNotReady|ServiceUnavailable|ModelError|ModelStreamError|InternalServer/,
      verdict: { kind: 'overloaded' },
    },
    {
      said: /on-demand throughput isn.t supported|isn.t supported on this route|model identifier is invalid/i,
      verdict: { kind: 'model_missing', covers: 'model' },
    },
  ],
});
