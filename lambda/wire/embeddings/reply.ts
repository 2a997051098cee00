// Reads the vectors of a reply, whatever way they were sent, and writes them the way the caller asked for.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { decodeFloats, encodeFloats } from '../base64.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toAmount, toList, toRecord, toText, toTokens } from '../json.ts';
import { reportedCostUsd } from '../openai-chat/usage.ts';
import type { ReplyContext } from '../types.ts';
import { toUsualReply, type Aimed } from './aimed.ts';
import type { EmbeddingsQuestion } from './question.ts';

/** The vectors of all inputs, in their order. */
export interface Embeddings {
  readonly vectors: readonly (readonly number[])[];
  readonly model: string | null;
  /** null when the provider did not say. */
  readonly usage: Usage | null;
}

const bad = (message: string): { failure: ProviderFailure } => ({ failure: { kind: 'bad_reply', message } });

function toVector(value: unknown): readonly number[] | null {
  const floats = typeof value === 'string' ? decodeFloats(value) : value;
  if (!Array.isArray(floats) || floats.length === 0) return null;
  return floats.every((one) => typeof one === 'number' && Number.isFinite(one)) ? (floats as number[]) : null;
}

function toUsage(body: Json): Usage | null {
  const usage = toRecord(body['usage']);
  const inputTokens = toTokens(usage['prompt_tokens']) ?? toTokens(usage['total_tokens']);
  const cost = reportedCostUsd(usage);
  // An embedding writes no tokens: that is known, not guessed.
  if (inputTokens === undefined) return cost === undefined ? null : { outputTokens: 0, reportedCostUsd: cost };
  return { inputTokens, outputTokens: 0, ...(cost === undefined ? {} : { reportedCostUsd: cost }) };
}

/**
 * The reply's vectors, or what is wrong with it: too few, of different lengths, or of another length than was asked for. `native` is the
 * length of the model's own vectors; null when unknown. `aimed`: its own way, in which it may have been asked.
 */
export function parseVectors(
  text: string,
  question: EmbeddingsQuestion,
  context: ReplyContext & { readonly native: number | null; readonly aimed?: Aimed | undefined },
): { readonly embeddings: Embeddings } | { readonly failure: ProviderFailure } {
  const body = toUsualReply(parseJson(text), context.aimed);
  if (body === undefined || isErrorBody(body)) {
    return body === undefined ? bad('the reply is not JSON') : { failure: toInnerFailure(body, text, context) };
  }
  const data = isRecord(body) ? toList(body['data']) : [];
  const vectors = new Map<number, readonly number[]>();
  for (const [position, item] of data.entries()) {
    const { index, embedding } = toRecord(item);
    const vector = toVector(embedding);
    if (vector !== null) vectors.set(toAmount(index) ?? position, vector);
  }
  const due = question.inputs.length;
  const ordered = Array.from({ length: due }, (_, index) => vectors.get(index));
  const whole = ordered.filter((vector) => vector !== undefined);
  if (whole.length < due) return bad(`${due} vectors were due, ${whole.length} came`);
  const length = question.dimensions ?? context.native ?? whole[0]?.length ?? 0;
  const other = whole.find((vector) => vector.length !== length);
  if (other) return bad(`vectors of ${length} numbers were due, one of ${other.length} came`);
  const record = toRecord(body);
  return { embeddings: { vectors: whole, model: toText(record['model']), usage: toUsage(record) } };
}

/** Makes of the vectors the document that the caller gets. `model` made them. */
export type WriteVectors = (embeddings: Embeddings, model: string) => string;

/** The document in OpenAI's format. Usage that nobody knows is left out. */
export function renderVectors({ vectors, usage }: Embeddings, question: EmbeddingsQuestion, model: string): string {
  const tokens = usage?.inputTokens;
  return JSON.stringify({
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: question.encoding === 'base64' ? encodeFloats(vector) : vector,
    })),
    model,
    ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  });
}
