// What Freeway tells of an error beside its message, the same in every format.
import type { CallerError } from '#shared/failures.ts';
import type { Json } from './json.ts';

/** Whether and when trying again makes sense, and what was tried. */
export function toErrorDetails(error: CallerError, nowMs: number): Json {
  const attempts = error.attempts.map(({ route, credential, failure, status, ms }) => ({
    route,
    credential,
    failure,
    status,
    ms,
  }));
  return {
    retryable: error.retryable,
    ...(attempts.length === 0 ? {} : { attempts }),
    ...(error.retryAfterMs === null ? {} : { earliest_reset: new Date(nowMs + error.retryAfterMs).toISOString() }),
  };
}
