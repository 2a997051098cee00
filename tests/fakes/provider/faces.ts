// Further formats the simulated provider speaks: the Anthropic and the Responses format, read and written without any code of ours.
import type { Answer } from './answer.ts';
import { BadQuestion, type Question } from './question.ts';
import { type Piece, type RenderContext, toRuns } from './render.ts';

export type Face = 'messages' | 'responses' | 'completions';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('');
}

function fromClaude(body: Json): Json {
  const messages = listOf(body['messages']).flatMap(({ role, content }) => {
    const blocks = listOf(content);
    const results = blocks.filter(({ type }) => type === 'tool_result');
    const images = blocks.filter(({ type }) => type === 'image').map(() => ({ type: 'image_url' }));
    const calls = blocks.filter(({ type }) => type === 'tool_use');
    const told = {
      role,
      content: images.length > 0 ? [{ type: 'text', text: textOf(content) }, ...images] : textOf(content),
    };
    return [
      ...results.map((one) => ({ role: 'tool', tool_call_id: one['tool_use_id'], content: textOf(one['content']) })),
      ...(textOf(content) === '' && images.length === 0 && calls.length === 0
        ? []
        : [calls.length > 0 ? { ...told, tool_calls: calls } : told]),
    ];
  });
  const tools = listOf(body['tools']).map(({ name, input_schema: parameters }) => ({ function: { name, parameters } }));
  const choice = body['tool_choice'];
  const format = isObject(body['output_config']) ? body['output_config']['format'] : undefined;
  return {
    ...body,
    messages: [
      ...(body['system'] === undefined ? [] : [{ role: 'system', content: textOf(body['system']) }]),
      ...messages,
    ],
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: isObject(choice) && choice['type'] === 'any' ? 'required' : undefined,
    response_format: isObject(format) ? { type: 'json_schema', json_schema: { schema: format['schema'] } } : undefined,
    reasoning_effort: isObject(body['thinking']) ? 'medium' : undefined,
  };
}

function fromResponses(body: Json): Json {
  const { input, instructions, reasoning } = body;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input);
  const messages = items.map((item: Json) => {
    if (item['type'] === 'function_call_output') return { role: 'tool', content: textOf(item['output']) };
    if (item['type'] === 'function_call') return { role: 'assistant', content: null, tool_calls: [item] };
    const parts = listOf(item['content']).map((part) =>
      part['type'] === 'input_image' ? part : { ...part, type: 'text' },
    );
    return { role: item['role'], content: parts.length > 0 ? parts : item['content'] };
  });
  const format = isObject(body['text']) ? body['text']['format'] : undefined;
  const isSchema = isObject(format) && format['type'] === 'json_schema';
  return {
    ...body,
    messages: [...(typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : []), ...messages],
    max_tokens: body['max_output_tokens'],
    tools: Array.isArray(body['tools']) ? listOf(body['tools']).map((tool) => ({ function: tool })) : undefined,
    response_format: isSchema ? { type: 'json_schema', json_schema: { schema: format['schema'] } } : undefined,
    reasoning_effort: isObject(reasoning) ? reasoning['effort'] : undefined,
  };
}

function fromGap(body: Json): Json {
  const { prompt, suffix, ...rest } = body;
  if (typeof prompt !== 'string' || typeof suffix !== 'string' || 'messages' in body) throw new BadQuestion('prompt');
  return { ...rest, messages: [{ role: 'user', content: `${prompt}|${suffix}` }] };
}

/** A body of the face as a chat completions body. */
export function toChatBody(face: Face, body: unknown): unknown {
  if (!isObject(body)) return body;
  return { messages: fromClaude, responses: fromResponses, completions: fromGap }[face](body);
}

const event = (type: string, rest: Json): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

/** Collects pieces. */
function createPieces() {
  const pieces: Piece[] = [];
  return {
    pieces,
    add: (kind: Piece['kind'], text: string, tokens = 0) => void pieces.push({ kind, text, tokens }),
  };
}

const stopReasons = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

function toMessage(question: Question, answer: Answer, { id, model, usage }: RenderContext): Json {
  const content = [
    ...(answer.reasoning === '' ? [] : [{ type: 'thinking', thinking: answer.reasoning, signature: 'c2lnbmVk' }]),
    ...(answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
    ...answer.toolCalls.map((call) => ({
      type: 'tool_use',
      id: call.id,
      name: call.name,
      input: JSON.parse(call.arguments) as unknown,
    })),
  ];
  const used = { input_tokens: question.promptTokens, output_tokens: answer.outputTokens };
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stopReasons[answer.finish],
    stop_sequence: null,
    ...(usage && { usage: used }),
  };
}

function toClaudePieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const { pieces, add } = createPieces();
  const whole = toMessage(question, answer, context);
  const { content } = whole as { content: readonly Json[] };
  const begun = {
    ...whole,
    content: [],
    stop_reason: null,
    usage: { input_tokens: question.promptTokens, output_tokens: 1 },
  };
  add('prelude', event('message_start', { message: begun }));
  add('prelude', event('ping', {}));
  const delta = (index: number, given: Json, tokens: number): void =>
    add('content', event('content_block_delta', { index, delta: given }), tokens);
  content.forEach((block, index) => {
    const { type } = block;
    const empty = type === 'tool_use' ? { ...block, input: {} } : { type, [String(type)]: '' };
    add(type === 'tool_use' ? 'content' : 'prelude', event('content_block_start', { index, content_block: empty }));
    const text = type === 'tool_use' ? JSON.stringify(block['input']) : String(block[String(type)]);
    const runs = type === 'tool_use' ? (text.match(/[\s\S]{1,12}/g) ?? []) : toRuns(text, context.wordsPerChunk);
    for (const run of runs) {
      if (type === 'tool_use') delta(index, { type: 'input_json_delta', partial_json: run }, 3);
      else if (type === 'thinking') delta(index, { type: 'thinking_delta', thinking: run }, run.length / 4);
      else delta(index, { type: 'text_delta', text: run }, run.length / 4);
    }
    if (type === 'thinking')
      add(
        'prelude',
        event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'c2lnbmVk' } }),
      );
    add('prelude', event('content_block_stop', { index }));
  });
  const { stop_reason: reason, usage } = whole;
  add(
    'finish',
    event('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, ...(context.usage && { usage }) }),
  );
  add('done', event('message_stop', {}));
  return pieces;
}

