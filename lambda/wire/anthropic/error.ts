// Writes errors for callers of the Anthropic format.
import type { CallerError, CallerErrorCode } from '#shared/failures.ts';
import { toErrorDetails } from '../error-details.ts';
import { renderFrame } from '../sse.ts';
import { toThreadDetails } from './thread.ts';

const types: Readonly<Record<CallerErrorCode, string>> = {
  invalid_request: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  content_filter: 'invalid_request_error',
  unauthenticated: 'authentication_error',
  budget_exceeded: 'billing_error',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  model_not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  conflict: 'invalid_request_error',
  too_large: 'request_too_large',
  no_candidate: 'invalid_request_error',
  rate_limited: 'rate_limit_error',
  internal: 'api_error',
  upstream_failed: 'api_error',
  exhausted: 'overloaded_error',
  deadline: 'timeout_error',
};

/** Agents know by these words alone that they have to compact a conversation (Claude Code 2.1). */
const TOO_LONG = 'prompt is too long';

const toMessage = ({ code, message }: CallerError): string =>
  code !== 'context_length_exceeded' || message.includes(TOO_LONG) ? message : `${TOO_LONG}: ${message}`;

/** The body of an error reply. */
export function renderError(error: CallerError, requestId: string, nowMs: number): string {
  const { code, param } = error;
  const message = toMessage(error);
  return JSON.stringify({
    type: 'error',
    error: { type: types[code], message, code, param, ...toThreadDetails(param), ...toErrorDetails(error, nowMs) },
    request_id: requestId,
  });
}

/** The event that ends a stream which broke off. */
export function renderStreamError(error: CallerError, requestId: string, nowMs: number): string {
  return renderFrame(renderError(error, requestId, nowMs), 'error');
}
