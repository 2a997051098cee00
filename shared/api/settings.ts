// What the web app and the settings routes say to each other: what is set for all, what for oneself, and what holds in the end.
import * as z from 'zod/mini';
import { paidPolicies } from '../policy.ts';
import {
  installationSettingsSchema,
  keptBudgetSchema,
  personSettingsSchema,
  routingSettingsSchema,
} from '../settings.ts';
import { instantSchema } from './instant.ts';
import { leftSchema, quotaLeftSchema } from './left.ts';

/** GET /api/settings. */
export const settingsSchema = z.object({
  /** Set by the environment. Its bounds hold whatever is set here. */
  environment: z.object({
    paid: z.enum(paidPolicies),
    usd_per_day: z.nullable(z.number()),
    usd_per_month: z.nullable(z.number()),
  }),
  /** For everybody. Where alerts go is shown to admins only. */
  installation: installationSettingsSchema,
  /** The asker's own. */
  mine: personSettingsSchema,
  /** What holds for a request of the asker that says nothing itself: the tightest bounds, the nearest wishes. */
  in_force: routingSettingsSchema,
  /** What the asker may spend, and what is left of it; null when nothing bounds it. */
  budget: z.nullable(z.extend(keptBudgetSchema._zod.innerType, { left: z.array(leftSchema) })),
  /** What is left of how much the asker may ask for; null when nothing bounds it. */
  quota_left: z.nullable(quotaLeftSchema),
  /** The same of all together, for admins; null for others, and when nothing bounds it. */
  installation_quota_left: z.nullable(quotaLeftSchema),
});
export type SettingsView = z.infer<typeof settingsSchema>;

/** GET /api/export. Keys are not in it: they can't be read by anybody. */
export const exportSchema = z.object({
  freeway_export: z.literal(1),
  at: instantSchema,
  person: z.object({ id: z.string(), email: z.nullable(z.string()), role: z.string() }),
  settings: personSettingsSchema,
  /** Of the installation; for admins only, null for others. */
  installation: z.nullable(installationSettingsSchema),
  credentials: z.array(z.looseObject({ provider: z.string(), name: z.string() })),
  api_keys: z.array(z.looseObject({ id: z.string(), name: z.string() })),
  /** Sums by day of the last ninety days; null for an API key without the scope `usage`. */
  usage: z.nullable(z.array(z.looseObject({ name: z.string() }))),
});
