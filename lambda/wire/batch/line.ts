// Lines of a batch: a request as its file holds it, and the result that answers it, in OpenAI's format.
import { tellExpected } from '#shared/expectation.ts';
import * as z from 'zod/mini';
import { findFields, UnwieldyError } from '../splice.ts';

/** One request of a batch. */
export interface BatchLine {
  readonly customId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const lineSchema = z.looseObject({
  custom_id: z.string().check(z.minLength(1), z.maxLength(512)),
  method: z._default(z.literal('POST'), 'POST'),
  url: z.optional(z.string()),
  body: z.looseObject({}),
});

/** What is wrong with a line. The message never repeats what was sent. */
export interface LineProblem {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
}

const wrong = (code: string, message: string, param: string | null = null): LineProblem => ({ code, message, param });

/** Some editors begin a file with a mark of the order of its bytes, which is none of its text. */
const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/** Parses a line. Throws UnwieldyError for what nobody could work with, SyntaxError for what is no JSON. */
function parseLine(text: string): unknown {
  findFields(text);
  return JSON.parse(text);
}

/** Reads a line of a batch to this URL; answers what is wrong with it where it can't be used. */
export function readLine(text: string, endpoint: string): BatchLine | LineProblem {
  let json: unknown;
  try {
    json = parseLine(withoutMark(text));
  } catch (error) {
    if (error instanceof UnwieldyError) return wrong('invalid_request', `This line is ${error.message}.`);
    return wrong(
      'invalid_json_line',
      'This line is not valid JSON. Each line must be one JSON object, without line breaks inside.',
    );
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') ?? '';
    const where = path === '' ? 'This line can not be used' : `"${path}" can not be used`;
    return wrong(
      'invalid_request',
      `${where}: expected ${tellExpected(issue)}. A line looks like {"custom_id": "1", "method": "POST", "url": "${endpoint}", "body": {...}}.`,
      path === '' ? null : path,
    );
  }
  const { custom_id: customId, url, body } = parsed.data;
  if (url !== undefined && url !== endpoint)
    return wrong('mismatched_url', `The line is for another URL than the batch, which is for ${endpoint}.`, 'url');
  if (body['stream'] === true)
    return wrong('invalid_request', 'Answers of a batch can not be streamed. Leave "stream" out.', 'body.stream');
  return { customId, body };
}

export const isProblem = (read: BatchLine | LineProblem): read is LineProblem => !('customId' in read);

/** A reply to one request of a batch. */
export interface LineReply {
  readonly status: number;
  readonly requestId: string;
  /** JSON as the endpoint wrote it. */
  readonly body: string;
}

/** An answer fits its file only on one line: what is written over several is written anew. */
const onOneLine = (json: string): string => (/[\n\r]/.test(json) ? JSON.stringify(JSON.parse(json)) : json);

/** The line of a result file that tells the reply. */
export function writeReply(customId: string, { status, requestId, body }: LineReply): string {
  const head = JSON.stringify({ id: `batch_req_${requestId}`, custom_id: customId });
  return `${head.slice(0, -1)},"response":{"status_code":${status},"request_id":${JSON.stringify(requestId)},"body":${onOneLine(body)}},"error":null}\n`;
}

/** The line of an error file for a request that nobody was asked. */
export const writeUnasked = (id: string, customId: string, error: { code: string; message: string }): string =>
  `${JSON.stringify({ id: `batch_req_${id}`, custom_id: customId, response: null, error })}\n`;

/** What a reply says that it used. */
export interface LineUse {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const inside = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** The use that the body of a reply tells, in any of the formats of a batch. */
export function readUse(body: string): LineUse {
  const use = inside(inside(JSON.parse(body))['usage']);
  const inputs = inside(use['prompt_tokens_details'] ?? use['input_tokens_details']);
  const outputs = inside(use['completion_tokens_details'] ?? use['output_tokens_details']);
  return {
    inputTokens: count(use['prompt_tokens'] ?? use['input_tokens']),
    cachedTokens: count(inputs['cached_tokens'] ?? use['cache_read_input_tokens']),
    outputTokens: count(use['completion_tokens'] ?? use['output_tokens']),
    reasoningTokens: count(outputs['reasoning_tokens']),
  };
}
