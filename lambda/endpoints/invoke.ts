// Direct invoke: carries an operation of a state machine or another function through the same endpoints that HTTP callers use.
import type { ModelKind } from '#shared/catalog.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import { providerConfigSchema, type InvokeSettings, type ProviderConfig } from '#shared/invoke.ts';
import * as z from 'zod/mini';
import type { Handler } from '../ports.ts';
import {
  InvokeError,
  toEmbeddingAnswer,
  toInvokeAnswer,
  toInvokeError,
  toMetadata,
  toNamedError,
  type InvokeAnswer,
  type InvokeReply,
} from '../wire/invoke/answer.ts';
import { toChatBody } from '../wire/invoke/question.ts';
import { resolveNamed } from './invoke-settings.ts';
import { askOwn } from './own-request.ts';

export interface InvokeDeps {
  readonly handler: Handler;
  /** An API key of the owner: who may invoke the function at all is decided by IAM. */
  readonly ownerKey: string;
  /** The app over the one endpoint that a payload brings with it, and the kind of work it does there. */
  readonly pin: (config: ProviderConfig, kind: ModelKind) => Promise<Handler>;
  readonly settings: () => Promise<InvokeSettings>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of errors that are their caller's fault, since Lambda counts them like crashes. */
  readonly onRefused: () => void;
  /** Told of errors that nobody foresaw. */
  readonly onFault: (error: unknown) => void;
}

/** Answers a payload, or throws InvokeError. `deadlineAtMs`: when the runtime will stop us. */
export type Invoke = (payload: unknown, deadlineAtMs: number | null) => Promise<unknown>;

const optionalText = z.optional(z.nullable(z.string()));
const envelopeSchema = z.looseObject({
  operation: z._default(z.enum(['chat', 'transcribe', 'embed', 'flag']), 'chat'),
  endpoint: optionalText,
  agent: optionalText,
  environment: optionalText,
  caller: optionalText,
  provider_config: z.optional(z.nullable(providerConfigSchema)),
});

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

const jsonCall = (path: string, body: unknown): Call => ({
  method: 'POST',
  path,
  query: '',
  contentType: 'application/json',
  body: encoder.encode(JSON.stringify(body)),
});

/** A request of our own making to our own app. */
interface Asking {
  readonly handler: Handler;
  readonly ownerKey: string;
  readonly deadlineAtMs: number | null;
  readonly now: () => number;
}

async function ask(
  { contentType, ...call }: Call,
  { handler, ownerKey, deadlineAtMs, now }: Asking,
): Promise<InvokeReply & { status: number }> {
  const startedAtMs = now();
  const headers = { authorization: `Bearer ${ownerKey}`, 'content-type': contentType };
  const reply = await askOwn(handler, { ...call, headers, deadlineAtMs });
  return { ...reply, ms: now() - startedAtMs };
}

type Envelope = z.infer<typeof envelopeSchema>;
type Json = Readonly<Record<string, unknown>>;

function toChat(payload: Json): Call {
  return jsonCall('/v1/chat/completions', { ...toChatBody(payload), stream: false });
}

const embedSchema = z.looseObject({
  input: z.union([z.string(), z.array(z.string()).check(z.minLength(1))]),
  model: z._default(z.string(), 'auto'),
  dimensions: z.optional(z.number()),
  /** Controls of routing, judged by the endpoint. */
  freeway: z.optional(z.unknown()),
});

function toEmbedding(payload: Json): Call {
  const { input, model, dimensions, freeway } = parse(embedSchema, payload, '{"operation": "embed", "input": "text"}');
  return jsonCall('/v1/embeddings', { input, model, dimensions, freeway });
}

const transcribeSchema = z.looseObject({
  audio: z.string().check(z.minLength(1)),
  filename: z._default(z.string(), 'audio.mp3'),
  model: z._default(z.string(), 'auto'),
  language: z.optional(z.nullable(z.string())),
  prompt: z.optional(z.nullable(z.string())),
  temperature: z.optional(z.nullable(z.number())),
  /** Those that are JSON, as the answer is. */
  response_format: z.optional(z.nullable(z.enum(['json', 'verbose_json', 'diarized_json']))),
  timestamp_granularities: z.optional(z.nullable(z.array(z.string()))),
  freeway: z.optional(z.unknown()),
});

async function toTranscription(payload: Json, usualFormat: string): Promise<Call> {
  const example = '{"operation": "transcribe", "audio": "<base64>", "filename": "talk.mp3"}';
  const told = parse(transcribeSchema, payload, example);
  const { audio, filename, model, language, prompt, temperature, response_format, freeway } = told;
  const form = new FormData();
  form.append('file', new Blob([Buffer.from(audio, 'base64')]), filename);
  form.append('model', model);
  form.append('response_format', response_format ?? usualFormat);
  if (language) form.append('language', language);
  if (prompt) form.append('prompt', prompt);
  if (typeof temperature === 'number') form.append('temperature', String(temperature));
  for (const one of told.timestamp_granularities ?? []) form.append('timestamp_granularities[]', one);
  if (freeway !== undefined) form.append('freeway', JSON.stringify(freeway));
  const packed = new Response(form);
  return {
    method: 'POST',
    path: '/v1/audio/transcriptions',
    query: '',
    contentType: packed.headers.get('content-type') ?? 'multipart/form-data',
    body: new Uint8Array(await packed.arrayBuffer()),
  };
}

const flagSchema = z.looseObject({
  flag: z.string().check(z.minLength(1)),
  subject: z.union([z.string().check(z.minLength(1)), z.number()]),
});

