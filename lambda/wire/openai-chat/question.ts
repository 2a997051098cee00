// Checks a chat request of a caller strictly and reads what routing must know of it.
import type { ChatQuestion } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toList, toText } from '../json.ts';
import { checkFields, fail, failShowing } from './fields.ts';
import type { Seen } from './messages.ts';
import { readMessages } from './messages.ts';

/** Reads a chat request. Unknown fields stay in `body`, which is the given object itself. Throws CallerError `invalid_request`. */
export function parseQuestion(json: unknown): ChatQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  checkFields(json);
  const seen: Seen = { texts: [], images: [], audio: false, documents: false, calls: false, bound: [] };
  readMessages(json['messages'], seen);
  const tools = readTools(json, seen);
  if (toList(json['modalities']).includes('audio')) seen.bound.push('modalities');
  return {
    wire: 'openai-chat',
    model: json['model'] === undefined || json['model'] === null ? 'auto' : readName(json['model'], 'model'),
    models: toList(json['models']).map((model, index) => readName(model, `models[${index}]`)),
    stream: json['stream'] === true,
    includeUsage: isRecord(json['stream_options']) && json['stream_options']['include_usage'] === true,
    needs: {
      tools: tools > 0 || seen.calls,
      vision: seen.images.length > 0,
      json: readResponseFormat(json['response_format']),
      reasoning: wantsReasoning(json),
      audio: seen.audio,
      documents: seen.documents,
    },
    maxOutputTokens: toAmount(json['max_completion_tokens']) ?? toAmount(json['max_tokens']) ?? null,
    texts: seen.texts,
    images: seen.images,
    toolCount: tools,
    controls: json['freeway'] ?? null,
    body: json,
    pivot: json,
    dropped: [],
    bound: seen.bound,
  };
}

function readName(value: unknown, path: string): string {
  return toText(value) ?? fail(path, 'a non-empty string', value);
}

function readTools(body: Json, { texts, bound }: Seen): number {
  const tools = toList(body['tools']);
  tools.forEach((tool, index) => {
    if (!isRecord(tool)) return fail(`tools[${index}]`, 'an object', tool);
    const type = readName(tool['type'], `tools[${index}].type`);
    if (type === 'function') checkFunction(tool['function'], `tools[${index}].function`);
    // Its input is plain text, which nobody else knows.
    else if (type === 'custom') bound.push(`tools[${index}]`);
    texts.push({ role: 'tools', text: JSON.stringify(tool) });
  });
  const functions = toList(body['functions']);
  functions.forEach((target, index) => {
    checkFunction(target, `functions[${index}]`);
    texts.push({ role: 'tools', text: JSON.stringify(target) });
  });
  return tools.length + functions.length;
}

function checkFunction(target: unknown, path: string): void {
  if (!isRecord(target)) return fail(path, 'an object', target);
  readName(target['name'], `${path}.name`);
  const { description, parameters } = target;
  if (description !== undefined && description !== null && typeof description !== 'string') {
    fail(`${path}.description`, 'a string', description);
  }
  if (parameters !== undefined && parameters !== null && !isRecord(parameters)) {
    fail(`${path}.parameters`, 'a JSON Schema object', parameters);
  }
}

/** True when the caller wants JSON. */
function readResponseFormat(format: unknown): boolean {
  if (format === undefined || format === null) return false;
  if (!isRecord(format)) return fail('response_format', 'an object', format);
  const type = format['type'];
  if (type === 'text') return false;
  if (type === 'json_object') return true;
  if (type !== 'json_schema') {
    return failShowing('response_format.type', 'one of text, json_object, json_schema', type);
  }
  const schema = format['json_schema'];
  if (!isRecord(schema)) return fail('response_format.json_schema', 'an object', schema);
  readName(schema['name'], 'response_format.json_schema.name');
  return true;
}

function wantsReasoning(body: Json): boolean {
  const nested = isRecord(body['reasoning']) ? body['reasoning']['effort'] : undefined;
  const effort = toText(body['reasoning_effort']) ?? toText(nested);
  return effort !== null && effort !== 'none' && effort !== 'minimal';
}
