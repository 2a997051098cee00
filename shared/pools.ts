// Quota pools as data: what a limit covers, what it counts, how much, and by which clock it comes back.
import * as z from 'zod/mini';

/** More names than there are zones are made up. */
const MOST_ZONES = 1_000;
/** What has been asked before. The first question makes the system load its calendars, 10 ms, which `UTC` alone needs not. */
const zones = new Map([['UTC', true]]);

/** Asking the system costs a twentieth of a millisecond, and hundreds of pools name the same few zones. */
function isZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const isOne = looksUp(name);
  if (zones.size < MOST_ZONES) zones.set(name, isOne);
  return isOne;
}

function looksUp(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/**
 * How a pool's quota comes back.
 * - `refill`: token bucket; capacity `max`, refilled continuously over `seconds`.
 * - `rolling`: at most `max` in any interval of `seconds`.
 * - `calendar`: reset at the boundary of a minute, hour, day, week (Monday) or month in `zone`; `day` is the first day of a month window.
 * - `once`: a balance that never comes back; unusable after `expiresAt` (ISO date-time).
 * - `session`: a window of `seconds` that starts at the first use.
 * - `concurrent`: at most `max` at the same time.
 */
export const clockSchema = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('refill'), seconds: z.number().check(z.positive()) }),
    z.strictObject({ kind: z.literal('rolling'), seconds: z.number().check(z.positive()) }),
    z.strictObject({
      kind: z.literal('calendar'),
      every: z.enum(['minute', 'hour', 'day', 'week', 'month']),
      zone: z._default(
        z.string().check(z.refine(isZone, 'an IANA time zone such as UTC or America/Los_Angeles')),
        'UTC',
      ),
      day: z.optional(z.int().check(z.minimum(1), z.maximum(28))),
    }),
    z.strictObject({ kind: z.literal('once'), expiresAt: z.optional(z.string()) }),
    z.strictObject({ kind: z.literal('session'), seconds: z.number().check(z.positive()) }),
    z.strictObject({ kind: z.literal('concurrent') }),
  ]),
);
export type Clock = z.infer<typeof clockSchema>;

/** What a pool counts. `usd` is in US dollars; `audio_seconds` in seconds of audio sent. */
export const poolUnits = [
  'requests',
  'tokens',
  'input_tokens',
  'output_tokens',
  'audio_seconds',
  'usd',
  'concurrent',
] as const;
export type PoolUnit = (typeof poolUnits)[number];

/** Who shares the pool: one key, all keys of an account, all keys of a project, or everybody behind one address. */
export const poolScopes = ['credential', 'account', 'project', 'ip'] as const;
export type PoolScope = (typeof poolScopes)[number];

/** Where a fact comes from, and how far it can be trusted. `asOf` is an ISO date, month or year. */
export const evidenceSchema = z.lazy(() =>
  z.object({
    source: z.array(z.string()).check(z.minLength(1)),
    asOf: z.string().check(z.regex(/^\d{4}(-\d{2}){0,2}$/)),
    confidence: z.enum(['high', 'medium', 'low']),
    url: z.optional(z.string()),
    note: z.optional(z.string()),
  }),
);
export type Evidence = z.infer<typeof evidenceSchema>;

/**
 * One limit. `models` holds ids or patterns with `*`: all they match draw on the one pool, or, with `perModel`, each has a pool of its own.
 * `kinds` narrows it to some operations; `plan` to one plan of the account.
 */
export const poolSchema = z.lazy(() =>
  z.object({
    models: z.array(z.string()).check(z.minLength(1)),
    scope: z._default(z.enum(poolScopes), 'credential'),
    unit: z.enum(poolUnits),
    max: z.number().check(z.nonnegative()),
    clock: clockSchema,
    perModel: z.optional(z.boolean()),
    kinds: z.optional(z.array(z.string())),
    plan: z.optional(z.enum(['free', 'paid'])),
    evidence: z.optional(evidenceSchema),
  }),
);
export type Pool = z.infer<typeof poolSchema>;

/** How much of every unit one call needs, or has used. Absent means none. */
export type Amounts = Readonly<Partial<Record<PoolUnit, number>>>;