function toFlag(payload: Json): Call {
  const { flag, subject } = parse(flagSchema, payload, '{"operation": "flag", "flag": "new-agent", "subject": "ada"}');
  const query = new URLSearchParams({ subject: String(subject) }).toString();
  const path = `/api/rollout/flags/${encodeURIComponent(flag)}`;
  return { method: 'GET', path, query, contentType: 'application/json', body: new Uint8Array() };
}

function parse<T>(schema: z.ZodMiniType<T>, payload: unknown, example: string): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new CallerError(
    'invalid_request',
    `The payload can't be used${path === '' ? '' : ` at "${path}"`}: expected ${tellExpected(issue)}. For example ${example}.`,
    { param: path },
  );
}

function toCall(operation: Envelope['operation'], payload: Json): Call | Promise<Call> {
  if (operation === 'chat') return toChat(payload);
  if (operation === 'flag') return toFlag(payload);
  return operation === 'embed' ? toEmbedding(payload) : toTranscription(payload, 'verbose_json');
}

const lackSchema = z.looseObject({ error: z.looseObject({ code: z.literal('no_candidate'), param: z.string() }) });

/** Whether nobody who was meant tells times, though the payload did not ask for any. */
function lacksTimes({ status, body }: InvokeReply & { readonly status: number }, payload: Json): boolean {
  if (status !== 422 || payload['response_format'] !== undefined) return false;
  return lackSchema.safeParse(JSON.parse(body)).data?.error.param === 'response_format';
}

function toAnswer(operation: Envelope['operation'], reply: InvokeReply): InvokeAnswer | Json {
  if (operation === 'chat') return toInvokeAnswer(reply);
  const document = JSON.parse(reply.body) as Json;
  if (operation === 'flag') return document;
  if (operation === 'transcribe') return { ...document, metadata: toMetadata(reply) };
  return toEmbeddingAnswer(reply);
}

/** The body's `timeout` bounds a pinned call, as it did for the agents that brought it. */
function toDeadline(config: ProviderConfig | null, deadlineAtMs: number | null, nowMs: number): number | null {
  if (config === null) return deadlineAtMs;
  return Math.min(deadlineAtMs ?? Infinity, nowMs + config.timeout * 1000);
}

/** What Lambda returns to whoever invokes it, 6 MB, less what surrounds an answer. */
const MAX_ANSWER_BYTES = 6_290_000;
/** An answer tells each call of a tool three times, and the rest of the reply once. */
const MOST_GROWTH = 4;

function checkSize({ body }: InvokeReply, answer: InvokeAnswer | Json): void {
  if (Buffer.byteLength(body) * MOST_GROWTH <= MAX_ANSWER_BYTES) return;
  const bytes = Buffer.byteLength(JSON.stringify(answer));
  if (bytes <= MAX_ANSWER_BYTES) return;
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  throw new CallerError(
    'too_large',
    `The answer is ${size}, and an invoke returns 6 MB at most. Ask for less at once.`,
  );
}

/** What a pinned model must be for an operation. */
const kinds = { chat: 'chat', embed: 'embedding', transcribe: 'transcription', flag: 'chat' } as const satisfies Record<
  Envelope['operation'],
  ModelKind
>;

const own = ['operation', 'endpoint', 'agent', 'environment', 'caller', 'provider_config'];

async function run(deps: InvokeDeps, payload: unknown, deadlineAtMs: number | null): Promise<unknown> {
  const example = '{"operation": "chat", "messages": [{"role": "user", "content": "..."}]}';
  const { operation, provider_config: given, ...rest } = parse(envelopeSchema, payload, example);
  const named = {
    endpoint: rest.endpoint ?? undefined,
    agent: rest.agent ?? undefined,
    environment: rest.environment ?? undefined,
    caller: rest.caller ?? undefined,
  };
  const isNamed = named.endpoint !== undefined || named.agent !== undefined;
  const resolved = resolveNamed(named, isNamed ? await deps.settings() : { endpoints: [], assignments: [] });
  const config = given ?? resolved.providerConfig;
  const fields = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => !own.includes(name) && value !== null),
  );
  const body = {
    ...resolved.parameters,
    ...fields,
    ...resolved.overrides,
    ...(config === null ? {} : { model: config.model_id }),
  };
  const call = await toCall(operation, body);
  const handler = config === null ? deps.handler : await deps.pin(config, kinds[operation]);
  const { ownerKey, now } = deps;
  const asking = { handler, ownerKey, now, deadlineAtMs: toDeadline(config, deadlineAtMs, now()) };
  const first = await ask(call, asking);
  const isTimeless = operation === 'transcribe' && lacksTimes(first, body);
  const reply = isTimeless ? await ask(await toTranscription(body, 'json'), asking) : first;
  if (reply.status < 200 || reply.status > 299) throw toInvokeError(reply);
  const answer = toAnswer(operation, reply);
  checkSize(reply, answer);
  return answer;
}

/** The error under one of our names: of any other, Retry and Catch would know nothing, and its message may quote what was read. */
function toNamed(error: unknown, { onFault }: InvokeDeps): InvokeError {
  if (error instanceof InvokeError) return error;
  if (error instanceof CallerError) return toNamedError(error.code, error.message);
  onFault(error);
  return toNamedError('internal', 'Freeway failed unexpectedly. A line "invoke.fault" in its log says where.');
}

/** The operation over the app. */
export function createInvoke(deps: InvokeDeps): Invoke {
  return async (payload, deadlineAtMs) => {
    try {
      return await run(deps, payload, deadlineAtMs);
    } catch (error) {
      const named = toNamed(error, deps);
      if (named.isCallers) deps.onRefused();
      throw named;
    }
  };
}
