// How far API keys reach that manage API keys: never further, and never for longer, than they do themselves.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { isLimited, type ApiKeyGrant, type Principal } from '#shared/people.ts';

/** A key that ends must not go on in one that it has made, changed or rolled. Throws CallerError `forbidden`. */
export function checkLife({ key }: Principal, expiresAtMs: number | null): void {
  if (key === null || key.expiresAtMs === null || (expiresAtMs ?? Infinity) <= key.expiresAtMs) return;
  throw new CallerError(
    'forbidden',
    `The API key "${key.name}" expires, so it may not make, change or roll a key that would outlive it. Sign in to do it.`,
    { param: 'expires_at' },
  );
}

/** A key that manages keys can't reach further through them than it does itself. Throws CallerError `forbidden`. */
export function checkReach({ key }: Principal, wanted: Pick<ApiKeyGrant, 'scopes'>): void {
  if (key === null) return;
  const bounded = key.models !== null || key.tier !== 'any' || key.privacy !== 'any' || isLimited(key);
  const beyond = wanted.scopes.filter((scope) => !key.scopes.includes(scope));
  if (!bounded && beyond.length === 0) return;
  throw new CallerError(
    'forbidden',
    bounded
      ? `The API key "${key.name}" has bounds of its own, so it may not make or change keys. Sign in to do it.`
      : `The API key "${key.name}" may not make or change a key with the scope ${beyond.join(', ')}, which it does not have. Sign in to do it.`,
  );
}

/** Throws CallerError for a key that would have ended before it is made. */
export function checkExpiry(expiresAtMs: number | null, nowMs: number): void {
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    throw new CallerError('invalid_request', '"expires_at" lies in the past.', {
      param: 'expires_at',
      reason: refused('past'),
    });
}
