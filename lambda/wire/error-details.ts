// What Freeway tells of an error beside its message, the same in every format.
import type { CallerError } from '#shared/failures.ts';
import type { Json } from './json.ts';

/**
 * Whether and when trying again makes sense, what was tried, and the reason as a code with its numbers. Where quota is used up both are always told, even if nobody was asked or it is
 * not known when quota comes back.
 */
export function toErrorDetails({ attempts, code, retryable, retryAfterMs, reason }: CallerError, nowMs: number): Json {
  const isExhausted = code === 'exhausted';
  const told = attempts.map(({ route, credential, failure, status, ms }) => ({
    route,
    credential,
    failure,
    status,
    ms,
  }));
  const reset = retryAfterMs === null ? null : new Date(nowMs + retryAfterMs).toISOString();
  return {
    retryable,
    ...(told.length > 0 || isExhausted ? { attempts: told } : {}),
    ...(reset !== null || isExhausted ? { earliest_reset: reset } : {}),
    ...(reason === null ? {} : { why: reason }),
  };
}
