// What the web app and the limits route say to each other: how much of every limit is used, how that is known, and how long it lasts.
import * as z from 'zod/mini';
import { clockSchema, poolScopes, poolUnits } from '../pools.ts';
import { instantSchema } from './instant.ts';

const share = z.number().check(z.minimum(0), z.maximum(1));

/**
 * One limit as it stands. `measured`: the provider has told it, or what is left of it, within a week. `counted`: by our own books, against a
 * limit that was configured.
 */
export const limitPoolSchema = z.object({
  unit: z.enum(poolUnits),
  clock: clockSchema,
  scope: z.enum(poolScopes),
  used: z.number(),
  max: z.number(),
  pressure: share,
  /** When the window resets or the bucket is full; null when it never does. */
  resets_at: z.nullable(instantSchema),
  /** When it will be used up if use goes on as it has; null when it lasts until it comes back, or nobody knows. */
  runs_out_at: z.nullable(instantSchema),
  known: z.enum(['measured', 'counted']),
  /** `refusals`: nobody tells it, it was learned from calls that were refused. */
  limit_from: z.enum(['header', 'body', 'configured', 'refusals']),
  /** When the provider told the limit, or last refused a call for it; null for configured ones. */
  limit_at: z.nullable(instantSchema),
  /** When the provider last told what is left, to the minute; null when never. */
  told_at: z.nullable(instantSchema),
  /** The date of a configured limit: an ISO date, month or year; null when nobody noted one. */
  as_of: z.nullable(z.string()),
});
export type LimitPool = z.infer<typeof limitPoolSchema>;

/** One model under one credential. `unknown`: no limit of it is known. */
export const limitModelSchema = z.object({
  route: z.string(),
  provider: z.string(),
  model: z.string(),
  credential: z.string(),
  tier: z.enum(['free', 'paid', 'local']),
  known: z.enum(['measured', 'counted', 'unknown']),
  pressure: share,
  resting_until: z.nullable(instantSchema),
  breaker: z.enum(['closed', 'open', 'half_open', 'recovering']),
  /** The last free check of its credential, made after a failure; `silent`: the provider has no list of models. null when there was none. */
  last_check: z.nullable(z.object({ at: instantSchema, outcome: z.enum(['healthy', 'failed', 'silent']) })),
  /** Names of credentials of the same owner whose limits move together with this one's: keys of one account, counted as one where none of them names its account. */
  shares_limits_with: z.array(z.string()),
  pools: z.array(limitPoolSchema),
});
export type LimitModel = z.infer<typeof limitModelSchema>;

/** GET /api/limits. */
export const limitsSchema = z.object({
  at: instantSchema,
  /** When everything free will be used up if use goes on as it has; null when some lasts, or nobody knows. */
  free_until: z.nullable(instantSchema),
  models: z.array(limitModelSchema),
});
export type Limits = z.infer<typeof limitsSchema>;
