// LangChain's OpenAI models on both of their formats, as further clients of the conformance table.
import type { AIMessage, AIMessageChunk, BaseMessageLike, UsageMetadata } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import type { Client, Heard, Wish } from './clients.ts';

const tool = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

function toMessages({ prompt, image, result, system }: Wish): BaseMessageLike[] {
  const picture =
    image === undefined ? [] : [{ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }];
  const asked = { role: 'user', content: [{ type: 'text', text: prompt }, ...picture] };
  const before = system === undefined ? [] : [{ role: 'system', content: system }];
  if (result === undefined) return [...before, asked];
  const call = { id: result.id, name: tool.function.name, args: { city: result.city }, type: 'tool_call' as const };
  return [
    ...before,
    asked,
    { role: 'assistant', content: '', tool_calls: [call] },
    { role: 'tool', content: result.text, tool_call_id: result.id },
  ];
}

const toOptions = ({ schema, tools }: Wish, signal?: AbortSignal) => ({
  ...(signal ? { signal } : {}),
  ...(tools ? { tools: [tool] } : {}),
  ...(schema
    ? { response_format: { type: 'json_schema' as const, json_schema: { name: 'out', schema, strict: true } } }
    : {}),
});

/** What the model thought, where the client tells it. */
function thoughtsOf(message: AIMessage | AIMessageChunk): string {
  const blocks = message.contentBlocks.filter((block) => block.type === 'reasoning');
  return blocks.map((block) => String(block.reasoning)).join('');
}

function listen(message: AIMessage | AIMessageChunk, pieces: number): Heard {
  const { finish_reason: reason, status } = message.response_metadata as Record<string, string | undefined>;
  const usage = message.usage_metadata as UsageMetadata | undefined;
  return {
    text: message.text,
    reasoning: thoughtsOf(message),
    calls: (message.tool_calls ?? []).map(({ name, args }) => ({ name, arguments: args as unknown })),
    finish: reason ?? status ?? '',
    inputTokens: usage?.input_tokens ?? -1,
    outputTokens: usage?.output_tokens ?? -1,
    pieces,
  };
}

async function join(stream: AsyncIterable<AIMessageChunk>): Promise<Heard> {
  let whole: AIMessageChunk | null = null;
  let pieces = 0;
  for await (const chunk of stream) {
    if (chunk.text !== '') pieces++;
    whole = whole === null ? chunk : whole.concat(chunk);
  }
  if (whole === null) throw new Error('an empty stream');
  return listen(whole, pieces);
}

function createClient(
  name: string,
  { url, apiKey, isResponses }: { url: string; apiKey: string; isResponses: boolean },
) {
  return {
    name,
    // Of OpenAI's chat format, this client reads the official fields only.
    showsThoughts: isResponses,
    finishes: isResponses ? { stop: 'completed', tools: 'completed' } : { stop: 'stop', tools: 'tool_calls' },
    ask: async (wish: Wish, signal?: AbortSignal) => {
      const model = new ChatOpenAI({
        model: wish.model,
        apiKey,
        configuration: { baseURL: `${url}/v1` },
        maxRetries: 0,
        useResponsesApi: isResponses,
        streamUsage: true,
      });
      const options = toOptions(wish, signal);
      if (wish.stream) return join(await model.stream(toMessages(wish), options));
      return listen(await model.invoke(toMessages(wish), options), 0);
    },
  } satisfies Client;
}

/** One client for each format. `url` is without `/v1`. */
export function createLangchainClients(
  url: string,
  apiKey: string,
): Readonly<Record<'langchain chat' | 'langchain responses', Client>> {
  return {
    'langchain chat': createClient('langchain chat', { url, apiKey, isResponses: false }),
    'langchain responses': createClient('langchain responses', { url, apiKey, isResponses: true }),
  };
}
