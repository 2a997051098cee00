// Writes errors for callers of the Gemini format.
import type { CallerError, CallerErrorCode } from '#shared/failures.ts';
import { toErrorDetails } from '../error-details.ts';
import { renderFrame } from '../sse.ts';

const statuses: Readonly<Record<CallerErrorCode, string>> = {
  invalid_request: 'INVALID_ARGUMENT',
  context_length_exceeded: 'INVALID_ARGUMENT',
  content_filter: 'INVALID_ARGUMENT',
  unauthenticated: 'UNAUTHENTICATED',
  budget_exceeded: 'FAILED_PRECONDITION',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  model_not_found: 'NOT_FOUND',
  method_not_allowed: 'UNIMPLEMENTED',
  conflict: 'ABORTED',
  too_large: 'INVALID_ARGUMENT',
  no_candidate: 'FAILED_PRECONDITION',
  rate_limited: 'RESOURCE_EXHAUSTED',
  internal: 'INTERNAL',
  upstream_failed: 'UNAVAILABLE',
  exhausted: 'UNAVAILABLE',
  deadline: 'DEADLINE_EXCEEDED',
};

const TYPES = 'type.googleapis.com/google.rpc';

/** The body of an error reply. The format's `code` is the HTTP status; ours is the reason. */
export function renderError(error: CallerError, requestId: string, nowMs: number): string {
  const { code, message, param, status, retryAfterMs } = error;
  const details = [
    { '@type': `${TYPES}.ErrorInfo`, reason: code.toUpperCase(), domain: 'freeway', metadata: { param: param ?? '' } },
    ...(retryAfterMs === null || !Number.isFinite(retryAfterMs)
      ? []
      : [{ '@type': `${TYPES}.RetryInfo`, retryDelay: `${Math.ceil(retryAfterMs / 1000)}s` }]),
  ];
  return JSON.stringify({
    error: {
      code: status,
      message,
      status: statuses[code],
      reason: code,
      details,
      ...toErrorDetails(error, nowMs),
      request_id: requestId,
    },
  });
}

/** The last word of a stream that broke off. */
export function renderStreamError(error: CallerError, requestId: string, nowMs: number): string {
  return renderFrame(renderError(error, requestId, nowMs));
}
