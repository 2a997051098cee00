// What a configured credential says beyond its key: the FREEWAY_PROVIDERS entry and what is shared with the web app.
import * as z from 'zod/mini';
import {
  batchSchema,
  capabilityIds,
  freePlans,
  modelKinds,
  modelSizes,
  wireIds,
  type CredentialField,
  type Provider,
} from './catalog.ts';
import { priceSchema } from './price.ts';
import { clockSchema, poolScopes, poolUnits } from './pools.ts';

/** A model given with a credential: all it leaves out is taken from the catalog, or is unknown. */
export const entryModelSchema = z.lazy(() =>
  z.looseObject({
    id: z.string().check(z.minLength(1)),
    kind: z.optional(z.enum(modelKinds)),
    family: z.optional(z.string()),
    context: z.optional(z.int().check(z.positive())),
    maxOutput: z.optional(z.int().check(z.positive())),
    size: z.optional(z.enum(modelSizes)),
    roles: z.optional(z.array(z.enum(modelSizes))),
    capabilities: z.optional(z.array(z.enum(capabilityIds))),
    price: z.optional(priceSchema),
    batch: z.optional(batchSchema),
    path: z.optional(z.string()),
    /** Where it speaks another format than its provider. */
    wire: z.optional(z.enum(wireIds)),
    free: z.optional(z.enum(freePlans)),
  }),
);
export type EntryModel = z.infer<typeof entryModelSchema>;

/** What holds models, with each as an object: of which nothing is said but its id, that may stand alone. */
export function withWholeModels(value: unknown): unknown {
  const { models } = (value ?? {}) as { readonly models?: unknown };
  if (!Array.isArray(models)) return value;
  return { ...(value as object), models: models.map((one: unknown) => (typeof one === 'string' ? { id: one } : one)) };
}

/** A limit given with a credential. */
export const entryPoolSchema = z.lazy(() =>
  z.looseObject({
    models: z._default(z.array(z.string()).check(z.minLength(1)), ['*']),
    scope: z._default(z.enum(poolScopes), 'credential'),
    unit: z.enum(poolUnits),
    max: z.number().check(z.nonnegative()),
    clock: clockSchema,
    perModel: z.optional(z.boolean()),
  }),
);

/** Names of regions in lower case, such as `eu`, `us` or `eu-central-1`. */
export const regionsSchema = z.lazy(() =>
  z
    .array(z.string().check(z.trim(), z.toLowerCase(), z.minLength(1), z.maxLength(40)))
    .check(z.minLength(1), z.maxLength(40)),
);

const nonNegative = z.lazy(() => z.number().check(z.nonnegative()));

/** One entry of FREEWAY_PROVIDERS. Fields of the provider's credential form (accountId, region ...) may stand beside these. */
export const providerEntrySchema = z.lazy(() =>
  z.looseObject({
    provider: z.string().check(z.minLength(1)),
    name: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(64))),
    baseUrl: z.optional(z.url({ protocol: /^https?$/ })),
    apiKey: z.optional(z.string().check(z.trim())),
    tier: z.optional(z.enum(['free', 'paid', 'local'])),
    enabled: z._default(z.boolean(), true),
    priority: z._default(nonNegative, 100),
    weight: z._default(z.number().check(z.positive()), 1),
    trainsOnPrompts: z.optional(z.boolean()),
    /** Where prompts are worked on with this key, such as `eu`; absent: as the provider's terms say. */
    regions: z.optional(regionsSchema),
    /** How long they are kept, days. */
    retentionDays: z.optional(z.number().check(z.nonnegative())),
    /** Credentials that name the same account share its account-wide pools. */
    account: z.optional(z.string()),
    models: z.optional(z.array(entryModelSchema)),
    /** Whether models that the address itself lists are taken; absent: where the catalog says so. */
    discover: z.optional(z.boolean()),
    /** Patterns: of all models known for the provider, only these may be used. */
    allowedModels: z.optional(z.array(z.string())),
    pools: z.optional(z.array(entryPoolSchema)),
  }),
);
export type ProviderEntry = z.infer<typeof providerEntrySchema>;

/** Whether the provider can't be called without this field. What only completes its address is not needed where another address is given. */
export function isNeeded(
  { name, required }: CredentialField,
  provider: Pick<Provider, 'baseUrl'>,
  baseUrl: string | null | undefined,
): boolean {
  const place = `{${name}}`;
  return required && !(baseUrl && provider.baseUrl.includes(place) && !baseUrl.includes(place));
}
