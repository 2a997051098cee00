// The official clients of three formats behind one interface, so that one table of cases can be put to each of them.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

/** What a case asks for, in nobody's format. */
export interface Wish {
  readonly model: string;
  readonly prompt: string;
  readonly stream: boolean;
  readonly tools?: boolean;
  /** A PNG, base64. */
  readonly image?: string;
  /** The answer must be JSON of this schema. */
  readonly schema?: Record<string, unknown>;
  /** A finished tool call of an earlier turn. */
  readonly result?: { readonly id: string; readonly city: string; readonly text: string };
  readonly system?: string;
}

/** What a client understood. */
export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finish: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Pieces of a stream that carried something. */
  readonly pieces: number;
}

export interface Client {
  readonly name: string;
  /** It shows what a model thought. */
  readonly showsThoughts: boolean;
  /** The word of its format for each reason to end. */
  readonly finishes: Readonly<Record<'stop' | 'tools', string>>;
  ask(wish: Wish, signal?: AbortSignal): Promise<Heard>;
}

const weather = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} as const;

const parse = (text: string): unknown => (text === '' ? {} : JSON.parse(text));

function toChatMessages({ prompt, image, result, system }: Wish): OpenAI.ChatCompletionMessageParam[] {
  const content: OpenAI.ChatCompletionContentPart[] = [{ type: 'text', text: prompt }];
  if (image !== undefined) content.push({ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } });
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content }];
  if (system !== undefined) messages.unshift({ role: 'system', content: system });
  if (result !== undefined) {
    const target = { name: weather.name, arguments: JSON.stringify({ city: result.city }) };
    messages.push(
      { role: 'assistant', content: null, tool_calls: [{ id: result.id, type: 'function', function: target }] },
      { role: 'tool', tool_call_id: result.id, content: result.text },
    );
  }
  return messages;
}

type Message = OpenAI.ChatCompletionMessage & { readonly reasoning_content?: string };

/** OpenAI's client on chat completions. */
export function createChatClient(baseURL: string, apiKey: string): Client {
  const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
  return {
    name: 'openai chat',
    showsThoughts: true,
    finishes: { stop: 'stop', tools: 'tool_calls' },
    ask: async (wish, signal) => {
      const { model, tools, schema } = wish;
      const body = {
        model,
        messages: toChatMessages(wish),
        ...(tools ? { tools: [{ type: 'function' as const, function: { ...weather } }] } : {}),
        ...(schema
          ? { response_format: { type: 'json_schema' as const, json_schema: { name: 'out', schema, strict: true } } }
          : {}),
      };
      let pieces = 0;
      let reasoning = '';
      let answer: OpenAI.ChatCompletion;
      if (wish.stream) {
        const stream = client.chat.completions.stream(
          { ...body, stream_options: { include_usage: true } },
          { signal: signal ?? null },
        );
        stream.on('chunk', ({ choices }) => {
          if (choices[0]?.delta.content) pieces++;
          reasoning += (choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
        });
        answer = await stream.finalChatCompletion();
      } else answer = await client.chat.completions.create(body, { signal: signal ?? null });
      const choice = answer.choices[0];
      const message = choice?.message as Message;
      return {
        text: message.content ?? '',
        reasoning: reasoning || (message.reasoning_content ?? ''),
        calls: (message.tool_calls ?? []).flatMap((call) =>
          'function' in call ? [{ name: call.function.name, arguments: parse(call.function.arguments) }] : [],
        ),
        finish: choice?.finish_reason ?? '',
        inputTokens: answer.usage?.prompt_tokens ?? -1,
        outputTokens: answer.usage?.completion_tokens ?? -1,
        pieces,
      };
    },
  };
}

function toClaudeMessages({ prompt, image, result }: Wish): Anthropic.MessageParam[] {
  const content: Anthropic.ContentBlockParam[] = [{ type: 'text', text: prompt }];
  if (image !== undefined)
    content.push({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content }];
  if (result !== undefined)
    messages.push(
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: result.id, name: weather.name, input: { city: result.city } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: result.id, content: result.text }] },
    );
  return messages;
}

