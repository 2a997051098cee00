// What the web app, programs and the routes of gradual rollout say to each other.
import * as z from 'zod/mini';
import { arms } from '../rollout.ts';
import { experimentSchema, flagSchema } from '../rollout-schemas.ts';

/** GET /api/rollout. */
export const rolloutSchema = z.object({ flags: z.array(flagSchema), experiments: z.array(experimentSchema) });

const nullableNumber = z.nullable(z.number());

/** One side of an experiment. Times in ms, money in US dollars a request; null where nothing is known. */
export const armSumSchema = z.object({
  requests: z.number(),
  ok: z.number(),
  /** Where the share of good answers lies with 95 % confidence (Wilson). */
  ok_low: nullableNumber,
  ok_high: nullableNumber,
  duration_p50_ms: nullableNumber,
  duration_p95_ms: nullableNumber,
  first_content_p50_ms: nullableNumber,
  first_content_p95_ms: nullableNumber,
  cost_mean_usd: nullableNumber,
  list_mean_usd: nullableNumber,
  input_tokens_mean: nullableNumber,
  output_tokens_mean: nullableNumber,
  /** Good answers that nobody paid for. */
  free: z.number(),
  finishes: z.record(z.string(), z.number()),
  routes: z.record(z.string(), z.number()),
  outcomes: z.record(z.string(), z.number()),
});
export type ArmSum = z.infer<typeof armSumSchema>;

/** GET /api/rollout/experiments/{name}: its sides over the last days. */
export const experimentReportSchema = z.object({
  experiment: experimentSchema,
  from: z.iso.date(),
  to: z.iso.date(),
  arms: z.array(z.object({ arm: z.enum(arms), ...armSumSchema.shape })),
});
export type ExperimentReport = z.infer<typeof experimentReportSchema>;
export const reportQuerySchema = z.object({
  days: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(90)), 7),
});

/** GET /api/rollout/flags/{name}: whether it is on for a subject; for the caller without one. */
export const flagQuerySchema = z.object({ subject: z.optional(z.string().check(z.minLength(1), z.maxLength(200))) });
export const flagStateSchema = z.object({ name: z.string(), subject: z.string(), on: z.boolean() });
