// The Vercel AI SDK with its providers of three formats, and the one for compatible servers, as further clients of the conformance table.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  generateText,
  jsonSchema,
  Output,
  streamText,
  tool,
  type LanguageModel,
  type ModelMessage,
} from 'ai';
import type { Client, Heard, Wish } from './clients.ts';

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const;
const tools = { get_weather: tool({ description: 'Weather of a city', inputSchema: jsonSchema(parameters) }) };

function toMessages({ prompt, image, result }: Wish): ModelMessage[] {
  const picture = image === undefined ? [] : [{ type: 'image' as const, image, mediaType: 'image/png' }];
  const asked: ModelMessage = { role: 'user', content: [{ type: 'text', text: prompt }, ...picture] };
  if (result === undefined) return [asked];
  const toolName = 'get_weather';
  return [
    asked,
    {
      role: 'assistant',
      content: [{ type: 'tool-call', toolCallId: result.id, toolName, input: { city: result.city } }],
    },
    {
      role: 'tool',
      content: [{ type: 'tool-result', toolCallId: result.id, toolName, output: { type: 'text', value: result.text } }],
    },
  ];
}

/** The client's errors, with the status under the name that other clients give it. */
function toError(error: unknown): unknown {
  return APICallError.isInstance(error) ? Object.assign(error, { status: error.statusCode }) : error;
}

function toCall(wish: Wish, model: LanguageModel, signal?: AbortSignal): Parameters<typeof generateText>[0] {
  const call = {
    model,
    messages: toMessages(wish),
    maxRetries: 0,
    ...(wish.system === undefined ? {} : { system: wish.system }),
    ...(wish.tools ? { tools } : {}),
    ...(wish.schema ? { output: Output.object({ schema: jsonSchema(wish.schema) }) } : {}),
    ...(signal ? { abortSignal: signal } : {}),
  };
  return call as unknown as Parameters<typeof generateText>[0];
}

/** Sends a wish, whole or streamed. Both kinds of answer have the same parts, the streamed ones as promises. */
async function send(wish: Wish, call: Parameters<typeof generateText>[0], onPiece: () => void) {
  if (!wish.stream) return generateText(call);
  let failed: unknown = null;
  const answer = streamText({
    ...(call as Parameters<typeof streamText>[0]),
    onError: ({ error }) => void (failed = error),
    onChunk: ({ chunk }) => void (chunk.type === 'text-delta' && onPiece()),
  });
  await answer.consumeStream();
  if (failed !== null) throw failed;
  return answer;
}

function createClient(name: string, modelOf: (id: string) => LanguageModel): Client {
  return {
    name,
    // Of OpenAI's chat format, this client reads the official fields only.
    showsThoughts: name !== 'ai chat',
    finishes: { stop: 'stop', tools: 'tool-calls' },
    ask: async (wish, signal): Promise<Heard> => {
      let pieces = 0;
      try {
        const answer = await send(wish, toCall(wish, modelOf(wish.model), signal), () => pieces++);
        const usage = await answer.usage;
        return {
          text: await answer.text,
          reasoning: (await answer.reasoningText) ?? '',
          calls: (await answer.toolCalls).map(({ toolName, input }) => ({
            name: toolName,
            arguments: input as unknown,
          })),
          finish: await answer.finishReason,
          inputTokens: usage.inputTokens ?? -1,
          outputTokens: usage.outputTokens ?? -1,
          pieces,
        };
      } catch (error) {
        throw toError(error);
      }
    },
  };
}

/** One client for each format. `url` is without `/v1`. */
export function createAiClients(
  url: string,
  apiKey: string,
): Readonly<Record<'ai chat' | 'ai responses' | 'ai anthropic' | 'ai compatible', Client>> {
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey });
  const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey });
  const compatible = createOpenAICompatible({
    name: 'freeway',
    baseURL: `${url}/v1`,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return {
    'ai chat': createClient('ai chat', (id) => openai.chat(id)),
    'ai responses': createClient('ai responses', (id) => openai.responses(id)),
    'ai anthropic': createClient('ai anthropic', (id) => anthropic(id)),
    'ai compatible': createClient('ai compatible', (id) => compatible(id)),
  };
}
