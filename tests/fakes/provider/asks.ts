// One request of any operation, read: what it needs from the limits, what is wrong with it, and its answer.
import type { DialectId } from '#shared/catalog.ts';
import { readConversePath, toChatBody as fromConverse, toConversePieces } from './converse-face.ts';
import { toAnswer } from './answer.ts';
import { audioAnswer, parseUpload, type Hearing } from './audio.ts';
import { type Face, toChatBody, toFacePieces } from './faces.ts';
import type { Fault, RefusalKind } from './faults.ts';
import { readGeminiPath, toBlocked, toChatBody as fromGemini, toGeminiPieces } from './gemini-face.ts';
import { BadQuestion, countTokens, parseQuestion, type Question } from './question.ts';
import type { ErrorReply, RefusalContext } from './refusals.ts';
import { type Piece, type RenderContext, toJsonBody, toStreamPieces } from './render.ts';
import { findSignatureFault, SIGNATURE } from './signatures.ts';
import type { AnswerMode, FakeModel, FakeRequest } from './spec.ts';

export interface Reply {
  readonly pieces: readonly Piece[];
  readonly outputTokens: number;
  /** Instead of application/json. */
  readonly contentType?: string;
}

export interface ReplyContext {
  readonly model: FakeModel;
  readonly dialect: DialectId;
  readonly fault: Fault | null;
  readonly number: number;
  readonly nowMs: number;
  readonly mode: AnswerMode;
  readonly preface: string;
  readonly wordsPerChunk: number;
  readonly hearing: Hearing;
}

export interface Ask {
  /** As sent, possibly with a `--fault`. */
  readonly model: string;
  readonly inputTokens: number;
  /** The caller's bound on the output; null when none. */
  readonly maxTokens: number | null;
  readonly audioSeconds: number;
  /** Names of the body's fields. */
  readonly fields: readonly string[];
  readonly hasPrefill: boolean;
  /** Why this model does not serve it; null when it does. */
  refusal(model: FakeModel): ({ readonly kind: RefusalKind } & Partial<RefusalContext>) | null;
  reply(context: ReplyContext): Reply;
  /** How the format refuses a prompt for its content, where that is no error reply. */
  readonly blocked?: ErrorReply;
}

export type Operation = 'chat' | Face | 'converse' | 'gemini' | 'embeddings' | 'transcription' | 'models';

/** The operation a path ends in, whatever stands before it; null when there is none. */
export function operationOf(method: string, path: string): Operation | null {
  const bare = path.split('?')[0] ?? '';
  if (method === 'GET') return bare.endsWith('/models') ? 'models' : null;
  if (bare.endsWith('/chat/completions')) return 'chat';
  if (bare.endsWith('/completions')) return 'completions';
  if (bare.endsWith('/messages')) return 'messages';
  if (bare.endsWith('/responses')) return 'responses';
  if (readConversePath(bare) !== null) return 'converse';
  if (readGeminiPath(path) !== null) return 'gemini';
  if (bare.endsWith('/embeddings')) return 'embeddings';
  return bare.endsWith('/audio/transcriptions') || bare.endsWith('/audio/translations') ? 'transcription' : null;
}

/** Characters of two, three and four bytes. */
const manyBytes = 'Naïve café — 60 € für 日本語 😀🚀. ';

/** The formats of chat; null is that of chat completions. */
type ChatFace = Face | 'converse' | 'gemini' | null;

function chatReply(question: Question, context: ReplyContext, face: ChatFace): Reply {
  const { fault, model, mode, dialect } = context;
  const preface = `${context.preface}${fault?.kind === 'split_utf8' ? manyBytes : ''}`;
  const said = toAnswer(question, model, { mode, preface });
  const empty = { ...said, text: '', reasoning: '', toolCalls: [], outputTokens: 0, finish: 'stop' as const };
  const answer = fault?.kind === 'empty' ? empty : said;
  const render: RenderContext = {
    dialect,
    id: `chatcmpl-sim-${context.number}`,
    model: model.id,
    created: Math.floor(context.nowMs / 1000),
    wordsPerChunk: context.wordsPerChunk,
    usage: fault?.kind !== 'no_usage',
    ...(model.signatures === 'wanted' && { signature: SIGNATURE }),
  };
  if (face === 'converse')
    return { pieces: toConversePieces(question, answer, render), outputTokens: answer.outputTokens };
  if (face === 'gemini') return { pieces: toGeminiPieces(question, answer, render), outputTokens: answer.outputTokens };
  if (face !== null)
    return { pieces: toFacePieces(face, { question, answer, context: render }), outputTokens: answer.outputTokens };
  const pieces = question.stream ? toStreamPieces(question, answer, render) : toJsonBody(question, answer, render);
  return { pieces, outputTokens: answer.outputTokens };
}

