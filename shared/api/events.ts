// What a streamed answer tells beside its text when the caller asks with `x-freeway-events: 1`: where it is, what failed, and the receipt.
import * as z from 'zod/mini';
import { providerFailureKinds } from '../failures.ts';

const tierSchema = z.enum(['free', 'paid', 'local']);

/** A candidate by its public names. */
const whoSchema = z.object({ route: z.string(), credential: z.string(), tier: tierSchema });

/** SSE event `route`: who is being asked now, or that quota is being waited for. `attempt` counts from 1. */
export const routeEventSchema = z.discriminatedUnion('state', [
  z.extend(whoSchema, { state: z.literal('asking'), attempt: z.number() }),
  z.object({ state: z.literal('waiting'), wait_ms: z.number() }),
]);
export type RouteEvent = z.infer<typeof routeEventSchema>;

/** SSE event `attempt`: one attempt that failed, and how. `ms` is how long it took. */
export const attemptEventSchema = z.extend(whoSchema, {
  failure: z.nullable(z.enum(providerFailureKinds)),
  status: z.nullable(z.number()),
  ms: z.number(),
  message: z.nullable(z.string()),
});
export type AttemptEvent = z.infer<typeof attemptEventSchema>;

/** SSE event `receipt`: by whom, after what, for what. Absent and null mean unknown. Amounts in US dollars, times in ms. */
export const receiptEventSchema = z.extend(whoSchema, {
  request_id: z.string(),
  attempts: z.array(attemptEventSchema),
  /** Time spent waiting for quota. */
  wait_ms: z.number(),
  /** From the request to its end. */
  duration_ms: z.number(),
  input_tokens: z.nullable(z.number()),
  output_tokens: z.nullable(z.number()),
  cost_usd: z.nullable(z.number()),
  /** Some of the cost is guessed by what was asked and seen, since a provider did not say; absent: none. */
  cost_estimated: z.optional(z.boolean()),
  /** What the same use costs at list prices; for free answers that is what was saved. */
  list_cost_usd: z.nullable(z.number()),
  /** How many times the answer broke off and went on elsewhere. */
  rescues: z.number(),
  outcome: z.enum(['ok', 'broke_off']),
});
export type ReceiptEvent = z.infer<typeof receiptEventSchema>;
