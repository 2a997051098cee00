// Claude thinks on in a turn of tool calls only where its own signed thoughts come back: clients of formats that have no place for them hand them back.
import { GoogleGenAI, type Content } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { answerAs, type Answering } from './answering.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

type Json = Readonly<Record<string, unknown>>;
interface Asked {
  readonly stream?: boolean;
  readonly thinking?: object;
  readonly messages: readonly { readonly role: string; readonly content: unknown; readonly tool_calls?: Json[] }[];
}

const THOUGHT = { type: 'thinking', thinking: 'Oslo – naïve 🌧?', signature: 'signed+by/claude==' };
const SECRET = { type: 'redacted_thinking', data: 'sealed+by/claude==' };
const USE = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } };
let providers: Answering;
let server: Started;
/** The answer to whose calls results were brought, as each provider was told it, and whether it thinks on. */
let told: { provider: string; content: unknown; thinks: boolean }[];
let refused: string[];
/** The signature that Claude takes for its own. */
let signature: string;

/** Why Claude takes no such conversation, in its own words; null: it does. */
function refuse({ messages, thinking }: Asked): string | null {
  const blocks = messages.flatMap(({ role, content }) =>
    role === 'assistant' && Array.isArray(content) ? (content as Json[]) : [],
  );
  if (blocks.some((block) => block['type'] === 'thinking' && block['signature'] !== signature))
    return 'messages.1.content.0: Invalid `signature` in `thinking` block';
  return thinking !== undefined && blocks[0]?.['type'] === 'tool_use'
    ? 'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).'
    : null;
}

const toEvent = (type: string, more: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

function toStream({ content, ...message }: Json & { content: Json[] }): string {
  const of = (index: number, block: object, ...deltas: object[]): string =>
    toEvent('content_block_start', { index, content_block: block }) +
    deltas.map((delta) => toEvent('content_block_delta', { index, delta })).join('') +
    toEvent('content_block_stop', { index });
  const blocks = content.map((block, index) => {
    if (block['type'] === 'thinking')
      return of(
        index,
        { ...block, thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: THOUGHT.thinking.slice(0, 4) },
        { type: 'thinking_delta', thinking: THOUGHT.thinking.slice(4) },
        { type: 'signature_delta', signature: THOUGHT.signature },
      );
    return block['type'] === 'tool_use'
      ? of(index, { ...block, input: {} }, { type: 'input_json_delta', partial_json: JSON.stringify(block['input']) })
      : of(index, block);
  });
  const { stop_reason, usage } = message;
  return [
    toEvent('message_start', { message: { ...message, content: [], stop_reason: null } }),
    ...blocks,
    toEvent('message_delta', { delta: { stop_reason, stop_sequence: null }, usage }),
    toEvent('message_stop', {}),
  ].join('');
}

function answer(provider: string, asked: Asked): [number, unknown] {
  const isAnswered = asked.messages.length > 1;
  const before = asked.messages[1];
  if (before)
    told.push({ provider, content: before.tool_calls ?? before.content, thinks: asked.thinking !== undefined });
  const usage = { input_tokens: 9, output_tokens: 7, prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 };
  if (provider === 'other') {
    const message = { role: 'assistant', content: 'It rains.' };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    return [200, { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices, usage }];
  }
  const message = refuse(asked);
  if (message !== null) {
    refused.push(message);
    return [400, { type: 'error', error: { type: 'invalid_request_error', message } }];
  }
  const content = isAnswered ? [{ type: 'text', text: 'It rains.' }] : [THOUGHT, SECRET, USE];
  const reply = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content,
    stop_reason: isAnswered ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage,
  };
  return [200, asked.stream ? toStream(reply) : reply];
}

beforeAll(async () => {
  providers = await answerAs<Asked>(answer);
  const { url } = providers;
  const model = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'reasoning'] };
  const toModels = (id: string): object => ({ models: [{ ...model, id }] });
  server = await startServer([
    toEntry('claude', `${url}/claude`, { provider: 'anthropic', tier: 'paid', ...toModels('claude-sonnet-4-5') }),
    toEntry('google', `${url}/other`, { provider: 'gemini', ...toModels('gemini-3.5-flash') }),
    toEntry('groq', `${url}/other`, { provider: 'groq', ...toModels('llama-3.3-70b-versatile') }),
  ]);
});
afterAll(async () => {
  await server.stop();
  providers.close();
});
beforeEach(() => {
  told = [];
  refused = [];
  signature = THOUGHT.signature;
});

