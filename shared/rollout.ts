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
export type Flag = z.infer<typeof flagSchema>;

/** `split`: requests in the part are answered by the variant. `shadow`: they are answered as ever, and asked of the variant too, whose answer nobody gets. */
export const experimentKinds = ['split', 'shadow'] as const;

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
    variant: z
      .object({
        model: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
        freeway: z.optional(z.record(z.string(), z.unknown())),
      })
      .check(
        z.refine(({ model, freeway }) => model !== undefined || freeway !== undefined, 'a model, controls, or both'),
      ),
  }),
);
export type Experiment = z.infer<typeof experimentSchema>;

/** All that is being rolled out. */
export interface Rollout {
  readonly flags: readonly Flag[];
  readonly experiments: readonly Experiment[];
}

/** Sides of an experiment: `control` is what would be without it. */
export const arms = ['control', 'variant'] as const;
export type Arm = (typeof arms)[number];

/** The side of one request. */
export interface Assignment {
  readonly experiment: Experiment;
  readonly arm: Arm;
}

/** FNV-1a, and the finaliser of MurmurHash3, which spreads names that differ in their last letter only. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Whether a subject falls into the first `percent` of all; the same everywhere, and other subjects for each name. */
export const isWithin = (name: string, subject: string, percent: number): boolean =>
  hash(`${name}\n${subject}`) / 0x1_0000_0000 < percent / 100;

/** Whether a flag is on for a subject. */
export const isOn = ({ name, enabled, percent, always }: Flag, subject: string): boolean =>
  enabled && (always.includes(subject) || isWithin(name, subject, percent));

/** Who asks for what, as far as experiments tell requests apart. */
export interface Asking {
  readonly model: string;
  /** The key, or the person without one. */
  readonly callerId: string;
  readonly requestId: string;
}

/** The first experiment that a request takes part in, and its side there. Both sides of a split are compared; of a shadow, only what is in its part. */
export function assign(experiments: readonly Experiment[], { model, callerId, requestId }: Asking): Assignment | null {
  for (const experiment of experiments) {
    const { name, kind, enabled, percent, models, by } = experiment;
    if (!enabled || !(models.length === 0 ? /^auto(:|$)/.test(model) : models.includes(model))) continue;
    const inPart = isWithin(name, by === 'caller' ? callerId : requestId, percent);
    if (kind === 'split') return { experiment, arm: inPart ? 'variant' : 'control' };
    if (inPart) return { experiment, arm: 'control' };
  }
  return null;
}
