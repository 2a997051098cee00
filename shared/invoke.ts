// Direct invoke: what a caller may pin a call to, and the named endpoints and agents that stand for such choices.
import * as z from 'zod/mini';

/** Ways in which older agents name the format of an endpoint. */
export const transformers = ['openai_v1', 'anthropic_v1', 'gemini_v1', 'bedrock_v1'] as const;

/** Pins a call to one endpoint, whatever else is configured. The key is a JSON key of a secret. `timeout` in seconds. */
export const providerConfigSchema = z.lazy(() =>
  z.looseObject({
    provider_id: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)),
    model_id: z.string().check(z.minLength(1)),
    endpoint: z.url({ protocol: /^https?$/ }),
    auth_header_name: z._default(z.string().check(z.regex(/^[A-Za-z0-9-]+$/)), 'Authorization'),
    auth_header_prefix: z._default(z.string(), ''),
    secret_path: z.string().check(z.minLength(1)),
    secret_key_name: z.string().check(z.minLength(1)),
    request_transformer: z._default(z.enum(transformers), 'openai_v1'),
    response_transformer: z.optional(z.enum(transformers)),
    timeout: z._default(z.number().check(z.positive(), z.maximum(900)), 30),
    custom_headers: z.optional(z.nullable(z.record(z.string(), z.string()))),
  }),
);
export type ProviderConfig = z.infer<typeof providerConfigSchema>;

/** A name that stands for a model with its parameters. Of several with one name, the lowest priority is asked first, the others stand by. */
export const endpointConfigurationSchema = z.lazy(() =>
  z.object({
    name: z.string().check(z.minLength(1), z.maxLength(100)),
    /** `*` holds in every environment that has none of its own. */
    environment: z._default(z.string().check(z.minLength(1), z.maxLength(40)), '*'),
    model: z.string().check(z.minLength(1)),
    /** Used where the payload gives no value of its own: temperature, max_tokens and the like. */
    parameters: z._default(z.record(z.string(), z.unknown()), {}),
    /** Used whatever the payload says. */
    overrides: z._default(z.record(z.string(), z.unknown()), {}),
    priority: z._default(z.number().check(z.nonnegative()), 100),
    enabled: z._default(z.boolean(), true),
    /** Values of the payload's `caller` that may use it; empty: all. */
    allowedCallers: z._default(z.array(z.string()), []),
    providerConfig: z.optional(providerConfigSchema),
  }),
);
/** As it is set: a misspelt field would do nothing. */
export const newEndpointSchema = z.lazy(() => z.strictObject(endpointConfigurationSchema._zod.innerType.shape));
export type EndpointConfiguration = z.infer<typeof endpointConfigurationSchema>;

/** Which named endpoint an agent uses. */
export const agentAssignmentSchema = z.lazy(() =>
  z.object({
    agent: z.string().check(z.minLength(1), z.maxLength(100)),
    environment: z._default(z.string().check(z.minLength(1), z.maxLength(40)), '*'),
    endpoint: z.string().check(z.minLength(1), z.maxLength(100)),
    enabled: z._default(z.boolean(), true),
  }),
);
export const newAssignmentSchema = z.lazy(() => z.strictObject(agentAssignmentSchema._zod.innerType.shape));
export type AgentAssignment = z.infer<typeof agentAssignmentSchema>;

/** All that is configured by name. */
export interface InvokeSettings {
  readonly endpoints: readonly EndpointConfiguration[];
  readonly assignments: readonly AgentAssignment[];
}
