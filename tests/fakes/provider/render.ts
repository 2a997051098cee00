// Puts an answer into the chat completions format: one JSON body, or the pieces of a stream with the dialect's habits.
import type { DialectId } from '#shared/catalog.ts';
import type { Answer } from './answer.ts';
import type { Question } from './question.ts';

/** One piece of a body. `tokens` is how much generation it stands for: it decides when it is sent. */
export interface Piece {
  readonly kind: 'prelude' | 'content' | 'finish' | 'usage' | 'done' | 'whole' | 'error';
  readonly text: string;
  /** Sent instead of the text, in formats that are none. */
  readonly bytes?: Uint8Array;
  readonly tokens: number;
}

export interface RenderContext {
  readonly dialect: DialectId;
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly wordsPerChunk: number;
  /** False leaves usage out although it should be there. */
  readonly usage: boolean;
  /** What the first call of an answer is signed with. */
  readonly signature?: string;
}

type Json = Record<string, unknown>;

/** Where the model's thinking is put. */
function reasoningField(dialect: DialectId): string {
  return dialect === 'groq' || dialect === 'cerebras' || dialect === 'openrouter' ? 'reasoning' : 'reasoning_content';
}

function toUsage(question: Question, answer: Answer): Json {
  return {
    prompt_tokens: question.promptTokens,
    completion_tokens: answer.outputTokens,
    total_tokens: question.promptTokens + answer.outputTokens,
    ...(answer.reasoningTokens > 0 && { completion_tokens_details: { reasoning_tokens: answer.reasoningTokens } }),
  };
}

/** The body of a reply that is not streamed. */
export function toJsonBody(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const calls = answer.toolCalls.map(({ id, name, arguments: args }, index) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
    ...toExtra(context, index),
  }));
  const message: Json = { role: 'assistant', content: calls.length > 0 ? null : answer.text };
  if (answer.reasoning !== '') message[reasoningField(context.dialect)] = answer.reasoning;
  if (calls.length > 0) message['tool_calls'] = calls;
  const body = {
    id: context.id,
    object: 'chat.completion',
    created: context.created,
    model: context.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finish }],
    ...(context.usage && { usage: toUsage(question, answer) }),
  };
  return [{ kind: 'whole', text: JSON.stringify(body), tokens: answer.outputTokens }];
}

/** Cuts text into runs of `words` words, losing nothing. */
export function toRuns(text: string, words: number): string[] {
  const all = text.match(/\S+\s*|\s+/g) ?? [];
  const runs: string[] = [];
  for (let at = 0; at < all.length; at += words) runs.push(all.slice(at, at + words).join(''));
  return runs;
}

function toArgumentRuns(dialect: DialectId, args: string): string[] {
  return dialect === 'mistral' ? [args] : (args.match(/[\s\S]{1,12}/g) ?? ['']);
}

const toExtra = ({ signature }: RenderContext, index: number): Json =>
  signature === undefined || index > 0 ? {} : { extra_content: { google: { thought_signature: signature } } };

/** The deltas of all tool calls, in order. */
function toToolDeltas(answer: Answer, context: RenderContext): Json[] {
  const { dialect } = context;
  return answer.toolCalls.flatMap(({ id, name, arguments: args }, index) => {
    const [first = '', ...rest] = toArgumentRuns(dialect, args);
    const opening = dialect === 'mistral' ? first : '';
    const head = { index, id, type: 'function', function: { name, arguments: opening }, ...toExtra(context, index) };
    const tail = dialect === 'mistral' ? rest : [first, ...rest];
    return [head, ...tail.map((run) => ({ index, function: { arguments: run } }))].map((call) => ({
      tool_calls: [call],
    }));
  });
}

/** Does usage ride on the chunk with the finish reason, rather than on one of its own that must be asked for? */
function usageRidesAlong(dialect: DialectId): boolean {
  return ['mistral', 'openrouter', 'gemini', 'cerebras', 'huggingface', 'together'].includes(dialect);
}

function toData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** The pieces of a streamed reply, one event each. */
export function toStreamPieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const { dialect } = context;
  const shared = {
    id: context.id,
    object: 'chat.completion.chunk',
    created: context.created,
    model: context.model,
  };
  const chunk = (delta: Json, finish: string | null = null, more: Json = {}): string =>
    toData({ ...shared, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more });
  const content = (delta: Json, tokens: number): Piece => ({ kind: 'content', text: chunk(delta), tokens });
  const sized = (run: string): number => run.length / 4;
  const usage = toUsage(question, answer);
  const riding: Json = {};
  if (context.usage && usageRidesAlong(dialect)) riding['usage'] = usage;
  if (context.usage && dialect === 'groq') riding['x_groq'] = { id: 'req_simulated', usage };

  const pieces: Piece[] = [];
  const add = (kind: Piece['kind'], text: string): void => void pieces.push({ kind, text, tokens: 0 });
  if (dialect === 'openrouter') add('prelude', ': OPENROUTER PROCESSING\n\n');
  if (dialect === 'azure') {
    add('prelude', toData({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [] }));
  }
  add('prelude', chunk({ role: 'assistant', content: '' }));
  for (const run of toRuns(answer.reasoning, context.wordsPerChunk)) {
    pieces.push(content({ [reasoningField(dialect)]: run }, sized(run)));
  }
  for (const run of toRuns(answer.text, context.wordsPerChunk)) pieces.push(content({ content: run }, sized(run)));
  for (const delta of toToolDeltas(answer, context)) pieces.push(content(delta, 3));
  add('finish', chunk({}, answer.finish, riding));
  if (context.usage && question.includeUsage && !usageRidesAlong(dialect)) {
    add('usage', toData({ ...shared, choices: [], usage }));
  }
  if (dialect !== 'huggingface') add('done', 'data: [DONE]\n\n');
  return pieces;
}