function toResponse(question: Question, answer: Answer, { id, model, created, usage }: RenderContext): Json {
  const output = [
    ...(answer.reasoning === ''
      ? []
      : [{ id: `rs_${id}`, type: 'reasoning', summary: [{ type: 'summary_text', text: answer.reasoning }] }]),
    ...(answer.text === ''
      ? []
      : [
          {
            id: `msg_${id}`,
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: answer.text, annotations: [], logprobs: [] }],
          },
        ]),
    ...answer.toolCalls.map((call) => ({
      id: `fc_${call.id}`,
      type: 'function_call',
      call_id: call.id,
      name: call.name,
      arguments: call.arguments,
      status: 'completed',
    })),
  ];
  const used = {
    input_tokens: question.promptTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: answer.outputTokens,
    output_tokens_details: { reasoning_tokens: answer.reasoningTokens },
    total_tokens: question.promptTokens + answer.outputTokens,
  };
  const isCut = answer.finish === 'length';
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    status: isCut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    model,
    output,
    usage: usage ? used : null,
  };
}

function toResponsesPieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const { pieces, add } = createPieces();
  let sequence = 0;
  const tell = (kind: Piece['kind'], type: string, rest: Json, tokens = 0): void =>
    add(kind, event(type, { ...rest, sequence_number: sequence++ }), tokens);
  const whole = toResponse(question, answer, context);
  const { output } = whole as { output: readonly Json[] };
  tell('prelude', 'response.created', { response: { ...whole, status: 'in_progress', output: [], usage: null } });
  output.forEach((item, index) => {
    const at = { item_id: item['id'], output_index: index };
    const { type } = item;
    const empty = type === 'message' ? { content: [] } : type === 'reasoning' ? { summary: [] } : { arguments: '' };
    const isCall = type === 'function_call';
    tell(isCall ? 'content' : 'prelude', 'response.output_item.added', {
      output_index: index,
      item: { ...item, ...empty },
    });
    if (isCall) {
      for (const delta of String(item['arguments']).match(/[\s\S]{1,12}/g) ?? [])
        tell('content', 'response.function_call_arguments.delta', { ...at, delta }, 3);
    } else if (type === 'message') {
      const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
      tell('prelude', 'response.content_part.added', { ...at, content_index: 0, part });
      for (const delta of toRuns(answer.text, context.wordsPerChunk))
        tell(
          'content',
          'response.output_text.delta',
          { ...at, content_index: 0, delta, logprobs: [] },
          delta.length / 4,
        );
      const done = { ...part, text: answer.text };
      tell('prelude', 'response.output_text.done', { ...at, content_index: 0, text: answer.text, logprobs: [] });
      tell('prelude', 'response.content_part.done', { ...at, content_index: 0, part: done });
    } else {
      for (const delta of toRuns(answer.reasoning, context.wordsPerChunk))
        tell('content', 'response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta }, delta.length / 4);
    }
    tell('prelude', 'response.output_item.done', { output_index: index, item });
  });
  tell('done', `response.${String(whole['status'])}`, { response: whole });
  return pieces;
}

function toCompletion(question: Question, answer: Answer, { id, model, created }: RenderContext): Json {
  const used = { prompt_tokens: question.promptTokens, completion_tokens: answer.outputTokens };
  const choices = [{ index: 0, text: answer.text, logprobs: null, finish_reason: answer.finish }];
  return { id: `cmpl-${id}`, object: 'text_completion', created, model, choices, usage: used };
}

function toCompletionPieces(question: Question, answer: Answer, context: RenderContext): Piece[] {
  const { pieces, add } = createPieces();
  const { usage, ...whole } = toCompletion(question, answer, context);
  const chunk = (more: Json): string => `data: ${JSON.stringify({ ...whole, ...more })}\n\n`;
  const say = (text: string, finish: string | null): string =>
    chunk({ choices: [{ index: 0, text, logprobs: null, finish_reason: finish }] });
  for (const run of toRuns(answer.text, context.wordsPerChunk)) add('content', say(run, null), run.length / 4);
  add('finish', say('', answer.finish));
  if (context.usage) add('prelude', chunk({ choices: [], usage }));
  add('done', 'data: [DONE]\n\n');
  return pieces;
}

const tellers = {
  messages: { stream: toClaudePieces, whole: toMessage },
  responses: { stream: toResponsesPieces, whole: toResponse },
  completions: { stream: toCompletionPieces, whole: toCompletion },
} as const;

/** The body of a reply of this face: one JSON document, or the events of a stream. */
export function toFacePieces(
  face: Face,
  { question, answer, context }: { question: Question; answer: Answer; context: RenderContext },
): Piece[] {
  const { stream, whole } = tellers[face];
  if (question.stream) return stream(question, answer, context);
  return [{ kind: 'whole', text: JSON.stringify(whole(question, answer, context)), tokens: answer.outputTokens }];
}
