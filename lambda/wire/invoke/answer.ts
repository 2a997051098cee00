// What a direct invoke answers: the message, the calls it asks for, and who answered at what price; or an error with a name.
import { callerErrorStatus, type CallerErrorCode } from '#shared/failures.ts';
import { fromHeaderText } from '#shared/header-text.ts';
import * as z from 'zod/mini';

const usageSchema = z.looseObject({
  prompt_tokens: z.optional(z.number()),
  completion_tokens: z.optional(z.number()),
  total_tokens: z.optional(z.number()),
});

const replySchema = z.looseObject({
  model: z.optional(z.string()),
  choices: z.array(
    z.looseObject({
      finish_reason: z.optional(z.nullable(z.string())),
      message: z.looseObject({
        content: z.optional(z.nullable(z.string())),
        refusal: z.optional(z.nullable(z.string())),
        tool_calls: z.optional(
          z.nullable(
            z.array(
              z.looseObject({ id: z.string(), function: z.looseObject({ name: z.string(), arguments: z.string() }) }),
            ),
          ),
        ),
      }),
    }),
  ),
  usage: z.optional(z.nullable(usageSchema)),
});

const vectorsSchema = z.looseObject({
  data: z.array(z.looseObject({ embedding: z.unknown() })),
  usage: z.optional(z.nullable(usageSchema)),
});

/** Headers of our own reply, and how long it took, ms. */
export interface InvokeReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
}

export interface FunctionCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** The answer to a chat, as state machines read it. Amounts that are not known are null. */
export interface InvokeAnswer {
  readonly message: {
    readonly role: 'assistant';
    readonly content: readonly Readonly<Record<string, unknown>>[];
    readonly tool_calls?: readonly unknown[];
  };
  readonly function_calls: readonly FunctionCall[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Arguments as a model wrote them: JSON, or else its own text, so that nothing is lost. */
function toInput(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const toNumber = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

/** Who answered and what it took, from the headers that every reply of ours carries. */
export function toMetadata({ headers, ms }: InvokeReply): Record<string, unknown> {
  const route = fromHeaderText(headers['x-freeway-route'] ?? '');
  const credential = headers['x-freeway-credential'];
  const slash = route.indexOf('/');
  return {
    model_id: slash < 0 ? null : route.slice(slash + 1),
    provider_id: slash < 0 ? null : route.slice(0, slash),
    credential: credential === undefined ? null : fromHeaderText(credential),
    tier: headers['x-freeway-tier'] ?? null,
    latency_ms: Math.round(ms),
    cost_usd: toNumber(headers['x-freeway-cost-usd']),
    attempts: toNumber(headers['x-freeway-attempts']),
    request_id: headers['x-freeway-request-id'] ?? null,
  };
}

type Used = z.infer<typeof usageSchema>;

/** Amounts that are not known are null. */
function toTokensUsed(usage: Used | null | undefined): Readonly<Record<string, number | null>> | null {
  if (usage === undefined || usage === null) return null;
  const { prompt_tokens: input = null, completion_tokens: output = null, total_tokens: total } = usage;
  const sum = input === null || output === null ? null : input + output;
  return { input_tokens: input, output_tokens: output, total_tokens: total ?? sum };
}

/** The vectors of a whole reply. Throws when the reply is none. */
export function toEmbeddingAnswer(reply: InvokeReply): Readonly<Record<string, unknown>> {
  const { data, usage = null } = vectorsSchema.parse(JSON.parse(reply.body));
  const metadata = { ...toMetadata(reply), tokens_used: toTokensUsed(usage) };
  return { embeddings: data.map(({ embedding }) => embedding), usage, metadata };
}

/** The answer of a whole chat reply. Throws when the reply is none. */
export function toInvokeAnswer(reply: InvokeReply): InvokeAnswer {
  const { choices, usage } = replySchema.parse(JSON.parse(reply.body));
  const choice = choices[0];
  const text = choice?.message.content ?? choice?.message.refusal ?? '';
  const calls = choice?.message.tool_calls ?? [];
  const functionCalls = calls.map(({ id, function: { name, arguments: json } }) => ({
    id,
    name,
    input: toInput(json),
  }));
  return {
    message: {
      role: 'assistant',
      content: [
        ...(text === '' ? [] : [{ type: 'text', text }]),
        ...functionCalls.map((call) => ({ type: 'tool_use', ...call })),
      ],
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
    function_calls: functionCalls,
    metadata: {
      ...toMetadata(reply),
      tokens_used: toTokensUsed(usage),
      stop_reason: choice?.finish_reason ?? null,
    },
  };
}

/** Names under which a state machine's Retry and Catch know our errors. */
const errorNames = {
  invalid_request: 'InvalidRequest',
  context_length_exceeded: 'ContextTooLong',
  content_filter: 'ContentFiltered',
  unauthenticated: 'Unauthenticated',
  budget_exceeded: 'BudgetExceeded',
  forbidden: 'Forbidden',
  not_found: 'NotFound',
  model_not_found: 'ModelNotFound',
  method_not_allowed: 'InvalidRequest',
  conflict: 'InvalidRequest',
  too_large: 'TooLarge',
  no_candidate: 'NoCandidate',
  rate_limited: 'RateLimited',
  internal: 'Internal',
  upstream_failed: 'UpstreamFailed',
  exhausted: 'CapacityExhausted',
  deadline: 'DeadlineExceeded',
} as const satisfies Record<CallerErrorCode, string>;

/** An error of a direct invoke: its name is what Retry and Catch match. */
export class InvokeError extends Error {
  /** Whether its caller has to change something, rather than we or a provider. */
  readonly isCallers: boolean;
  constructor(name: string, message: string, isCallers: boolean) {
    super(message);
    this.name = name;
    this.isCallers = isCallers;
  }
}

const errorSchema = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    code: z.string(),
    attempts: z.optional(z.array(z.looseObject({ failure: z.optional(z.nullable(z.string())) }))),
  }),
});

const authFailures: ReadonlySet<unknown> = new Set(['bad_credential', 'not_entitled']);

/** The error of an error reply. When every provider refused our keys, it says so: that is no use to repeat. */
export function toInvokeError({ body, headers }: InvokeReply): InvokeError {
  const { error } = errorSchema.parse(JSON.parse(body));
  const attempts = error.attempts ?? [];
  const isAuth = attempts.length > 0 && attempts.every(({ failure }) => authFailures.has(failure));
  const code = error.code in errorNames ? (error.code as CallerErrorCode) : 'internal';
  const request = headers['x-freeway-request-id'];
  const message = request === undefined ? error.message : `${error.message} (request ${request})`;
  return isAuth ? new InvokeError('ProviderAuth', message, false) : toNamedError(code, message);
}

/** The same for an error that never became a reply. */
export const toNamedError = (code: CallerErrorCode, message: string): InvokeError =>
  new InvokeError(errorNames[code], message, callerErrorStatus[code] < 500);
