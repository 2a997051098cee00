// Gradual rollout: flags that are on for a part of all subjects, and experiments that send a part of all requests another way.
import * as z from 'zod/mini';

const nameSchema = z.lazy(() =>
  z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a name of small letters, digits and dashes, 40 at most')),
);
const percentSchema = z.lazy(() => z.number().check(z.minimum(0), z.maximum(100)));

/** A switch that programs and state machines ask for. */
export const flagSchema = z.lazy(() =>
  z.object({
    name: nameSchema,
    /** Off for all when false. */
    enabled: z._default(z.boolean(), true),
    /** Part of all subjects for which it is on; a subject that has it keeps it when this grows. */
    percent: z._default(percentSchema, 0),
    /** For these it is on whatever the percentage. */
    always: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(100)), []),
  }),
);
/** As it is set: a misspelt field would do nothing. */
export const newFlagSchema = z.lazy(() => z.strictObject(flagSchema._zod.innerType.shape));
export type Flag = z.infer<typeof flagSchema>;

/** `split`: requests in the part are answered by the variant. `shadow`: they are answered as ever, and asked of the variant too, whose answer nobody gets. */
export const experimentKinds = ['split', 'shadow'] as const;

const toVariantShape = () => ({
  model: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  freeway: z.optional(z.record(z.string(), z.unknown())),
});
const asksSomething = z.refine<{ readonly model?: unknown; readonly freeway?: unknown }>(
  ({ model, freeway }) => model !== undefined || freeway !== undefined,
  'a model, controls, or both',
);

export const experimentSchema = z.lazy(() =>
  z.object({
    name: nameSchema,
    kind: z.enum(experimentKinds),
    enabled: z._default(z.boolean(), true),
    percent: percentSchema,
    /** Names of models, as callers write them, whose requests take part; empty: `auto` in all its forms, where the choice is ours. */
    models: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(50)), []),
    /** What is told apart: `caller` keeps each person and key on one side, `request` draws anew for each. */
    by: z._default(z.enum(['caller', 'request']), 'caller'),
    /** What the variant asks for instead: a model name, controls as in the field `freeway`, or both. */
    variant: z.object(toVariantShape()).check(asksSomething),
  }),
);
export const newExperimentSchema = z.lazy(() =>
  z.strictObject({
    ...experimentSchema._zod.innerType.shape,
    variant: z.strictObject(toVariantShape()).check(asksSomething),
  }),
);
export type Experiment = z.infer<typeof experimentSchema>;
