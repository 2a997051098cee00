// What the catalog says about a provider and its models: the schema of catalog/providers/<id>.json.
import * as z from 'zod/mini';
import { evidenceSchema, poolSchema } from './pools.ts';
import { priceSchema } from './price.ts';
import { quirkSchema } from './quirks.ts';

/** The message formats Freeway speaks. A provider names the one it understands. `native`: one of its own that is not spoken (yet): known, never called. */
export const wireIds = [
  'openai-chat',
  'openai-responses',
  'anthropic',
  'gemini',
  'bedrock-converse',
  'predictions',
  'audio-form',
  'audio-raw',
  'audio-base64',
  'audio-steps',
  'audio-upload-job',
  'audio-form-upload-job',
  'audio-form-job',
  'native',
] as const;
export type WireId = (typeof wireIds)[number];

/** What a model of sound can be told beside the sound. `format` and `granularities` choose how much of the transcript comes back. */
export const audioFields = [
  'audio',
  'model',
  'language',
  'prompt',
  'temperature',
  'format',
  'granularities',
  'speakers',
  'task',
] as const;
export type AudioField = (typeof audioFields)[number];

/**
 * How a model that transcribes wants to be asked, where it departs from its wire. `names`: what it calls a field; null: it can't be told that.
 * `always`: sent with every question, by the model's own names. `needs`: it does not answer without.
 */
export const audioAskSchema = z.lazy(() =>
  z.object({
    names: z.optional(z.partialRecord(z.enum(audioFields), z.nullable(z.string()))),
    always: z.optional(z.record(z.string(), z.unknown())),
    needs: z.optional(z.array(z.enum(['language']))),
  }),
);
export type AudioAsk = z.infer<typeof audioAskSchema>;

/** How a provider reports its limits and faults; the parser is chosen by this, never by header name alone. */
export const dialectIds = [
  'openai',
  'groq',
  'cerebras',
  'sambanova',
  'mistral',
  'anthropic',
  'openrouter',
  'cohere',
  'together',
  'fireworks',
  'gemini',
  'azure',
  'bedrock',
  'cloudflare',
  'nvidia',
  'huggingface',
  'zai',
  'generic',
] as const;
export type DialectId = (typeof dialectIds)[number];

export const modelKinds = ['chat', 'embedding', 'image', 'speech', 'transcription', 'moderation'] as const;
export type ModelKind = (typeof modelKinds)[number];

export const modelSizes = ['small', 'large', 'reasoning'] as const;
export type ModelSize = (typeof modelSizes)[number];

/** Whether a model can be called without paying: `plan` = on the provider's free plan; `always` = on any plan. */
export const freePlans = ['plan', 'always'] as const;

/** `prefill`: continues an assistant message it is given. `stream` is assumed of every chat model. */
export const capabilityIds = ['tools', 'vision', 'json', 'reasoning', 'prefill', 'audio', 'documents'] as const;
export type Capability = (typeof capabilityIds)[number];

/** How a credential is put on the request. `also`: headers that carry it, too, where models are asked in these formats. */
export const authSchema = z.lazy(() =>
  z.discriminatedUnion('scheme', [
    z.object({ scheme: z.literal('bearer'), also: z.optional(z.partialRecord(z.enum(wireIds), z.string())) }),
    z.object({ scheme: z.literal('header'), header: z.string(), prefix: z.optional(z.string()) }),
    z.object({ scheme: z.literal('none') }),
    z.object({ scheme: z.literal('aws-sigv4'), service: z.string() }),
    z.object({ scheme: z.literal('google-oauth') }),
    z.object({ scheme: z.literal('entra'), scope: z.string() }),
  ]),
);
export type Auth = z.infer<typeof authSchema>;

/** One thing a person must give to use the provider; forms are drawn from it. `env` lists variables it may be read from. */
export const credentialFieldSchema = z.lazy(() =>
  z.object({
    name: z.string(),
    label: z.string(),
    secret: z.boolean(),
    required: z.boolean(),
    hint: z.optional(z.string()),
    placeholder: z.optional(z.string()),
    default: z.optional(z.string()),
    env: z.array(z.string()),
  }),
);
export type CredentialField = z.infer<typeof credentialFieldSchema>;

/** What one call of a model that makes vectors takes at most: inputs, and tokens of all of them together. Absent is unknown. */
export const batchSchema = z.lazy(() =>
  z.object({
    inputs: z.optional(z.int().check(z.positive())),
    tokens: z.optional(z.int().check(z.positive())),
    evidence: z.optional(evidenceSchema),
  }),
);

/**
 * One model at one provider. `family` is the same string wherever the same model is served.
 * `free` absent: it is paid.
 */
