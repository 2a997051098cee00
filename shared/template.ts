// A provider that admins have added at run time: OpenAI-compatible, described by data, and from then on like any of the catalog.
import * as z from 'zod/mini';
import { modelSchema, providerSchema, termsSchema, type Provider } from './catalog.ts';
import { entryModelSchema, entryPoolSchema, regionsSchema } from './credentials.ts';
import { poolSchema } from './pools.ts';

const answer = z.lazy(() => z.union([z.boolean(), z.literal('unknown')]));

const toTemplateShape = () => ({
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(64)),
  /** Up to and including the version, such as https://api.example.com/v1. */
  base_url: z.url({ protocol: /^https?$/ }).check(z.maxLength(2_000)),
  /** How a key is put on the request: as a bearer token, in a header of its own, or not at all. */
  auth: z._default(
    z.discriminatedUnion('scheme', [
      z.strictObject({ scheme: z.literal('bearer') }),
      z.strictObject({
        scheme: z.literal('header'),
        header: z.string().check(z.regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header')),
        prefix: z.optional(z.string().check(z.maxLength(32))),
      }),
      z.strictObject({ scheme: z.literal('none') }),
    ]),
    { scheme: 'bearer' },
  ),
  /** The plan a key is on unless its owner says otherwise. */
  plan: z._default(z.enum(['free', 'paid', 'local']), 'paid'),
  /** May be empty: then the models that the endpoint lists for a key are taken. */
  models: z._default(z.array(entryModelSchema).check(z.maxLength(500)), []),
  pools: z._default(z.array(entryPoolSchema).check(z.maxLength(200)), []),
  /** What its terms allow. Unknown is never read as permission. */
  terms: z._default(
    z.strictObject({
      serve_others: z._default(answer, 'unknown'),
      trains_on_prompts: z._default(answer, 'unknown'),
      commercial: z._default(answer, 'unknown'),
      regions: z.optional(regionsSchema),
      retention_days: z.optional(z.number().check(z.nonnegative())),
      note: z.optional(z.string().check(z.maxLength(500))),
    }),
    { serve_others: 'unknown', trains_on_prompts: 'unknown', commercial: 'unknown' },
  ),
  signup_url: z.optional(z.url({ protocol: /^https?$/ }).check(z.maxLength(2_000))),
});

/** The id is that of a provider of the catalog: small letters, digits and dashes. */
export const templateIdSchema = z.lazy(() =>
  z.string().check(z.maxLength(40), z.regex(/^[a-z0-9][a-z0-9-]*$/, 'small letters, digits and dashes')),
);

/** A template as it is set. */
export const templateSettingsSchema = z.lazy(() => z.strictObject(toTemplateShape()));
/** A template as it is kept and told. */
export const templateSchema = z.lazy(() => z.object({ id: templateIdSchema, ...toTemplateShape() }));
export type Template = z.infer<typeof templateSchema>;

/** The template as a provider. Throws ZodError where the catalog would not take it. `asOf` is a day, `YYYY-MM-DD`. */
export function toProvider(template: Template, asOf: string): Provider {
  const { id, name, base_url: baseUrl, auth, plan, terms, signup_url: signupUrl } = template;
  const key = { name: 'apiKey', label: 'API key', secret: true, required: auth.scheme !== 'none', env: [] };
  return providerSchema.parse({
    id,
    name,
    wire: 'openai-chat',
    dialect: 'generic',
    baseUrl: baseUrl.replace(/\/+$/, ''),
    auth,
    fields: [key],
    quirks: [{ kind: 'purpose' }],
    defaultPlan: plan,
    terms: termsSchema.parse({
      commercial: terms.commercial,
      serveOthers: terms.serve_others,
      trainsOnPrompts: terms.trains_on_prompts,
      hardStopsBeforePaid: 'unknown',
      ...(terms.regions === undefined ? {} : { regions: terms.regions }),
      ...(terms.retention_days === undefined ? {} : { retentionDays: terms.retention_days }),
      ...(terms.note === undefined ? {} : { note: terms.note }),
    }),
    ...(signupUrl === undefined ? {} : { signupUrl }),
    models: template.models.map((model) =>
      modelSchema.parse({ ...(plan === 'free' ? { free: 'plan' } : {}), ...model }),
    ),
    pools: template.pools.map((pool) => poolSchema.parse(pool)),
    asOf,
  });
}
