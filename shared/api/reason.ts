// Why a request found no answer, as a code with its numbers and names: pages say it in words of their own.
import * as z from 'zod/mini';
import { lockKinds } from '../locks.ts';
import { refusals } from '../refused.ts';

/** Whose limit it is. */
export const limited = ['key', 'person', 'everybody'] as const;

/** What can be wrong with a field. */
export const fieldFaults = ['missing', 'too_small', 'too_big', 'format', 'unknown', 'other'] as const;

/** `why` of an error. Where there is none, the message says all there is to say. */
export const reasonSchema = z.discriminatedUnion('code', [
  z.object({
    /** Nobody could be asked any more. */
    code: z.literal('nobody'),
    /** How many candidates there were for each verdict that spoke against them. */
    against: z.record(z.string(), z.number()),
    /** Capabilities that were missing. */
    missing: z.array(z.string()),
    /** The request's own bound on cost, US dollars; absent: it has none. */
    max_cost_usd: z.optional(z.number()),
    /** Names of credentials whose keys their providers refuse; absent: none. */
    refused_keys: z.optional(z.array(z.string())),
  }),
  z.object({
    /** A quota does not hold the request. `need`: what it may take of the unit. */
    code: z.literal('quota'),
    whose: z.enum(limited),
    unit: z.enum(['requests', 'tokens']),
    per: z.enum(['minute', 'day']),
    max: z.number(),
    left: z.number(),
    need: z.number(),
  }),
  /** What this person may spend does not cover the request. */
  z.object({ code: z.literal('budget') }),
  /** The time for the request is over. */
  z.object({ code: z.literal('late'), waited_ms: z.number() }),
  /** What the provider said is the answer. `text`: its words. */
  z.object({ code: z.literal('provider'), text: z.string() }),
  /** A form or a file is not taken: what it was, and the values that its words name. */
  z.object({
    code: z.literal('refused'),
    what: z.enum(refusals),
    values: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  /** A field is not as it must be: in which way, and by what bound. `of`: what is counted, or how it should be written. */
  z.object({
    code: z.literal('field'),
    field: z.string(),
    fault: z.enum(fieldFaults),
    bound: z.optional(z.number()),
    of: z.optional(z.string()),
  }),
  /** A saved key can't be opened. */
  z.object({ code: z.literal('locked'), how: z.enum(lockKinds) }),
  /** A guard refused the prompt. `text`: its words. */
  z.object({ code: z.literal('guard'), name: z.string(), text: z.string() }),
]);
export type Reason = z.infer<typeof reasonSchema>;
