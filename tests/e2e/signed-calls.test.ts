// Google's models refuse tool calls that are not signed, and Groq those that are: clients that know nothing of it go from one to the other.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { answerAs, type Answering } from './answering.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

interface Call {
  readonly id: string;
  readonly extra_content?: { readonly google?: { readonly thought_signature?: string } };
}
interface Asked {
  readonly messages: readonly { readonly role: string; readonly tool_calls?: readonly Call[] }[];
}

const SIGNED = { google: { thought_signature: 'signed-by-google' } };
let providers: Answering;
let server: Started;
/** What the first call of each message bore, as each provider was told it: `<provider> <signature>`. */
let told: string[];
let refused: string[];

/** Why the provider takes no such conversation, in its own words; null: it does. */
function refuse(provider: string, calls: readonly Call[]): string | null {
  const signature = calls[0]?.extra_content?.google?.thought_signature;
  if (provider === 'google' && calls.length > 0 && signature === undefined)
    return 'Function call is missing a thought_signature in functionCall parts. Additional data, function call `default_api:get_weather` , position 2.';
  return provider === 'groq' && calls.some((call) => 'extra_content' in call)
    ? "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1.tool_calls.0' : property 'extra_content' is unsupported)]"
    : null;
}

function answer(provider: string, { messages }: Asked): [number, unknown] {
  const calls = messages.flatMap(({ tool_calls: given = [] }) => given);
  told.push(
    ...messages.flatMap(({ tool_calls: [first] = [] }) => (first ? [`${provider} ${signatureOf(first)}`] : [])),
  );
  const reason = refuse(provider, calls);
  if (reason !== null) {
    refused.push(provider);
    const error = { code: 400, message: reason, status: 'INVALID_ARGUMENT', type: 'invalid_request_error' };
    return [400, provider === 'google' ? [{ error }] : { error }];
  }
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ...(provider === 'google' ? { extra_content: SIGNED } : {}),
  };
  const message = messages.at(-1)?.role === 'tool' ? { content: 'It rains.' } : { content: null, tool_calls: [call] };
  const finish = 'tool_calls' in message ? 'tool_calls' : 'stop';
  const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }];
  const usage = { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 };
  return [200, { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices, usage }];
}

const signatureOf = ({ extra_content: extra }: Call): string => extra?.google?.thought_signature ?? 'none';

beforeAll(async () => {
  providers = await answerAs<Asked>(answer);
  const { url } = providers;
  const model = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
  server = await startServer([
    toEntry('google', `${url}/google`, { provider: 'gemini', models: [{ ...model, id: 'gemini-3.5-flash' }] }),
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

const schema = { type: 'object' as const, properties: { city: { type: 'string' } } };

it.each(['gemini/gemini-3.5-flash', 'groq/llama-3.3-70b-versatile'])(
  "a client of Anthropic's format, which has no place for signatures, is answered behind a call: %s",
  async (model) => {
    const client = new Anthropic({ baseURL: server.url, apiKey: OWNER_KEY, maxRetries: 0 });
    const tools = [{ name: 'get_weather', input_schema: schema }];
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Weather in Oslo?' }];
    const { content } = await client.messages.create({ model, max_tokens: 100, messages, tools });
    messages.push({ role: 'assistant', content });
    messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain' }] });
    const last = await client.messages.create({ model, max_tokens: 100, messages, tools });
    expect(last.content).toMatchObject([{ type: 'text', text: 'It rains.' }]);
    const isGoogle = model.startsWith('gemini');
    expect(told).toEqual([isGoogle ? 'google skip_thought_signature_validator' : 'groq none']);
    expect(refused).toEqual([]);
  },
);

it("a client of OpenAI's format hands signatures back to who made them, and goes on elsewhere without", async () => {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: schema } }];
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Weather in Oslo?' }];
  const first = await client.chat.completions.create({ model: 'gemini/gemini-3.5-flash', messages, tools });
  const called = first.choices[0]?.message;
  if (called === undefined) throw new Error('no message');
  messages.push(called, { role: 'tool', tool_call_id: 'call_1', content: 'rain' });
  for (const model of ['gemini/gemini-3.5-flash', 'groq/llama-3.3-70b-versatile']) {
    const { choices } = await client.chat.completions.create({ model, messages, tools });
    expect(choices[0]?.message.content).toBe('It rains.');
  }
  expect(told).toEqual(['google signed-by-google', 'groq none']);
  expect(refused).toEqual([]);
});
