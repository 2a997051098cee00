// Provider credentials as the web app and other clients see them: never a key, only how it ends.
import * as z from 'zod/mini';
import { entryModelSchema, entryPoolSchema } from '../credentials.ts';

/** Where a credential comes from: the person's own, shared by another person, or of the environment. */
export const credentialSources = ['own', 'shared', 'environment'] as const;

/** Who besides its owner may use it: nobody, everybody, or these people (ids). */
export const sharingSchema = z.union([
  z.literal('private'),
  z.literal('all'),
  z.array(z.string().check(z.minLength(1))),
]);
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

/** Times are ms since the epoch. */
export const testResultSchema = z.object({
  outcome: z.enum(testOutcomes),
  /** What it means, and what to do. */
  message: z.string(),
  atMs: z.number(),
  /** How long the provider took to answer; null when it did not. */
  ms: z.nullable(z.number()),
  /** When the limit is over; null when unknown or not limited. */
  limitedUntilMs: z.nullable(z.number()),
  /** Models the provider listed for this credential; null when it did not list any. */
  models: z.nullable(z.number()),
});
export type TestResult = z.infer<typeof testResultSchema>;

/** What a person may set, but for the secrets. */
const settings = {
  name: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(64))),
  baseUrl: z.optional(z.nullable(z.url({ protocol: /^https?$/ }))),
  /** The plan the key is on. */
  plan: z.optional(z.nullable(z.enum(['free', 'paid', 'local']))),
  enabled: z.optional(z.boolean()),
  sharing: z.optional(sharingSchema),
  /** Lower is tried first among equals. */
  priority: z.optional(z.number().check(z.nonnegative(), z.maximum(1_000_000))),
  weight: z.optional(z.number().check(z.positive(), z.maximum(1_000_000))),
  /** Credentials that name the same account share its limits. */
  account: z.optional(z.nullable(z.string().check(z.maxLength(100)))),
  /** Patterns; null: all. */
  allowedModels: z.optional(z.nullable(z.array(z.string().check(z.minLength(1))))),
  /** Further models, or corrections of the catalog's. */
  models: z.optional(z.array(entryModelSchema)),
  /** Limits that stand in place of the catalog's. */
  pools: z.optional(z.array(entryPoolSchema)),
  trainsOnPrompts: z.optional(z.nullable(z.boolean())),
  /** ms since the epoch; null: never. */
  expiresAtMs: z.optional(z.nullable(z.number())),
  /** Why a provider whose terms do not allow it may serve others all the same; recorded in the audit. */
  overrideTerms: z.optional(z.nullable(z.string().check(z.minLength(10), z.maxLength(500)))),
};

/** The provider's form fields, secrets among them; empty texts are taken as not given. */
export const fieldsSchema = z.record(z.string(), z.string().check(z.maxLength(20_000)));

/** A new credential. */
export const credentialInputSchema = z.strictObject({
  provider: z.string().check(z.minLength(1)),
  fields: z._default(fieldsSchema, {}),
  ...settings,
});
export type CredentialInput = z.infer<typeof credentialInputSchema>;

/** A change: what is left out stays. Secrets are replaced by a call of their own. */
export const credentialPatchSchema = z.strictObject({ ...settings, fields: z.optional(fieldsSchema) });
export type CredentialPatch = z.infer<typeof credentialPatchSchema>;

/** New secrets for a credential, by the names of the provider's form fields. */
export const replaceSecretSchema = z.strictObject({ fields: fieldsSchema });

/** A credential as it is told. */
export const credentialViewSchema = z.object({
  id: z.string(),
  source: z.enum(credentialSources),
  /** Public name of whom it belongs to; null for the environment. */
  owner: z.nullable(z.string()),
  provider: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  plan: z.enum(['free', 'paid', 'local']),
  /** Whether this person may change it. */
  editable: z.boolean(),
  /** Which secrets are set, and how they end; of short ones nothing is shown. */
  secrets: z.array(z.object({ field: z.string(), ending: z.string() })),
  /** Short digest by which two of the same key can be recognised; not the key. */
  fingerprint: z.string(),
  /** Fields that are no secrets. */
  fields: z.record(z.string(), z.string()),
  baseUrl: z.nullable(z.string()),
  sharing: sharingSchema,
  priority: z.number(),
  weight: z.number(),
  account: z.nullable(z.string()),
  allowedModels: z.nullable(z.array(z.string())),
  models: z.array(entryModelSchema),
  pools: z.array(entryPoolSchema),
  trainsOnPrompts: z.nullable(z.boolean()),
  expiresAtMs: z.nullable(z.number()),
  overrideTerms: z.nullable(z.string()),
  /** Why it is in use for its owner alone although shared; null when it is not. */
  heldBack: z.nullable(z.string()),
  lastTest: z.nullable(testResultSchema),
  createdAtMs: z.nullable(z.number()),
  changedAtMs: z.nullable(z.number()),
  /** Until when it can be brought back; null when it is not deleted. */
  deletedUntilMs: z.nullable(z.number()),
});
export type CredentialView = z.infer<typeof credentialViewSchema>;

/** A model that a provider lists for a credential. */
export const listedModelSchema = z.object({
  id: z.string(),
  /** Whether the catalog or the credential describes it, so that it can be called. */
  known: z.boolean(),
});
