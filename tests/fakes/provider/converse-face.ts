// The Converse format as the simulated provider speaks it, read and written without any code of ours.
import { toEvent } from '../event-stream.ts';
import type { Answer } from './answer.ts';
import type { Question } from './question.ts';
import { type Piece, type RenderContext, toRuns } from './render.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const recordOf = (value: unknown): Json => (isObject(value) ? value : {});
const textsOf = (blocks: readonly Json[]): string =>
  blocks.map(({ text }) => (typeof text === 'string' ? text : '')).join('');

/** The path of a call: its model, and whether it is streamed; null for other paths. */
export function readConversePath(path: string): { readonly model: string; readonly stream: boolean } | null {
  const match = /\/model\/([^/]+)\/converse(-stream)?$/.exec(path);
  return match ? { model: decodeURIComponent(match[1] ?? ''), stream: match[2] !== undefined } : null;
}

/** A body as a chat completions body. */
export function toChatBody(body: Json, { model, stream }: { model: string; stream: boolean }): Json {
  const messages = listOf(body['messages']).flatMap(({ role, content }) => {
    const blocks = listOf(content);
    const results = blocks.flatMap((block) => (isObject(block['toolResult']) ? [block['toolResult']] : []));
    const calls = blocks.filter((block) => isObject(block['toolUse']));
    const images = blocks.filter((block) => isObject(block['image'])).map(() => ({ type: 'image_url' }));
    const text = textsOf(blocks);
    const told = { role, content: images.length > 0 ? [{ type: 'text', text }, ...images] : text };
    return [
      ...results.map((one) => ({
        role: 'tool',
        tool_call_id: one['toolUseId'],
        content: textsOf(listOf(one['content'])),
      })),
      ...(text === '' && images.length === 0 && calls.length === 0
        ? []
        : [calls.length > 0 ? { ...told, tool_calls: calls } : told]),
    ];
  });
  const { tools, toolChoice } = recordOf(body['toolConfig']);
  const offered = listOf(tools).map(({ toolSpec }) => {
    const { name, inputSchema } = recordOf(toolSpec);
    return { function: { name, parameters: recordOf(inputSchema)['json'] } };
  });
  const { maxTokens, temperature } = recordOf(body['inferenceConfig']);
  const textFormat = recordOf(recordOf(body['outputConfig'])['textFormat']);
  const { schema } = recordOf(recordOf(textFormat['structure'])['jsonSchema']);
  return {
    model,
    stream,
    messages: [...(body['system'] === undefined ? [] : [{ role: 'system', content: textsOf(listOf(body['system'])) }]), ...messages], // prettier-ignore
    tools: offered.length > 0 ? offered : undefined,
    tool_choice: recordOf(toolChoice)['any'] === undefined ? undefined : 'required',
    max_tokens: maxTokens,
    temperature,
    response_format:
      typeof schema === 'string'
        ? { type: 'json_schema', json_schema: { schema: JSON.parse(schema) as unknown } }
        : undefined,
    reasoning_effort: body['additionalModelRequestFields'] === undefined ? undefined : 'medium',
  };
}

const stopReasons = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

function toReply(question: Question, answer: Answer, { usage }: RenderContext): Json {
  const { promptTokens } = question;
  const { outputTokens } = answer;
  const content = [
    ...(answer.reasoning === '' ? [] : [{ reasoningContent: { reasoningText: { text: answer.reasoning } } }]),
    ...(answer.text === '' ? [] : [{ text: answer.text }]),
    ...answer.toolCalls.map(({ id, name, arguments: given }) => ({
      toolUse: { toolUseId: id, name, input: JSON.parse(given) as unknown },
    })),
  ];
  const used = { inputTokens: promptTokens, outputTokens, totalTokens: promptTokens + outputTokens };
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: stopReasons[answer.finish],
    metrics: { latencyMs: 1 },
    ...(usage && { usage: used }),
  };
}

/** The body of a reply: one JSON document, or the messages of an event stream. */
export function toConversePieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const whole = toReply(question, answer, context);
  if (!question.stream) return [{ kind: 'whole', text: JSON.stringify(whole), tokens: answer.outputTokens }];
  const pieces: Piece[] = [];
  const tell = (kind: Piece['kind'], type: string, payload: Json, tokens = 0): void =>
    void pieces.push({ kind, text: '', bytes: toEvent(type, payload), tokens });
  tell('prelude', 'messageStart', { role: 'assistant' });
  const { content } = recordOf(recordOf(whole['output'])['message']);
  listOf(content).forEach((block, contentBlockIndex) => {
    const add = (delta: Json, tokens: number): void =>
      tell('content', 'contentBlockDelta', { contentBlockIndex, delta }, tokens);
    const { toolUse, text } = block;
    if (isObject(toolUse)) {
      const { input, ...start } = toolUse;
      tell('content', 'contentBlockStart', { contentBlockIndex, start: { toolUse: start } });
      for (const run of JSON.stringify(input).match(/[\s\S]{1,12}/g) ?? []) add({ toolUse: { input: run } }, 3);
    } else if (typeof text === 'string') {
      for (const run of toRuns(text, context.wordsPerChunk)) add({ text: run }, run.length / 4);
    } else {
      for (const run of toRuns(answer.reasoning, context.wordsPerChunk))
        add({ reasoningContent: { text: run } }, run.length / 4);
      tell('prelude', 'contentBlockDelta', {
        contentBlockIndex,
        delta: { reasoningContent: { signature: 'c2lnbmVk' } },
      });
    }
    tell('prelude', 'contentBlockStop', { contentBlockIndex });
  });
  tell('finish', 'messageStop', { stopReason: whole['stopReason'] });
  tell('done', 'metadata', { metrics: whole['metrics'], ...(context.usage && { usage: whole['usage'] }) });
  return pieces;
}
