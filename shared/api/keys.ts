// What the web app and the key routes say to each other: API keys for programs, their bounds and what is left of them.
import * as z from 'zod/mini';
import { keyScopes, limitPeriods } from '../people.ts';
import { strategies } from '../policy.ts';
import { quotaBoundSchema, quotaNames, toQuotaShape, type QuotaName } from '../quotas.ts';
import { modelPatternsSchema } from './people.ts';
import { instantSchema } from './instant.ts';
import { leftSchema, quotaLeftSchema } from './left.ts';

const usdLimitShape = {
  /** US dollars. */
  max: z.number().check(z.nonnegative(), z.maximum(1_000_000)),
  per: z.enum(limitPeriods),
  /** `hard` holds, which is usual; `soft` is only told of, by alerts at half, 80 % and all of it. */
  mode: z.optional(z.enum(['hard', 'soft'])),
};

const boundsShape = Object.fromEntries(quotaNames.map((name) => [name, quotaBoundSchema])) as Record<
  QuotaName,
  typeof quotaBoundSchema
>;

/** What the person who makes a key decides. */
const termsShape = {
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(64)),
  scopes: z.array(z.enum(keyScopes)).check(z.minLength(1), z.maxLength(3)),
  models: modelPatternsSchema,
  tier: z.enum(['free', 'any']),
  privacy: z.enum(['no_training', 'any']),
  /** The order in which candidates are tried, where a request names none; null: as it is set for the person. */
  strategy: z.nullable(z.enum(strategies)),
  ...boundsShape,
  usd: z.nullable(z.strictObject(usdLimitShape)),
  expires_at: z.nullable(instantSchema),
};

export const keySchema = z.object({
  id: z.string(),
  ...termsShape,
  usd: z.nullable(z.object(usdLimitShape)),
  person_id: z.string(),
  /** How the key begins and ends, to know it again by. */
  start: z.string(),
  last4: z.string(),
  created_at: instantSchema,
  last_used_at: z.nullable(instantSchema),
  /** What may still be spent before its limit begins anew, US dollars; null without a limit. */
  usd_remaining: z.nullable(z.number()),
  /** The same of requests and tokens. */
  left: quotaLeftSchema,
  /** Until when the key before the last roll is still accepted; null when it is not. */
  previous_until: z.nullable(instantSchema),
  status: z.enum(['active', 'expired']),
});
export type KeyView = z.infer<typeof keySchema>;

/** GET /api/keys. Members see their own, admins all. */
export const keysSchema = z.object({ data: z.array(keySchema) });

/** POST /api/keys. */
export const newKeySchema = z.strictObject({
  name: termsShape.name,
  scopes: z._default(termsShape.scopes, ['inference']),
  models: z._default(termsShape.models, null),
  tier: z._default(termsShape.tier, 'any'),
  privacy: z._default(termsShape.privacy, 'any'),
  strategy: z._default(termsShape.strategy, null),
  ...toQuotaShape(),
  usd: z._default(termsShape.usd, null),
  expires_at: z._default(termsShape.expires_at, null),
});
export type NewKey = z.infer<typeof newKeySchema>;

/** PATCH /api/keys/:id. What is left out stays as it is. */
export const keyChangeSchema = z.partial(z.strictObject(termsShape));
export type KeyChange = z.infer<typeof keyChangeSchema>;

/** The answer to POST /api/keys and to a roll: the only time the key itself is shown. */
export const shownKeySchema = z.extend(keySchema, { key: z.string() });

/** POST /api/keys/:id/roll. For how long the old key stays good beside the new one, seconds; at most a week. */
export const rollSchema = z.strictObject({
  overlap_seconds: z._default(z.int().check(z.minimum(0), z.maximum(7 * 86_400)), 0),
});

/** GET /api/key: what a key may do, and what is left of its limits. null is no limit. */
export const keyAboutItselfSchema = z.object({
  id: z.string(),
  name: z.string(),
  person_id: z.string(),
  scopes: z.array(z.enum(keyScopes)),
  models: modelPatternsSchema,
  tier: z.enum(['free', 'any']),
  privacy: z.enum(['no_training', 'any']),
  strategy: z.nullable(z.enum(strategies)),
  expires_at: z.nullable(instantSchema),
  ...quotaLeftSchema.shape,
  usd: z.nullable(z.extend(leftSchema, { per: z.enum(limitPeriods) })),
});
