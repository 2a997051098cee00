// A provider credential as it is kept: everything but its secrets in the clear, the secrets sealed.
import * as z from 'zod/mini';
import { sharingSchema, testResultSchema } from './credential-test.ts';
import { entryModelSchema, entryPoolSchema } from './credentials.ts';

/** Fields of other versions are kept as they are. Times are ms since the epoch. */
export const storedCredentialSchema = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    ownerId: z.string(),
    /** Name or address by which others know the owner. */
    owner: z.string(),
    provider: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    plan: z.nullable(z.enum(['free', 'paid', 'local'])),
    baseUrl: z.nullable(z.string()),
    fields: z.record(z.string(), z.string()),
    secrets: z.array(z.object({ field: z.string(), ending: z.string() })),
    /** Equal for equal keys at one provider, so that whoever holds the same key shares its books. */
    fingerprint: z.string(),
    sharing: sharingSchema,
    priority: z.number(),
    weight: z.number(),
    account: z.nullable(z.string()),
    allowedModels: z.nullable(z.array(z.string())),
    models: z.array(entryModelSchema),
    pools: z.array(entryPoolSchema),
    trainsOnPrompts: z.nullable(z.boolean()),
    regions: z._default(z.nullable(z.array(z.string())), null),
    retentionDays: z._default(z.nullable(z.number()), null),
    expiresAtMs: z.nullable(z.number()),
    overrideTerms: z.nullable(z.string()),
    lastTest: z.nullable(testResultSchema),
    createdAtMs: z.number(),
    changedAtMs: z.number(),
    deletedAtMs: z.nullable(z.number()),
    /** The sealed secrets: a JSON object by field. */
    sealed: z.nullable(z.string()),
    /** Counts changes, so that two at once do not overwrite each other. */
    version: z.number(),
  }),
);
export type StoredCredential = z.infer<typeof storedCredentialSchema>;

/** Where a credential's secrets belong; authenticated with them. */
export const sealedIdentity = ({ ownerId, id }: Pick<StoredCredential, 'ownerId' | 'id'>): string =>
  `credential#${ownerId}#${id}`;

/** How long a deleted credential can be brought back, ms. */
export const UNDO_MS = 7 * 24 * 3_600_000;
