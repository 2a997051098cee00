// Writes errors for callers of the OpenAI format.
import type { CallerError, CallerErrorCode } from '#shared/failures.ts';
import { toErrorDetails } from '../error-details.ts';
import { renderFrame } from '../sse.ts';

const types: Readonly<Record<CallerErrorCode, string>> = {
  invalid_request: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  content_filter: 'invalid_request_error',
  unauthenticated: 'authentication_error',
  budget_exceeded: 'insufficient_quota',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  model_not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  conflict: 'invalid_request_error',
  too_large: 'invalid_request_error',
  no_candidate: 'invalid_request_error',
  rate_limited: 'rate_limit_error',
  internal: 'server_error',
  upstream_failed: 'server_error',
  exhausted: 'server_error',
  deadline: 'server_error',
};

/** The body of an error reply. `earliest_reset` is when trying again makes sense. */
export function renderError(error: CallerError, requestId: string, nowMs: number): string {
  return JSON.stringify({
    error: {
      message: error.message,
      type: types[error.code],
      param: error.param,
      code: error.code,
      request_id: requestId,
      ...toErrorDetails(error, nowMs),
    },
  });
}

/** One frame inside a stream. Official clients throw on it, so the stream ends here, without a closing mark. */
export function renderStreamError(error: CallerError, requestId: string, nowMs: number): string {
  return renderFrame(renderError(error, requestId, nowMs));
}
