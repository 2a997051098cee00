// Those who were considered for a request, as /v1/explain tells of them.
import * as z from 'zod/mini';
import { limitPoolSchema } from '#shared/api/limits.ts';

export const tierSchema = z.enum(['free', 'paid', 'local']);

export const candidateSchema = z.object({
  route: z.string(),
  credential: z.string(),
  tier: tierSchema,
  eligible: z.boolean(),
  /** Place in the plan from 1; null when it is not in it. */
  position: z.nullable(z.number()),
  rejected: z.nullable(z.string()),
  missing: z.optional(z.array(z.string())),
  /** Parts by name, compared in this order, the smaller first; null when boundless. */
  score: z.record(z.string(), z.nullable(z.number())),
  resting_until: z.nullable(z.string()),
  shares_limits_with: z.array(z.string()),
  pools: z.array(limitPoolSchema),
});
export type CandidateView = z.infer<typeof candidateSchema>;
