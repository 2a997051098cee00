// The chat surfaces as official clients see them: how each asks, and what it understands of a reply's text.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { vi } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import type { Reply } from './harness.ts';

/** What a client understood of a stream. */
export interface Understood {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finish: string;
}

export interface Surface {
  readonly wire: WireId;
  readonly path: string;
  /** The body of a streamed question. */
  body(prompt: string, more?: { readonly tool?: string }): Record<string, unknown>;
  /** Reads a stream with the official client; rejects where that throws. */
  read(reply: Reply): Promise<Understood>;
  readonly finishes: Readonly<Record<'stop' | 'tools', string>>;
}

const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
const respond =
  (reply: Reply): typeof fetch =>
  async () =>
    new Response(reply.text, { status: reply.status, headers: { ...reply.headers } });
const parse = (text: string): unknown => JSON.parse(text);

const chat: Surface = {
  wire: 'openai-chat',
  path: '/v1/chat/completions',
  finishes: { stop: 'stop', tools: 'tool_calls' },
  body: (content, { tool } = {}) => ({
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content }],
    ...(tool === undefined ? {} : { tools: [{ type: 'function', function: { name: tool, parameters } }] }),
  }),
  read: async (reply) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://x.test/v1', fetch: respond(reply), maxRetries: 0 });
    const stream = client.chat.completions.stream({ model: 'm', messages: [] });
    const choice = (await stream.finalChatCompletion()).choices[0];
    return {
      text: choice?.message.content ?? '',
      calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
        'function' in call ? [{ name: call.function.name, arguments: parse(call.function.arguments) }] : [],
      ),
      finish: choice?.finish_reason ?? '',
    };
  },
};

const responses: Surface = {
  wire: 'openai-responses',
  path: '/v1/responses',
  finishes: { stop: 'completed', tools: 'completed' },
  body: (input, { tool } = {}) => ({
    stream: true,
    messages: undefined,
    input,
    ...(tool === undefined ? {} : { tools: [{ type: 'function', name: tool, parameters, strict: false }] }),
  }),
  read: async (reply) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://x.test/v1', fetch: respond(reply), maxRetries: 0 });
    const answer = await client.responses.stream({ model: 'm', input: '' }).finalResponse();
    return {
      text: answer.output_text,
      calls: answer.output.flatMap((item) =>
        item.type === 'function_call' ? [{ name: item.name, arguments: parse(item.arguments) }] : [],
      ),
      finish: answer.status ?? '',
    };
  },
};

const messages: Surface = {
  wire: 'anthropic',
  path: '/v1/messages',
  finishes: { stop: 'end_turn', tools: 'tool_use' },
  body: (content, { tool } = {}) => ({
    stream: true,
    max_tokens: 1_000,
    messages: [{ role: 'user', content }],
    ...(tool === undefined ? {} : { tools: [{ name: tool, input_schema: parameters }] }),
  }),
  read: async (reply) => {
    const client = new Anthropic({ apiKey: 'k', baseURL: 'http://x.test', fetch: respond(reply), maxRetries: 0 });
    const answer = await client.messages.stream({ model: 'm', max_tokens: 1, messages: [] }).finalMessage();
    return {
      text: answer.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      calls: answer.content.flatMap((block) =>
        block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [],
      ),
      finish: answer.stop_reason ?? '',
    };
  },
};

export const surfaces: readonly Surface[] = [chat, responses, messages];

/** Reads a stream of the Gemini format with the official client, which takes no other `fetch` than that of the process; rejects where that throws. */
export async function readGemini(reply: Reply): Promise<Understood> {
  vi.stubGlobal('fetch', respond(reply));
  try {
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: 'http://x.test' } });
    const stream = await client.models.generateContentStream({ model: 'm', contents: 'Go.' });
    let text = '';
    let finish = '';
    const calls: Understood['calls'][number][] = [];
    for await (const chunk of stream) {
      // What the client says as `text` comes with a warning where there are calls.
      const parts = chunk.candidates?.[0]?.content?.parts ?? [];
      text += parts.map((part) => (part.thought ? '' : (part.text ?? ''))).join('');
      calls.push(...(chunk.functionCalls ?? []).map(({ name = '', args }) => ({ name, arguments: args })));
      finish = chunk.candidates?.[0]?.finishReason ?? finish;
    }
    return { text, calls, finish };
  } finally {
    vi.unstubAllGlobals();
  }
}
