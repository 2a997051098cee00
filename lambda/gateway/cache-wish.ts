// Who asks for the reply to be kept, and for how long: known to every request, while keeping is loaded by the first who asks for it.
import type { Headers } from '../ports.ts';

/** How long a reply may be kept at most. */
export const MAX_TTL_SECONDS = 86_400;

const isTtl = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TTL_SECONDS;

/** What somebody may have written where a body asks for its reply to be kept. */
type Asking = { readonly freeway?: { readonly cache?: { readonly ttl_seconds?: unknown } | null } | null } | null;

/** How long the caller wants the reply to be kept, seconds; null when not at all. What is wrong is told where controls are read. */
export function readTtlSeconds(headers: Headers, json: unknown): number | null {
  const asked = headers['x-freeway-cache'];
  const ttl = (json as Asking)?.freeway?.cache?.ttl_seconds ?? (asked === undefined ? null : Number(asked));
  return isTtl(ttl) ? ttl : null;
}
