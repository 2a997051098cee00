// What the web app and the people routes say to each other: who may sign in, as what, and until when.
import * as z from 'zod/mini';
import { readRoles } from '../roles.ts';
import { keptQuotaSchema, quotaSchema } from '../quotas.ts';
import { budgetSchema, keptBudgetSchema } from '../settings.ts';
import { instantSchema } from './instant.ts';
import { budgetLeftSchema, quotaLeftSchema } from './left.ts';

/** One address, or `*@domain` for everybody at a domain. */
export const emailOrDomainSchema = z
  .string()
  .check(z.trim(), z.toLowerCase(), z.maxLength(254), z.regex(/^(\*|[^\s@*,]+)@[^\s@*,]+\.[^\s@*,]+$/));

/** Patterns of model names with `*`; null allows all. */
export const modelPatternsSchema = z.nullable(
  z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.minLength(1), z.maxLength(100)),
);

export const personSchema = z.object({
  id: z.string(),
  /** null only for an owner who holds the owner's key. A rule for a whole domain reads `*@domain`. */
  email: z.nullable(z.string()),
  role: z.enum(readRoles),
  models: modelPatternsSchema,
  /** Until when they may sign in; null without end. */
  expires_at: z.nullable(instantSchema),
  blocked: z.boolean(),
  /** By whose word they may: invited here, listed in the environment, or by the rule for their domain. */
  source: z.enum(['invited', 'environment', 'domain']),
  /** What they may spend; null: as is set for everybody. */
  budget: z.nullable(keptBudgetSchema),
  /** How much they may ask for, with all their keys and in the web app; null: as is set for everybody. */
  quota: z.nullable(keptQuotaSchema),
  /** What is left of the budget that holds for them, their own or that of each; null: none does. */
  budget_left: z.nullable(budgetLeftSchema),
  /** What is left of the quota that holds for them, their own or that of each; null: none does. */
  quota_left: z.nullable(quotaLeftSchema),
  created_at: z.nullable(instantSchema),
  last_seen_at: z.nullable(instantSchema),
});
export type PersonView = z.infer<typeof personSchema>;

/** GET /api/people. Members see themselves only. */
export const peopleSchema = z.object({ data: z.array(personSchema) });

/** POST /api/people. */
export const invitationSchema = z.strictObject({
  email: emailOrDomainSchema,
  role: z._default(z.enum(['admin', 'member']), 'member'),
  models: z._default(modelPatternsSchema, null),
  expires_at: z._default(z.nullable(instantSchema), null),
});

/** PATCH /api/people/:id. What is left out stays as it is. */
export const personChangeSchema = z.strictObject({
  role: z.optional(z.enum(['admin', 'member'])),
  models: z.optional(modelPatternsSchema),
  expires_at: z.optional(z.nullable(instantSchema)),
  blocked: z.optional(z.boolean()),
  budget: z.optional(z.nullable(budgetSchema)),
  quota: z.optional(z.nullable(quotaSchema)),
});