export const modelSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    kind: z._default(z.enum(modelKinds), 'chat'),
    family: z.optional(z.string()),
    context: z.optional(z.int()),
    maxOutput: z.optional(z.int()),
    size: z.optional(z.enum(modelSizes)),
    /** Sizes it can also stand in for (for example a large model with reasoning effort). */
    roles: z.optional(z.array(z.enum(modelSizes))),
    capabilities: z._default(z.array(z.enum(capabilityIds)), []),
    price: z.optional(priceSchema),
    free: z.optional(z.enum(freePlans)),
    tokenizer: z.optional(z.string()),
    dimensions: z.optional(z.int()),
    batch: z.optional(batchSchema),
    /** How it is asked for vectors of a purpose, where the usual way has no field for that (quirk `purpose`). */
    aimed: z.optional(
      z.object({
        form: z.enum(['gemini', 'cohere']),
        path: z.string(),
        auth: z.optional(authSchema),
        evidence: z.optional(evidenceSchema),
      }),
    ),
    formats: z.optional(z.array(z.string())),
    maxBytes: z.optional(z.int()),
    maxSeconds: z.optional(z.number()),
    /** Kinds of sound files it takes, as file endings are written; absent: all that are read here. */
    containers: z.optional(z.array(z.string())),
    features: z.optional(z.array(z.enum(['words', 'segments', 'diarize', 'stream', 'translate']))),
    ask: z.optional(audioAskSchema),
    /**
     * Where it is called instead of the provider's path, after the base URL; `/../` leads out of its last part and must be resolved before the
     * call. A whole address when it is served by another host; whoever has set a base URL of their own is called there all the same.
     */
    path: z.optional(z.string()),
    wire: z.optional(z.enum(wireIds)),
    /** How its calls carry the key, where that departs from the provider's way. */
    auth: z.optional(authSchema),
    /** Where it fills gaps in texts by itself (`prompt` and `suffix` of OpenAI's text completions), written as `path` is; `maxOutput`: less than elsewhere. */
    fim: z.optional(
      z.object({
        path: z.string(),
        maxOutput: z.optional(z.int().check(z.positive())),
        evidence: z.optional(evidenceSchema),
      }),
    ),
    /** The last day on which it is served, as `2026-11-30`, in UTC; nobody is led to it afterwards. */
    retiresOn: z.optional(z.string()),
    /** Made for one kind of work, such as verdicts on safety or proofs, or too small for any chat: asked by those who name it alone. */
    onlyByName: z.optional(z.boolean()),
    note: z.optional(z.string()),
    evidence: z.optional(evidenceSchema),
  }),
);
export type Model = z.infer<typeof modelSchema>;

const answer = z.lazy(() => z.union([z.boolean(), z.literal('unknown')]));

/** What the provider's terms allow. `unknown` is never read as permission. */
export const termsSchema = z.lazy(() =>
  z.object({
    commercial: answer,
    serveOthers: answer,
    trainsOnPrompts: answer,
    hardStopsBeforePaid: answer,
    regions: z.optional(z.array(z.string())),
    retentionDays: z.optional(z.number()),
    note: z.optional(z.string()),
    evidence: z.optional(evidenceSchema),
  }),
);
export type Terms = z.infer<typeof termsSchema>;

/** A provider: data that any wire can be driven by. */
export const providerSchema = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]*$/)),
    name: z.string(),
    /** Other names under which older settings know it. */
    aliases: z.optional(z.array(z.string())),
    status: z._default(z.enum(['active', 'retired']), 'active'),
    /** Only of a retired provider: since when, and what to tell people. */
    retired: z.optional(z.object({ since: z.string(), message: z.string() })),
    wire: z.enum(wireIds),
    dialect: z.enum(dialectIds),
    /** May hold `{field}` placeholders filled from the credential. */
    baseUrl: z.string(),
    /** Other addresses, where a field of the credential has this value. */
    places: z.optional(z.array(z.object({ field: z.string(), value: z.string(), baseUrl: z.string() }))),
    /** Paths of calls by their kind; by the id of another wire than `wire`, what goes before that wire's own paths. */
    /** Paths behind the base URL, where they depart from the wire's, by what is called there. `check`: answers whoever has a key, and costs nothing. */
    paths: z._default(z.record(z.string(), z.string()), {}),
    auth: authSchema,
    /** How calls are authorised where the key is no plain one, but stands for an identity: access keys, an application, a role. */
    signing: z.optional(authSchema),
    fields: z.array(credentialFieldSchema),
    quirks: z._default(z.array(quirkSchema), []),
    /** Its replies tell what the call cost, US dollars: that is believed before the price list. */
    tellsCost: z.optional(z.boolean()),
    /** The plan a key is taken to be on unless the person says otherwise. `local` costs nothing and has no limits. */
    defaultPlan: z.enum(['free', 'paid', 'local']),
    keyHint: z.optional(z.string()),
    signupUrl: z.optional(z.string()),
    cardRequired: z._default(answer, 'unknown'),
    freeOffer: z.optional(z.string()),
    terms: termsSchema,
    models: z._default(z.array(modelSchema), []),
    /** Only the address itself knows its models: asked for by OpenAI's list, or by Ollama's of pulled ones. `once`: by OpenAI's, where every call costs: not again, and not where models are named. */
    discovery: z.optional(z.enum(['models', 'tags', 'once'])),
    /** Models that were served once: asked for by name, they are answered with this. */
    retiredModels: z._default(
      z.array(z.object({ id: z.string(), since: z.string(), replacement: z.optional(z.string()) })),
      [],
    ),
    pools: z._default(z.array(poolSchema), []),
    notes: z._default(z.array(z.string()), []),
    sources: z._default(z.array(z.string()), []),
    asOf: z.string(),
  }),
);
export type Provider = z.infer<typeof providerSchema>;
