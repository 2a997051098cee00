// Tells a chat request of the OpenAI format as the call that models of the Vercel AI SDK take. Pure.
import { isRecord, parseJson, toAmount, toList, toRecord, toText, type Json } from '../wire/json.ts';
import type { Part } from './sdk.ts';

/** Since version 4, data says what it is. */
const toData = (data: string, isTagged: boolean): unknown => (isTagged ? { type: 'data', data } : data);
const toLink = (url: string, isTagged: boolean): unknown =>
  isTagged ? { type: 'url', url: new URL(url) } : new URL(url);

function toFile(url: string, { usual, isTagged }: { usual: string; isTagged: boolean }): Part {
  const match = /^data:([^;,]+)[^,]*;base64,/.exec(url);
  return match
    ? { type: 'file', mediaType: match[1], data: toData(url.slice(match[0].length), isTagged) }
    : { type: 'file', mediaType: usual, data: toLink(url, isTagged) };
}

function toParts(content: unknown, isTagged: boolean): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return toList(content).flatMap((given): Part[] => {
    const part = toRecord(given);
    const text = toText(part['text']) ?? toText(part['refusal']);
    if (text !== null) return [{ type: 'text', text }];
    const picture = toText(toRecord(part['image_url'])['url']);
    if (picture !== null) return [toFile(picture, { usual: 'image/*', isTagged })];
    const sound = toRecord(part['input_audio']);
    if (typeof sound['data'] === 'string')
      return [
        { type: 'file', mediaType: `audio/${toText(sound['format']) ?? 'wav'}`, data: toData(sound['data'], isTagged) },
      ];
    const { file_data: data, filename } = toRecord(part['file']);
    const file = toText(data);
    return file === null ? [] : [{ ...toFile(file, { usual: 'application/pdf', isTagged }), filename }];
  });
}

const toCallPart = (call: Json): Part => {
  const { name, arguments: text } = toRecord(call['function']);
  return { type: 'tool-call', toolCallId: call['id'], toolName: name, input: parseJson(toText(text) ?? '{}') ?? {} };
};

function toPrompt(messages: unknown, isTagged: boolean): unknown[] {
  const names = new Map<unknown, unknown>();
  return toList(messages)
    .map(toRecord)
    .map((message) => {
      const { role, content } = message;
      if (role === 'system' || role === 'developer')
        return {
          role: 'system',
          content: toParts(content, isTagged)
            .map(({ text }) => String(text))
            .join('\n'),
        };
      if (role === 'assistant') {
        const calls = toList(message['tool_calls']).map(toRecord).map(toCallPart);
        for (const { toolCallId, toolName } of calls) names.set(toolCallId, toolName);
        const refusal = toParts(message['refusal'], isTagged);
        return { role, content: [...toParts(content, isTagged), ...refusal, ...calls] };
      }
      if (role !== 'tool') return { role: 'user', content: toParts(content, isTagged) };
      const id = message['tool_call_id'];
      const value = toParts(content, isTagged)
        .map(({ text }) => String(text))
        .join('\n');
      const result = {
        type: 'tool-result',
        toolCallId: id,
        toolName: names.get(id) ?? 'tool',
        output: { type: 'text', value },
      };
      return { role, content: [result] };
    });
}

function toTools(body: Json): Json {
  const tools = toList(body['tools'])
    .map((tool) => toRecord(toRecord(tool)['function']))
    .map(({ name, description, parameters }) => ({
      type: 'function',
      name,
      ...(toText(description) === null ? {} : { description }),
      inputSchema: isRecord(parameters) ? parameters : { type: 'object', properties: {} },
    }));
  if (tools.length === 0) return {};
  const choice = body['tool_choice'];
  const named = toText(toRecord(toRecord(choice)['function'])['name']);
  if (named !== null) return { tools, toolChoice: { type: 'tool', toolName: named } };
  return typeof choice === 'string' ? { tools, toolChoice: { type: choice } } : { tools };
}

function toFormat(body: Json): Json {
  const format = toRecord(body['response_format']);
  if (format['type'] === 'json_object') return { responseFormat: { type: 'json' } };
  if (format['type'] !== 'json_schema') return {};
  const { schema, name, description } = toRecord(format['json_schema']);
  return {
    responseFormat: {
      type: 'json',
      schema,
      ...(toText(name) === null ? {} : { name }),
      ...(toText(description) === null ? {} : { description }),
    },
  };
}

const numbers = {
  temperature: 'temperature',
  topP: 'top_p',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
} as const;

/** The call; `version` is that of the model's specification. */
export function toCall(body: Json, version: string): Json & { readonly prompt: readonly unknown[] } {
  const isTagged = !/^v[23]$/.test(version);
  const bound = toAmount(body['max_completion_tokens']) ?? toAmount(body['max_tokens']);
  const stops = [body['stop']].flat().filter((stop) => typeof stop === 'string');
  const told = Object.entries(numbers).filter(([, name]) => typeof body[name] === 'number');
  const effort = toText(body['reasoning_effort']);
  return {
    prompt: toPrompt(body['messages'], isTagged),
    ...(bound === undefined ? {} : { maxOutputTokens: bound }),
    ...Object.fromEntries(told.map(([option, name]) => [option, body[name]])),
    ...(stops.length === 0 ? {} : { stopSequences: stops }),
    ...(effort === null || !isTagged ? {} : { reasoning: effort }),
    ...toTools(body),
    ...toFormat(body),
  };
}
