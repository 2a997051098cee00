// Error replies in each provider's own words: envelope, codes and the status it really uses.
import type { DialectId } from '#shared/catalog.ts';
import type { RefusalKind } from './faults.ts';

/** A complete error reply. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an error says, before it is put into a dialect's envelope. */
export interface ErrorFacts {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param?: string | null;
  /** Gemini's `error.status`. */
  readonly googleStatus?: string;
  /** Gemini's `error.details`. */
  readonly details?: readonly unknown[];
  /** OpenRouter's `error.metadata`. */
  readonly metadata?: unknown;
}

const googleStatuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** The JSON value of an error in the dialect's envelope. */
export function toErrorBody(dialect: DialectId, facts: ErrorFacts): unknown {
  const { status, message, type, code } = facts;
  const param = facts.param ?? null;
  switch (dialect) {
    case 'gemini': {
      const google = facts.googleStatus ?? googleStatuses[status] ?? 'UNKNOWN';
      // The OpenAI-compatible path wraps its errors in an array.
      return [{ error: { code: status, message, status: google, ...(facts.details && { details: facts.details }) } }];
    }
    case 'cerebras':
      return { message, type, param, code };
    case 'mistral':
      return { object: 'error', message, type, param, code };
    case 'cohere':
      return { message };
    case 'openrouter':
      return { error: { message, code: status, ...(facts.metadata !== undefined && { metadata: facts.metadata }) } };
    case 'groq':
      return { error: { message, type, ...(code !== null && { code }) } };
    default:
      return { error: { message, type, param, code } };
  }
}

/** An error reply from its facts. */
export function toErrorReply(
  dialect: DialectId,
  facts: ErrorFacts,
  headers: Readonly<Record<string, string>> = {},
): ErrorReply {
  return {
    status: facts.status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(toErrorBody(dialect, facts)),
  };
}

export interface RefusalContext {
  readonly model: string;
  /** The request field at fault. */
  readonly field?: string;
  /** What is wrong with the signatures. */
  readonly message?: string;
  /** Prompt tokens and the model's context, for context_exceeded. */
  readonly tokens?: number;
  readonly context?: number;
}

const badRequest = 'invalid_request_error';

function unsupportedField(dialect: DialectId, field: string): ErrorFacts {
  if (dialect === 'gemini') {
    const message = `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`;
    return { status: 400, message, type: badRequest, code: null };
  }
  if (dialect === 'mistral') {
    const message = `Extra inputs are not permitted: body.${field} (extra_forbidden)`;
    return { status: 422, message, type: 'extra_forbidden', code: null, param: field };
  }
  if (dialect === 'groq') {
    return { status: 400, message: `property '${field}' is unsupported`, type: badRequest, code: null };
  }
  const message = `Unsupported parameter: '${field}' is not supported with this model.`;
  return { status: 400, message, type: badRequest, code: 'unsupported_parameter', param: field };
}

function badKey(dialect: DialectId): ErrorFacts {
  if (dialect !== 'gemini') {
    return { status: 401, message: 'Invalid API key provided.', type: badRequest, code: 'invalid_api_key' };
  }
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
    },
  ];
  const message = 'API key not valid. Please pass a valid API key.';
  return { status: 400, message, type: badRequest, code: null, details };
}

function modelMissing(dialect: DialectId, model: string): ErrorFacts {
  if (dialect === 'openrouter') {
    return { status: 404, message: `No endpoints found for ${model}.`, type: badRequest, code: null };
  }
  if (dialect === 'mistral') {
    return { status: 400, message: `Invalid model: ${model}`, type: 'invalid_model', code: '1500' };
  }
  if (dialect === 'gemini') {
    const message = `models/${model} is not found for API version v1main, or is not supported for generateContent.`;
    return { status: 404, message, type: badRequest, code: null };
  }
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { status: 404, message, type: badRequest, code: 'model_not_found' };
}