function toChat(body: unknown, face: ChatFace): Ask {
  const asked = face === null || face === 'converse' || face === 'gemini' ? body : toChatBody(face, body);
  const question = parseQuestion(asked);
  const { messages } = asked as { readonly messages: unknown };
  return {
    ...(face === 'gemini' && { blocked: toBlocked(question) }),
    model: question.model,
    inputTokens: question.promptTokens,
    maxTokens: question.maxTokens,
    audioSeconds: 0,
    fields: question.fields,
    hasPrefill: question.prefill !== null,
    refusal(model) {
      const field = model.rejectsFields?.find((name) => question.fields.includes(name));
      if (field !== undefined) return { kind: 'unsupported_field', field };
      const fault = findSignatureFault(messages, model);
      if (fault !== null) return { kind: 'bad_signature', message: fault };
      if (question.prefill !== null && model.prefill === 'rejects') return { kind: 'prefill_rejected' };
      const context = model.context ?? 131_072;
      const tokens = question.promptTokens + (question.maxTokens ?? 0);
      return tokens > context ? { kind: 'context_exceeded', tokens, context } : null;
    },
    reply: (context) => chatReply(question, context, face),
  };
}

function toVector(text: string): number[] {
  let state = countTokens(text) + 1;
  for (let at = 0; at < text.length; at += 1) state = (Math.imul(state, 31) + text.charCodeAt(at)) | 0;
  return Array.from({ length: 8 }, (_, index) => Math.sin(state + index));
}

function toEmbeddings(body: unknown): Ask {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { model, input, encoding_format: format } = fields;
  if (typeof model !== 'string') throw new BadQuestion('model');
  if (typeof input !== 'string' && !Array.isArray(input)) throw new BadQuestion('input');
  const texts = (Array.isArray(input) ? input : [input]).map(String);
  const inputTokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  const encode = (vector: number[]): unknown =>
    format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  return {
    model,
    inputTokens,
    maxTokens: 0,
    audioSeconds: 0,
    fields: Object.keys(fields),
    hasPrefill: false,
    refusal: () => null,
    reply(context) {
      const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: encode(toVector(text)) }));
      const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
      const text = JSON.stringify({ object: 'list', data, model: context.model.id, usage });
      return { pieces: [{ kind: 'whole', text, tokens: 0 }], outputTokens: 0 };
    },
  };
}

function toTranscription(request: FakeRequest): Ask {
  const upload = parseUpload(request);
  if (!upload) throw new BadQuestion('file');
  return {
    model: upload.model,
    inputTokens: 0,
    maxTokens: 0,
    audioSeconds: upload.seconds,
    fields: upload.fields,
    hasPrefill: false,
    refusal: ({ maxUploadBytes = Infinity, maxUploadSeconds = Infinity }) =>
      upload.bytes.length > maxUploadBytes || upload.seconds > maxUploadSeconds ? { kind: 'too_large' } : null,
    reply({ hearing }) {
      const { text, contentType } = audioAnswer(upload, hearing);
      return { pieces: [{ kind: 'whole', text, tokens: 0 }], outputTokens: 0, contentType };
    },
  };
}

/** Reads the body of an operation. Throws BadQuestion naming the field at fault. */
export function parseAsk(operation: Exclude<Operation, 'models'>, request: FakeRequest): Ask {
  if (operation === 'transcription') return toTranscription(request);
  const { body } = request;
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body ?? new Uint8Array());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadQuestion('body');
  }
  if (operation === 'embeddings') return toEmbeddings(value);
  const converse = readConversePath(request.path);
  if (converse !== null) return toChat(fromConverse(value as Readonly<Record<string, unknown>>, converse), 'converse');
  const gemini = readGeminiPath(request.path);
  if (gemini !== null) return toChat(fromGemini(value as Readonly<Record<string, unknown>>, gemini), 'gemini');
  return toChat(value, operation === 'chat' || operation === 'converse' || operation === 'gemini' ? null : operation);
}
