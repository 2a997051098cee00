// The Gemini format as the simulated provider speaks it, read and written without any code of ours.
import type { Answer } from './answer.ts';
import { BadQuestion, type Question } from './question.ts';
import type { ErrorReply } from './refusals.ts';
import { type Piece, type RenderContext, toRuns } from './render.ts';
import { SIGNATURE } from './signatures.ts';
import type { ReplyPlan } from './spec.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const recordOf = (value: unknown): Json => (isObject(value) ? value : {});
const textsOf = (parts: readonly Json[]): string =>
  parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');

/** Who is asked, and how. */
export interface GeminiCall {
  readonly model: string;
  readonly stream: boolean;
}

/** The call a path stands for; null for other paths. Streams are server-sent events only when that is asked for, and nobody here reads the other kind. */
export function readGeminiPath(path: string): GeminiCall | null {
  const match = /\/models\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse)$/.exec(path);
  return match ? { model: decodeURIComponent(match[1] ?? ''), stream: match[2] !== 'generateContent' } : null;
}

const knownFields: ReadonlySet<string> = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'safetySettings',
  'generationConfig',
  'cachedContent',
  'labels',
]);

function toMessages({ role = 'user', parts }: Json): readonly Json[] {
  const all = listOf(parts);
  if (role !== 'user' && role !== 'model') throw new BadQuestion('contents.role');
  if (all.length === 0) throw new BadQuestion('contents.parts');
  const results = all.flatMap(({ functionResponse }) => (isObject(functionResponse) ? [functionResponse] : []));
  const calls = all.filter(({ functionCall }) => isObject(functionCall));
  const images = all.filter(({ inlineData }) => isObject(inlineData)).map(() => ({ type: 'image_url' }));
  const text = textsOf(all.filter(({ thought }) => thought !== true));
  const told = {
    role: role === 'model' ? 'assistant' : 'user',
    content: images.length > 0 ? [{ type: 'text', text }, ...images] : text,
  };
  const toResult = ({ response }: Json): string => {
    const { output } = recordOf(response);
    return typeof output === 'string' ? output : JSON.stringify(response);
  };
  return [
    ...results.map((one) => ({ role: 'tool', tool_call_id: one['id'], content: toResult(one) })),
    ...(text === '' && images.length === 0 && calls.length === 0
      ? []
      : [calls.length > 0 ? { ...told, tool_calls: calls } : told]),
  ];
}

/** A body as a chat completions body. Throws BadQuestion naming a field the format does not have. */
export function toChatBody(body: Json, { model, stream }: GeminiCall): Json {
  const unknown = Object.keys(body).find((name) => !knownFields.has(name));
  if (unknown !== undefined) throw new BadQuestion(unknown);
  const { maxOutputTokens, responseSchema, responseJsonSchema, responseMimeType, thinkingConfig, ...sampling } =
    recordOf(body['generationConfig']);
  const { mode } = recordOf(recordOf(body['toolConfig'])['functionCallingConfig']);
  const offered = listOf(body['tools']).flatMap(({ functionDeclarations }) => listOf(functionDeclarations));
  const schema = responseJsonSchema ?? responseSchema;
  const system = textsOf(listOf(recordOf(body['systemInstruction'])['parts']));
  const isJson = responseMimeType === 'application/json';
  return {
    ...sampling,
    model,
    stream,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...listOf(body['contents']).flatMap(toMessages),
    ],
    tools:
      offered.length > 0
        ? offered.map(({ name, parameters, parametersJsonSchema }) => ({
            function: { name, parameters: parametersJsonSchema ?? parameters },
          }))
        : undefined,
    tool_choice: mode === 'ANY' ? 'required' : undefined,
    max_tokens: maxOutputTokens,
    response_format: isJson ? { type: 'json_schema', json_schema: { schema } } : undefined,
    reasoning_effort: thinkingConfig === undefined ? undefined : 'medium',
  };
}

const finishReasons = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP' } as const;

/** The pieces of one part each, the thoughts first. */
function toParts(answer: Answer): readonly Json[] {
  return [
    ...(answer.reasoning === '' ? [] : [{ text: answer.reasoning, thought: true }]),
    ...(answer.text === '' ? [] : [{ text: answer.text }]),
    ...answer.toolCalls.map(({ id, name, arguments: given }) => ({
      functionCall: { id, name, args: JSON.parse(given) as unknown },
      thoughtSignature: SIGNATURE,
    })),
  ];
}

/** Candidates are counted without thoughts, and grow from chunk to chunk. */
function toUsage(question: Question, { reasoningTokens }: Answer, outputTokens: number): Json {
  const { promptTokens } = question;
  const candidatesTokenCount = Math.max(0, Math.round(outputTokens) - reasoningTokens);
  return {
    promptTokenCount: promptTokens,
    candidatesTokenCount,
    totalTokenCount: promptTokens + candidatesTokenCount + reasoningTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
    ...(reasoningTokens > 0 && { thoughtsTokenCount: reasoningTokens }),
  };
}

/** The body of a reply: one JSON document, or the chunks of a stream, which has no closing mark. */
export function toGeminiPieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const { id: responseId, model: modelVersion } = context;
  const toDocument = (parts: readonly Json[], outputTokens: number, finishReason?: string): string =>
    JSON.stringify({
      candidates: [
        { content: { parts, role: 'model' }, ...(finishReason !== undefined && { finishReason }), index: 0 },
      ],
      ...(context.usage && { usageMetadata: toUsage(question, answer, outputTokens) }),
      modelVersion,
      responseId,
    });
  const { outputTokens } = answer;
  const reason = finishReasons[answer.finish];
  const whole = toParts(answer);
  if (!question.stream) return [{ kind: 'whole', text: toDocument(whole, outputTokens, reason), tokens: outputTokens }];
  const pieces: Piece[] = [];
  let told = 0;
  const add = (kind: Piece['kind'], parts: readonly Json[], tokens: number, finishReason?: string): void => {
    told += tokens;
    pieces.push({ kind, text: `data: ${toDocument(parts, told, finishReason)}\r\n\r\n`, tokens });
  };
  for (const part of whole) {
    const { text, ...rest } = part;
    if (typeof text !== 'string') add('content', [part], 3);
    else
      for (const run of toRuns(text, context.wordsPerChunk)) add('content', [{ text: run, ...rest }], run.length / 4);
  }
  told = outputTokens;
  add('finish', [{ text: '' }], 0, reason);
  return pieces;
}

/** How a prompt is refused: not by a status, but by a good reply without an answer. */
export function toBlocked({ promptTokens, stream }: Question): ErrorReply {
  const body = JSON.stringify({
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: promptTokens, totalTokenCount: promptTokens },
  });
  return stream
    ? { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `data: ${body}\r\n\r\n` }
    : { status: 200, headers: { 'content-type': 'application/json' }, body };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Errors of the OpenAI-compatible path stand in an array, those of this one do not. */
export function withoutArrays(plan: ReplyPlan): ReplyPlan {
  const chunks = plan.chunks.map((chunk) => {
    const [, before, error] = /^(data: )?\[(\{"error":.*\})\](?:\n\n)?$/s.exec(decoder.decode(chunk.bytes)) ?? [];
    if (error === undefined) return chunk;
    return { ...chunk, bytes: encoder.encode(before === undefined ? error : `${before}${error}\r\n\r\n`) };
  });
  return { ...plan, chunks };
}
