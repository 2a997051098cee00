// Who may use a credential, and what a test of it found: of what is kept and of what is told alike.
import * as z from 'zod/mini';
import { instantSchema } from './api/instant.ts';

/** Who besides its owner may use it: nobody, everybody, or these people (ids). */
export const sharingSchema = z.lazy(() =>
  z.union([
    z.enum(['private', 'all']),
    z.array(z.string().check(z.minLength(1), z.maxLength(100))).check(z.maxLength(500)),
  ]),
);
export type Sharing = z.infer<typeof sharingSchema>;

/** What a test of a credential found. */
export const testOutcomes = [
  'works',
  'wrong_key',
  'limited',
  'wrong_url',
  'no_such_model',
  'unreachable',
  'refused',
] as const;
export type TestOutcome = (typeof testOutcomes)[number];

/** What an outcome comes from, where it says more than the outcome. `identity`: the message alone says it. */
export type TestCause = 'private_address' | 'plain_address' | 'no_such_host' | 'offline' | 'not_listening' | 'identity';

export const testResultSchema = z.lazy(() =>
  z.object({
    outcome: z.enum(testOutcomes),
    /** What it means, and what to do. */
    message: z.string(),
    /** A `TestCause`, or of a later version's; absent: the outcome says it all. */
    cause: z.optional(z.string()),
    at: instantSchema,
    /** How long the provider took to answer, ms; null when it did not. */
    ms: z.nullable(z.number()),
    /** When the limit is over; null when unknown, or not limited. */
    limited_until: z.nullable(instantSchema),
    /** Ids of the models that the provider lists for this key; null when it did not list any. */
    models: z.nullable(z.array(z.string())),
  }),
);
export type TestResult = z.infer<typeof testResultSchema>;
