// Google's official client of the Gemini format behind the interface of the conformance table.
import { FunctionCallingConfigMode, GoogleGenAI, type Content, type GenerateContentParameters } from '@google/genai';
import type { GenerateContentResponse, Part } from '@google/genai';
import type { Client, Heard, Wish } from './clients.ts';

const weather = {
  name: 'get_weather',
  description: 'Weather of a city',
  parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

function toContents({ prompt, image, result }: Wish): Content[] {
  const parts: Part[] = [{ text: prompt }];
  if (image !== undefined) parts.push({ inlineData: { mimeType: 'image/png', data: image } });
  const contents: Content[] = [{ role: 'user', parts }];
  if (result !== undefined) {
    const { id, city, text } = result;
    contents.push(
      { role: 'model', parts: [{ functionCall: { id, name: weather.name, args: { city } } }] },
      { role: 'user', parts: [{ functionResponse: { id, name: weather.name, response: { output: text } } }] },
    );
  }
  return contents;
}

function toRequest(wish: Wish, signal: AbortSignal | undefined): GenerateContentParameters {
  const { model, tools, schema, system } = wish;
  return {
    model,
    contents: toContents(wish),
    config: {
      ...(system === undefined ? {} : { systemInstruction: system }),
      ...(tools
        ? {
            tools: [{ functionDeclarations: [weather] }],
            toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
          }
        : {}),
      ...(schema ? { responseMimeType: 'application/json', responseJsonSchema: schema } : {}),
      ...(signal ? { abortSignal: signal } : {}),
    },
  };
}

function listen(chunks: readonly GenerateContentResponse[], isStream: boolean): Heard {
  const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const textOf = (thought: boolean): string =>
    parts.map((part) => ((part.thought ?? false) === thought ? (part.text ?? '') : '')).join('');
  const usage = chunks.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata;
  const last = chunks.findLast(({ candidates }) => candidates?.[0]?.finishReason !== undefined);
  return {
    text: textOf(false),
    reasoning: textOf(true),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall ? [{ name: functionCall.name ?? '', arguments: functionCall.args }] : [],
    ),
    // The simulator has a word of its own for calls, which is passed on as it stands.
    finish: (last?.candidates?.[0]?.finishReason ?? '').replace('FUNCTION_CALL', 'STOP'),
    inputTokens: usage?.promptTokenCount ?? -1,
    outputTokens: usage?.candidatesTokenCount ?? -1,
    pieces: isStream ? parts.filter(({ text }) => text !== undefined && text !== '').length : 0,
  };
}

/** The client against the server at `baseUrl`. */
export function createGeminiClient(baseUrl: string, apiKey: string): Client {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  return {
    name: 'google genai',
    showsThoughts: true,
    finishes: { stop: 'STOP', tools: 'STOP' },
    ask: async (wish, signal) => {
      const request = toRequest(wish, signal);
      if (!wish.stream) return listen([await client.models.generateContent(request)], false);
      const chunks: GenerateContentResponse[] = [];
      for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
      return listen(chunks, true);
    },
  };
}
