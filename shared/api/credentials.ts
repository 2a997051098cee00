// What the web app and the credential routes say to each other: provider credentials, never a key, only how it ends.
import * as z from 'zod/mini';
import { entryModelSchema, entryPoolSchema, regionsSchema } from '../credentials.ts';
import { sharingSchema, testResultSchema } from '../credential-test.ts';
import { lockKinds } from '../locks.ts';
import { instantSchema } from './instant.ts';

export {
  sharingSchema,
  testOutcomes,
  testResultSchema,
  type Sharing,
  type TestCause,
  type TestOutcome,
  type TestResult,
} from '../credential-test.ts';

/** Where a credential comes from: the person's own, shared by another person, or of the environment. */
export const credentialSources = ['own', 'shared', 'environment'] as const;

/** What a person may set, but for the secrets. */
const settings = {
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(64)),
  /** null: the provider's own address. */
  base_url: z.nullable(z.url({ protocol: /^https?$/ }).check(z.maxLength(2_000))),
  /** The plan the key is on; null: the provider's usual one. */
  plan: z.nullable(z.enum(['free', 'paid', 'local'])),
  enabled: z.boolean(),
  sharing: sharingSchema,
  /** Lower is tried first among equals. */
  priority: z.number().check(z.nonnegative(), z.maximum(1_000_000)),
  weight: z.number().check(z.positive(), z.maximum(1_000_000)),
  /** Credentials of one person that name the same account share its limits. */
  account: z.nullable(z.string().check(z.minLength(1), z.maxLength(100))),
  /** Patterns with `*`; null: all. */
  allowed_models: z.nullable(z.array(z.string().check(z.minLength(1))).check(z.maxLength(500))),
  /** Further models, or corrections of the catalog's. */
  models: z.array(entryModelSchema).check(z.maxLength(1_000)),
  /** Limits that stand in place of the catalog's. */
  pools: z.array(entryPoolSchema).check(z.maxLength(200)),
  /** null: as the provider's terms say. */
  trains_on_prompts: z.nullable(z.boolean()),
  /** Where prompts are worked on with this key, such as `eu`; null: as the provider's terms say. */
  regions: z.nullable(regionsSchema),
  /** How long they are kept, days; null: as the provider's terms say. */
  retention_days: z.nullable(z.number().check(z.nonnegative(), z.maximum(36_500))),
  expires_at: z.nullable(instantSchema),
  /** Why a provider whose terms do not allow it may serve others all the same; written into the audit. */
  override_terms: z.nullable(z.string().check(z.trim(), z.minLength(10), z.maxLength(500))),
};

/** The fields of the provider's form, secrets among them; an empty text is a field not given. */
const fieldsSchema = z.record(z.string(), z.string().check(z.maxLength(20_000)));

/** POST /api/credentials, and POST /api/credentials/test for one that is not saved. */
export const newCredentialSchema = z.extend(z.partial(z.strictObject(settings)), {
  provider: z.string().check(z.minLength(1)),
  fields: z._default(fieldsSchema, {}),
});
export type NewCredential = z.infer<typeof newCredentialSchema>;

/** PATCH /api/credentials/:id. What is left out stays, secrets above all; `fields` here takes those that are no secrets; all of them where the address becomes another host's. */
export const credentialChangeSchema = z.extend(z.partial(z.strictObject(settings)), {
  fields: z.optional(fieldsSchema),
});
export type CredentialChange = z.infer<typeof credentialChangeSchema>;

/** PUT /api/credentials/:id/key: new secrets, by the names of the provider's form fields. */
export const newSecretsSchema = z.strictObject({ fields: fieldsSchema });

export const credentialSchema = z.object({
  id: z.string(),
  source: z.enum(credentialSources),
  /** By what others know whom it belongs to; null for the environment. */
  owner: z.nullable(z.string()),
  provider: z.string(),
  ...settings,
  /** The plan that counts, chosen or usual. */
  plan: z.enum(['free', 'paid', 'local']),
  /** Whether the asker may change it. */
  editable: z.boolean(),
  /** Which secrets are set, and how they end; of short ones nothing is shown. */
  secrets: z.array(z.object({ field: z.string(), ending: z.string() })),
  /** Equal for equal keys; not the key. */
  fingerprint: z.string(),
  /** Form fields that are no secrets. */
  fields: z.record(z.string(), z.string()),
  /** Why it serves its owner alone although it is shared; null when it does not. */
  held_back: z.nullable(z.string()),
  /** Why its secrets can't be opened, so that it serves nobody; null: they can. `lost`: enter them again. */
  locked: z.nullable(z.enum(lockKinds)),
  last_test: z.nullable(testResultSchema),
  created_at: z.nullable(instantSchema),
  changed_at: z.nullable(instantSchema),
  /** Until when it can be brought back; null when it is not deleted. */
  deleted_until: z.nullable(instantSchema),
});
export type CredentialView = z.infer<typeof credentialSchema>;

/** GET /api/credentials. `deleted=true` adds those that can be brought back. */
export const credentialsSchema = z.object({ data: z.array(credentialSchema) });
export const credentialsQuerySchema = z.object({ deleted: z.optional(z.enum(['true', 'false'])) });

/** GET /api/credentials/:id/models: what the provider lists for it. */
export const listedModelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      /** Whether the catalog or the credential describes it, so that it can be called. */
      known: z.boolean(),
    }),
  ),
});