function insufficientQuota(dialect: DialectId): ErrorFacts {
  if (dialect === 'openrouter') {
    const message = 'This request requires more credits, or fewer max_tokens. To increase, visit the settings page.';
    return { status: 402, message, type: badRequest, code: null, metadata: { provider_name: null } };
  }
  if (dialect === 'anthropic') {
    const message = 'Your credit balance is too low to access the API. Please go to Plans & Billing.';
    return { status: 400, message, type: badRequest, code: null };
  }
  const message = 'You exceeded your current quota, please check your plan and billing details.';
  return { status: 429, message, type: 'insufficient_quota', code: 'insufficient_quota' };
}

function contextExceeded({ tokens = 140_000, context = 131_072 }: RefusalContext): ErrorFacts {
  const message =
    `This model's maximum context length is ${context} tokens. However, your messages resulted in ${tokens} tokens. ` +
    'Please reduce the length of the messages.';
  return { status: 400, message, type: badRequest, code: 'context_length_exceeded', param: 'messages' };
}

function simple(status: number, message: string, type: string, code: string | null = null): ErrorFacts {
  return { status, message, type, code };
}

const table: Record<RefusalKind, (dialect: DialectId, context: RefusalContext) => ErrorFacts> = {
  server_error: () => simple(500, 'The server had an error while processing your request.', 'server_error'),
  overloaded: (dialect) => {
    const googleStatus = dialect === 'gemini' ? { googleStatus: 'UNAVAILABLE' } : {};
    return { ...simple(503, 'The model is overloaded. Please try again later.', 'overloaded_error'), ...googleStatus };
  },
  context_exceeded: (_dialect, context) => contextExceeded(context),
  content_filtered: () => ({
    ...simple(400, 'The request was refused by the content policy.', badRequest, 'content_filter'),
    param: 'prompt',
  }),
  insufficient_quota: (dialect) => insufficientQuota(dialect),
  bad_key: (dialect) => badKey(dialect),
  forbidden: () => simple(403, 'You do not have access to this resource.', 'permission_error', 'permission_denied'),
  model_missing: (dialect, { model }) => modelMissing(dialect, model),
  model_gone: (_dialect, { model }) =>
    simple(
      404,
      `The model \`${model}\` has been decommissioned and is no longer supported.`,
      badRequest,
      'model_decommissioned',
    ),
  not_on_plan: (dialect) => simple(429, 'Rate limit exceeded', 'rate_limited', dialect === 'mistral' ? '1300' : null),
  prefill_rejected: () =>
    simple(
      400,
      'This model does not support assistant message prefill: the last message must be from the user.',
      badRequest,
    ),
  unsupported_field: (dialect, { field }) => unsupportedField(dialect, field ?? 'temperature'),
  invalid_request: (_dialect, { field }) => ({
    ...simple(400, `Invalid value for '${field ?? 'messages'}'.`, badRequest),
    param: field ?? 'messages',
  }),
  bad_signature: (_dialect, { message = '' }) => simple(400, message, badRequest),
  not_found: () => simple(404, 'Unknown request URL.', badRequest, 'unknown_url'),
  too_large: (_dialect, { model }) =>
    simple(413, `Request too large for model \`${model}\`.`, 'tokens', 'rate_limit_exceeded'),
};

/** The reply to a request the provider will not serve. `status` overrides the usual one. */
export function toRefusal(
  dialect: DialectId,
  kind: RefusalKind,
  context: RefusalContext & { readonly status?: number },
): ErrorReply {
  const facts = table[kind](dialect, context);
  const headers: Record<string, string> =
    kind === 'not_on_plan' && dialect === 'mistral'
      ? { 'x-ratelimit-limit-req-minute': '0', 'x-ratelimit-remaining-req-minute': '0' }
      : {};
  return toErrorReply(dialect, context.status === undefined ? facts : { ...facts, status: context.status }, headers);
}
