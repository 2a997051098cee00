// DeepSeek and Kimi refuse answers of a conversation with tools without the thoughts before them, others refuse the thoughts: clients of every format.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI, type Content } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerAs, type Answering } from './answering.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

interface Message {
  readonly role: string;
  readonly content: unknown;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly unknown[];
}

const THOUGHT = 'They ask for the weather.';
let providers: Answering;
let server: Started;
/** What was thought before each answer, as the provider was told it last. */
let told: (string | undefined)[];
let refused: string[];

function answer(provider: string, messages: readonly Message[]): [number, unknown] {
  const answers = messages.filter(({ role }) => role === 'assistant');
  told = answers.map(({ reasoning_content: thought }) => thought);
  const isRefused = provider === 'deepseek' ? told.some((thought) => !thought) : told.some((one) => one !== undefined);
  if (isRefused) {
    refused.push(provider);
    const message =
      provider === 'deepseek'
        ? 'The `reasoning_content` in the thinking mode must be passed back to the API.'
        : "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property 'reasoning_content' is unsupported)]";
    return [400, { error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' } }];
  }
  const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };
  const isAnswered = messages.at(-1)?.role === 'tool';
  const message = isAnswered ? { content: 'It rains.' } : { content: null, tool_calls: [call] };
  const thoughts = provider === 'deepseek' ? { reasoning_content: THOUGHT } : {};
  const finish = isAnswered ? 'stop' : 'tool_calls';
  const choices = [{ index: 0, message: { role: 'assistant', ...message, ...thoughts }, finish_reason: finish }];
  const usage = { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 };
  return [200, { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices, usage }];
}

beforeAll(async () => {
  providers = await answerAs<{ messages: Message[] }>((provider, { messages }) => answer(provider, messages));
  const { url } = providers;
  const model = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
  server = await startServer([
    toEntry('deepseek', `${url}/deepseek`, { provider: 'deepseek', models: [{ ...model, id: 'deepseek-v4-pro' }] }),
    toEntry('groq', `${url}/groq`, { provider: 'groq', models: [{ ...model, id: 'llama-3.3-70b-versatile' }] }),
  ]);
});
afterAll(async () => {
  await server.stop();
  providers.close();
});
beforeEach(() => {
  told = [];
  refused = [];
});

const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
const prompt = 'Weather in Oslo?';
const thinker = 'deepseek/deepseek-v4-pro';
const other = 'groq/llama-3.3-70b-versatile';

interface Talk {
  /** Asks, and answers the call with each model in turn. Answers what the last one said, and what it was not told. */
  readonly ask: (first: string, second: string) => Promise<{ said: unknown; dropped: string | null }>;
}

const talks: Readonly<Record<string, Talk>> = {
  anthropic: {
    ask: async (first, second) => {
      const client = new Anthropic({ baseURL: server.url, apiKey: OWNER_KEY, maxRetries: 0 });
      const tools = [{ name: 'get_weather', input_schema: parameters }];
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content: prompt }];
      const { content } = await client.messages.create({ model: first, max_tokens: 100, messages, tools });
      messages.push({ role: 'assistant', content });
      messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain' }] });
      const { data, response } = await client.messages
        .create({ model: second, max_tokens: 100, messages, tools })
        .withResponse();
      const last = data.content.at(-1);
      return { said: last?.type === 'text' ? last.text : last, dropped: response.headers.get('x-freeway-dropped') };
    },
  },
  responses: {
    ask: async (first, second) => {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });
      const tools = [{ type: 'function' as const, name: 'get_weather', parameters, strict: false }];
      const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: prompt }];
      const { output } = await client.responses.create({ model: first, input, tools, store: false });
      input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
      input.push({ type: 'function_call_output', call_id: 'call_1', output: 'rain' });
      const { data, response } = await client.responses
        .create({ model: second, input, tools, store: false })
        .withResponse();
      return { said: data.output_text, dropped: response.headers.get('x-freeway-dropped') };
    },
  },
  gemini: {
    ask: async (first, second) => {
      const client = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions: { baseUrl: server.url } });
      const config = { tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: parameters }] }] };
      const contents: Content[] = [{ role: 'user', parts: [{ text: prompt }] }];
      const { candidates } = await client.models.generateContent({ model: first, contents, config });
      contents.push(candidates?.[0]?.content ?? {});
      const functionResponse = { id: 'call_1', name: 'get_weather', response: { output: 'rain' } };
      contents.push({ role: 'user', parts: [{ functionResponse }] });
      const { text, sdkHttpResponse } = await client.models.generateContent({ model: second, contents, config });
      return { said: text, dropped: sdkHttpResponse?.headers?.['x-freeway-dropped'] ?? null };
    },
  },
};

describe.each(Object.entries(talks))('a client of the format %s', (name, { ask }) => {
  it('hands thoughts back to who demands them', async () => {
    expect(await ask(thinker, thinker)).toEqual({ said: 'It rains.', dropped: null });
    expect([told, refused]).toEqual([[THOUGHT], []]);
  });

  it('goes on where they are refused', async () => {
    const { said, dropped } = await ask(thinker, other);
    expect([said, told, refused]).toEqual(['It rains.', [undefined], []]);
    expect(dropped, name).toMatch(/thinking|reasoning|thought/);
  });

  it('goes on where they are demanded with answers of somebody who told none', async () => {
    const { said } = await ask(other, thinker);
    expect([said, told, refused]).toEqual(['It rains.', [' '], []]);
  });
});

it("a client of OpenAI's format, too, that has another name for them or none", async () => {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }];
  const target = { name: 'get_weather', arguments: '{"city":"Oslo"}' };
  const called = {
    role: 'assistant' as const,
    tool_calls: [{ id: 'call_1', type: 'function' as const, function: target }],
  };
  const result = { role: 'tool' as const, tool_call_id: 'call_1', content: 'rain' };
  for (const [more, thought] of [
    [{}, ' '],
    [{ reasoning: THOUGHT }, THOUGHT],
    [{ reasoning_content: THOUGHT }, THOUGHT],
  ] as const) {
    const messages = [{ role: 'user' as const, content: prompt }, { ...called, ...more }, result];
    const { choices } = await client.chat.completions.create({ model: thinker, messages, tools });
    expect([choices[0]?.message.content, told, refused]).toEqual(['It rains.', [thought], []]);
  }
});
