// What the web app and the usage routes say to each other: one record per request without a word of content, sums of them, and receipts.
import * as z from 'zod/mini';
import { arms } from '../rollout.ts';
import { instantSchema } from './instant.ts';

const daySchema = z.lazy(() => z.iso.date());
/** A day in UTC with all its hours, or an instant. */
const edgeSchema = z.lazy(() => z.union([daySchema, instantSchema]));

/** One call to a provider that failed on the way to the answer. */
const usageAttemptSchema = z.lazy(() =>
  z.object({
    route: z.string(),
    credential: z.string(),
    tier: z.enum(['free', 'paid', 'local']),
    failure: z.nullable(z.string()),
    status: z.nullable(z.number()),
    ms: z.number(),
    /** What it cost all the same; absent: nothing, as far as is known. */
    cost_usd: z.optional(z.number()),
  }),
);

/** One request. Amounts that are not known are null; money in US dollars, times in ms. */
export const usageRecordSchema = z.lazy(() =>
  z.object({
    request_id: z.string(),
    at: instantSchema,
    person_id: z.string(),
    /** The API key it came with; null when with none. */
    key_id: z.nullable(z.string()),
    /** `chat`, `transcription`, `embedding` ... */
    operation: z.string(),
    outcome: z.string(),
    /** The model as the caller named it, or several with commas; absent: the request was not understood so far. */
    requested_model: z.optional(z.string()),
    /** `provider/model` that answered; null when nobody did. */
    route: z.nullable(z.string()),
    credential: z.nullable(z.string()),
    tier: z.nullable(z.enum(['free', 'paid', 'local'])),
    input_tokens: z.nullable(z.number()),
    output_tokens: z.nullable(z.number()),
    audio_seconds: z.nullable(z.number()),
    /** Of all attempts together. */
    cost_usd: z.nullable(z.number()),
    /** Some of the cost is guessed by what was asked and seen, since a provider did not say; absent: none. */
    cost_estimated: z.optional(z.boolean()),
    /** What it costs at list prices: of free answers, what was saved. */
    list_usd: z.nullable(z.number()),
    wait_ms: z.number(),
    duration_ms: z.number(),
    rescues: z.number(),
    attempts: z.array(usageAttemptSchema),
    /** Answered from memory, which spends nothing; absent: no. */
    cached: z.optional(z.boolean()),
    /** From asking the provider that answered to its first content; absent: not known. */
    first_content_ms: z.optional(z.number()),
    /** Why the answer ended: `stop`, `length`, `tool_calls` ...; absent: not known. */
    finish: z.optional(z.string()),
    /** The experiment it took part in, and its side there; absent: in none. */
    experiment: z.optional(z.string()),
    arm: z.optional(z.enum(arms)),
  }),
);
export type UsageRecord = z.infer<typeof usageRecordSchema>;

/** By what sums are told apart. */
export const usageGroups = [
  'month',
  'day',
  'hour',
  'provider',
  'model',
  'person',
  'key',
  'tier',
  'operation',
  'outcome',
] as const;
export type UsageGroup = (typeof usageGroups)[number];

const toSumShape = () => ({
  requests: z.number(),
  /** Answered without paying. */
  free: z.number(),
  failed: z.number(),
  /** Limits and faults of providers that callers never saw. */
  absorbed: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  audio_seconds: z.number(),
  cost_usd: z.number(),
  /** Of the cost, that of requests for which some of it is guessed. */
  estimated_usd: z.number(),
  saved_usd: z.number(),
  wait_ms: z.number(),
  duration_ms: z.number(),
});
export const usageSumSchema = z.lazy(() => z.object(toSumShape()));
export type UsageSum = z.infer<typeof usageSumSchema>;

/** Range of days in UTC, or of instants, both ends included; the last thirty days unless told. Admins see all, or of one person; others their own. */
const toRangeShape = () => ({
  from: z.optional(edgeSchema),
  to: z.optional(edgeSchema),
  person_id: z.optional(z.string().check(z.maxLength(100))),
});

/** GET /api/usage. */
export const usageQuerySchema = z.lazy(() =>
  z.object({
    ...toRangeShape(),
    by: z._default(z.enum(usageGroups), 'day'),
    /** Only what came with this API key. */
    key_id: z.optional(z.string().check(z.maxLength(100))),
    /** Only what this provider, or this `provider/model`, answered. */
    provider: z.optional(z.string().check(z.maxLength(100))),
    model: z.optional(z.string().check(z.maxLength(300))),
  }),
);
export const usageSchema = z.lazy(() =>
  z.object({
    from: edgeSchema,
    to: edgeSchema,
    total: usageSumSchema,
    groups: z.array(z.object({ name: z.string(), ...toSumShape() })),
  }),
);

/** GET /api/usage/records: newest first. `next` continues; null at the end. `csv` answers a table of all that match. */
export const usageRecordsQuerySchema = z.lazy(() =>
  z.object({
    ...toRangeShape(),
    limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(500)), 50),
    after: z.optional(z.string().check(z.maxLength(200))),
    operation: z.optional(z.string().check(z.maxLength(40))),
    outcome: z.optional(z.string().check(z.maxLength(40))),
    provider: z.optional(z.string().check(z.maxLength(100))),
    format: z._default(z.enum(['json', 'csv']), 'json'),
  }),
);
export const usageRecordsSchema = z.lazy(() =>
  z.object({ data: z.array(usageRecordSchema), next: z.nullable(z.string()) }),
);

/** GET /api/receipts/{id}/decisions: each as POST /v1/explain tells it, with the candidates that were meant. */
export const decisionsSchema = z.lazy(() =>
  z.object({ request_id: z.string(), decisions: z.array(z.looseObject({})) }),
);