/** Anthropic's client on messages. `url` is without `/v1`. */
export function createMessagesClient(url: string, apiKey: string): Client {
  const client = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
  return {
    name: 'anthropic',
    showsThoughts: true,
    finishes: { stop: 'end_turn', tools: 'tool_use' },
    ask: async (wish, signal) => {
      const body: Anthropic.MessageCreateParamsNonStreaming = {
        model: wish.model,
        max_tokens: 1_000,
        messages: toClaudeMessages(wish),
        ...(wish.system === undefined ? {} : { system: wish.system }),
        ...(wish.tools
          ? {
              tools: [
                {
                  name: weather.name,
                  description: weather.description,
                  input_schema: { ...weather.parameters, required: ['city'] },
                },
              ],
            }
          : {}),
        ...(wish.schema ? { output_config: { format: { type: 'json_schema', schema: wish.schema } } } : {}),
      };
      let pieces = 0;
      let answer: Anthropic.Message;
      if (wish.stream) {
        const stream = client.messages.stream(body, { signal: signal ?? null });
        stream.on('text', () => pieces++);
        answer = await stream.finalMessage();
      } else answer = await client.messages.create(body, { signal: signal ?? null });
      const { content, usage } = answer;
      return {
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
        calls: content.flatMap((block) =>
          block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [],
        ),
        finish: answer.stop_reason ?? '',
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        pieces,
      };
    },
  };
}

function toInput({ prompt, image, result }: Wish): OpenAI.Responses.ResponseInput {
  const content: OpenAI.Responses.ResponseInputContent[] = [{ type: 'input_text', text: prompt }];
  if (image !== undefined)
    content.push({ type: 'input_image', image_url: `data:image/png;base64,${image}`, detail: 'auto' });
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content }];
  if (result !== undefined) {
    const given = JSON.stringify({ city: result.city });
    input.push(
      { type: 'function_call', call_id: result.id, name: weather.name, arguments: given },
      { type: 'function_call_output', call_id: result.id, output: result.text },
    );
  }
  return input;
}

function thoughtsOf(item: OpenAI.Responses.ResponseOutputItem): string {
  return item.type === 'reasoning' ? item.summary.map(({ text }) => text).join('') : '';
}

/** OpenAI's client on responses. */
export function createResponsesClient(baseURL: string, apiKey: string): Client {
  const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
  return {
    name: 'openai responses',
    showsThoughts: true,
    finishes: { stop: 'completed', tools: 'completed' },
    ask: async (wish, signal) => {
      const body = {
        model: wish.model,
        input: toInput(wish),
        ...(wish.system === undefined ? {} : { instructions: wish.system }),
        ...(wish.tools ? { tools: [{ type: 'function' as const, ...weather, strict: false }] } : {}),
        ...(wish.schema
          ? { text: { format: { type: 'json_schema' as const, name: 'out', schema: wish.schema, strict: true } } }
          : {}),
      };
      let pieces = 0;
      let answer: OpenAI.Responses.Response;
      if (wish.stream) {
        const stream = client.responses.stream(body, { signal: signal ?? null });
        stream.on('response.output_text.delta', () => pieces++);
        answer = await stream.finalResponse();
      } else answer = await client.responses.create(body, { signal: signal ?? null });
      return {
        text: answer.output_text,
        reasoning: answer.output.map(thoughtsOf).join(''),
        calls: answer.output.flatMap((item) =>
          item.type === 'function_call' ? [{ name: item.name, arguments: parse(item.arguments) }] : [],
        ),
        finish: answer.status ?? '',
        inputTokens: answer.usage?.input_tokens ?? -1,
        outputTokens: answer.usage?.output_tokens ?? -1,
        pieces,
      };
    },
  };
}
