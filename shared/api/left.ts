// What is left of limits, as the key, settings and people routes tell it.
import * as z from 'zod/mini';
import { quotaNames, type QuotaName } from '../quotas.ts';
import { instantSchema } from './instant.ts';

/** `resets_at` is when what is used begins anew; null: never, or nothing is used. */
export const leftSchema = z.object({ limit: z.number(), remaining: z.number(), resets_at: z.nullable(instantSchema) });
export type LeftView = z.infer<typeof leftSchema>;

const toShape = () =>
  Object.fromEntries(quotaNames.map((name) => [name, z.nullable(leftSchema)])) as Record<
    QuotaName,
    z.ZodMiniNullable<typeof leftSchema>
  >;

/** Of each bound of a quota; null where there is none. */
export const quotaLeftSchema = z.object(toShape());
export type QuotaLeftView = z.infer<typeof quotaLeftSchema>;

/** Of a budget for the day and for the month; null where there is none. */
export const budgetLeftSchema = z.object({
  usd_per_day: z.nullable(leftSchema),
  usd_per_month: z.nullable(leftSchema),
});
export type BudgetLeftView = z.infer<typeof budgetLeftSchema>;