const claude = 'anthropic/claude-sonnet-4-5';
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
const prompt = 'Weather in Oslo?';

interface Talk {
  /** Asks Claude, and goes on behind its call with another model. Answers what that one said. */
  readonly ask: (then: string) => Promise<unknown>;
}

const openAi = (): OpenAI => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });
const chat =
  (isStreamed: boolean): Talk['ask'] =>
  async (then) => {
    const client = openAi();
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: prompt }];
    const asked = { messages, tools, reasoning_effort: 'medium' as const };
    if (isStreamed) {
      const calls: OpenAI.ChatCompletionMessageToolCall[] = [];
      const stream = await client.chat.completions.create({ ...asked, model: claude, stream: true });
      for await (const { choices } of stream)
        for (const { index, function: piece, ...call } of choices[0]?.delta.tool_calls ?? []) {
          const { name = '', arguments: before = '' } =
            (calls[index] as { function?: Json } | undefined)?.function ?? {};
          const whole = { name: `${name}${piece?.name ?? ''}`, arguments: `${before}${piece?.arguments ?? ''}` };
          calls[index] = { ...calls[index], ...call, function: whole } as (typeof calls)[number];
        }
      messages.push({ role: 'assistant', content: null, tool_calls: calls });
    } else {
      const { choices } = await client.chat.completions.create({ ...asked, model: claude });
      if (choices[0]) messages.push(choices[0].message);
    }
    messages.push({ role: 'tool', tool_call_id: 'toolu_1', content: 'rain' });
    const { choices } = await client.chat.completions.create({ ...asked, model: then });
    return choices[0]?.message.content;
  };

const talks: Readonly<Record<string, Talk['ask']>> = {
  'chat completions': chat(false),
  'streamed chat completions': chat(true),
  responses: async (then) => {
    const client = openAi();
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: prompt }];
    const asked = {
      store: false,
      include: ['reasoning.encrypted_content' as const],
      reasoning: { effort: 'medium' as const },
      tools: [{ type: 'function' as const, name: 'get_weather', parameters, strict: false }],
    };
    const { output } = await client.responses.create({ ...asked, model: claude, input });
    input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
    input.push({ type: 'function_call_output', call_id: 'toolu_1', output: 'rain' });
    return (await client.responses.create({ ...asked, model: then, input })).output_text;
  },
  Gemini: async (then) => {
    const client = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions: { baseUrl: server.url } });
    const contents: Content[] = [{ role: 'user', parts: [{ text: prompt }] }];
    const config = {
      thinkingConfig: { thinkingBudget: 8_000 },
      tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: parameters }] }],
    };
    const { candidates } = await client.models.generateContent({ model: claude, contents, config });
    if (candidates?.[0]?.content) contents.push(candidates[0].content);
    const functionResponse = { id: 'toolu_1', name: 'get_weather', response: { output: 'rain' } };
    contents.push({ role: 'user', parts: [{ functionResponse }] });
    return (await client.models.generateContent({ model: then, contents, config })).text;
  },
};

it.each(Object.keys(talks))('a client of the format %s hands them back, and Claude thinks on', async (format) => {
  expect(await talks[format]?.(claude)).toBe('It rains.');
  expect(told).toEqual([{ provider: 'claude', content: [THOUGHT, SECRET, USE], thinks: true }]);
  expect(refused).toEqual([]);
});

it.each(Object.keys(talks))('%s: what somebody else has signed is left out once Claude refuses it', async (format) => {
  signature = 'of another account';
  expect(await talks[format]?.(claude)).toBe('It rains.');
  expect(told.at(-1)).toEqual({ provider: 'claude', content: [USE], thinks: false });
  expect(refused).toHaveLength(1);
});

it.each(Object.keys(talks))(
  '%s: to others they are not told, and Google takes the call as unsigned',
  async (format) => {
    expect(await talks[format]?.('groq/llama-3.3-70b-versatile')).toBe('It rains.');
    expect(await talks[format]?.('gemini/gemini-3.5-flash')).toBe('It rains.');
    const call = { id: 'toolu_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };
    const unsigned = { google: { thought_signature: 'skip_thought_signature_validator' } };
    expect(told.map(({ content }) => content)).toEqual([[call], [{ ...call, extra_content: unsigned }]]);
  },
);
