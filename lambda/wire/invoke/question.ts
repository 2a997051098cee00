// The payload of a direct invoke as a chat request: messages in text or in blocks, tools with a bare schema, a bound, and controls.
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import { toList, toRecord } from '../json.ts';
import * as z from 'zod/mini';

const blockSchema = z.looseObject({ type: z.string() });
const messageSchema = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.optional(z.nullable(z.union([z.string(), z.array(blockSchema)]))),
});
const toolSchema = z.looseObject({
  name: z.optional(z.string()),
  description: z.optional(z.string()),
  input_schema: z.optional(z.record(z.string(), z.unknown())),
});

/** What a chat payload says to us; the rest of it are fields of the chat request. */
const payloadSchema = z.looseObject({
  messages: z.array(messageSchema).check(z.minLength(1)),
  system: z.optional(z.nullable(z.string())),
  tools: z.optional(z.nullable(z.array(toolSchema))),
  model: z.optional(z.string()),
});

type Message = z.infer<typeof messageSchema>;
type Block = z.infer<typeof blockSchema>;
type Json = Record<string, unknown>;

/** Fields that are turned into others, or that make no sense for one whole answer. */
const turned = new Set(['messages', 'system', 'tools', 'model', 'stream', 'stream_options', 'n']);

const refuse = (message: string, param: string): CallerError => new CallerError('invalid_request', message, { param });

/** Text of a tool's result, which may be text, blocks of text, or any JSON. */
function toResultText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return JSON.stringify(content ?? null);
  const texts = content.map((part: unknown) => (part as { text?: unknown } | null)?.text);
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : JSON.stringify(content);
}

function toImagePart(block: Block, where: string): Json {
  const { type, media_type, data, url } = (block['source'] ?? {}) as Record<string, unknown>;
  if (type === 'base64' && typeof media_type === 'string' && typeof data === 'string')
    return { type: 'image_url', image_url: { url: `data:${media_type};base64,${data}` } };
  if (type === 'url' && typeof url === 'string') return { type: 'image_url', image_url: { url } };
  throw refuse(
    `${where} is an image without a usable source. Give {"type": "base64", "media_type", "data"} or {"type": "url", "url"}.`,
    where,
  );
}

interface Sorted {
  readonly parts: Json[];
  readonly calls: Json[];
  readonly results: Json[];
}

function sortBlock(block: Block, sorted: Sorted, where: string): void {
  if (block.type === 'tool_use') {
    const { id, name, input } = block;
    sorted.calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } });
  } else if (block.type === 'tool_result') {
    const { tool_use_id, content, is_error } = block;
    const text = toResultText(content);
    sorted.results.push({
      role: 'tool',
      tool_call_id: tool_use_id,
      content: is_error === true ? `Error: ${text}` : text,
    });
  } else if (block.type === 'image') sorted.parts.push(toImagePart(block, where));
  // Anything else is a part in the words of the chat format already, and is judged there.
  else sorted.parts.push(block);
}

/** A call with what the same call of our own answer was signed with, which stands beside the blocks. */
function withSigned(call: Json, told: unknown): Json {
  const same = toList(told).find((one) => toRecord(one)['id'] === call['id']);
  const extra = toRecord(same)['extra_content'];
  return extra === undefined ? call : { ...call, extra_content: extra };
}

/** One message may hold results of tools beside words: then it becomes several. */
function toMessages(message: Message, index: number): Json[] {
  const { content } = message;
  if (!Array.isArray(content)) return [message];
  const sorted: Sorted = { parts: [], calls: [], results: [] };
  content.forEach((block, at) => sortBlock(block, sorted, `messages[${index}].content[${at}]`));
  const { parts, calls, results } = sorted;
  const said = message.role === 'assistant' ? parts.filter(({ type, text }) => type !== 'text' || text !== '') : parts;
  const hasOwn = said.length > 0 || calls.length > 0 || results.length === 0;
  const one: Json = {
    ...message,
    content: said.length > 0 ? said : calls.length > 0 ? null : '',
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => withSigned(call, message['tool_calls'])) } : {}),
  };
  return [...results, ...(hasOwn ? [one] : [])];
}

function toTool(tool: z.infer<typeof toolSchema>, index: number): Json {
  if (tool['type'] === 'function' && tool['function'] !== undefined) return tool;
  const { name, description, input_schema } = tool;
  if (name === undefined)
    throw refuse(`tools[${index}] has no name. Give {"name", "description", "input_schema"}.`, `tools[${index}].name`);
  return {
    type: 'function',
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: input_schema ?? { type: 'object' },
    },
  };
}

/** The chat request of a payload. Throws CallerError `invalid_request` naming the field at fault. */
export function toChatBody(payload: unknown): Json {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') ?? '';
    throw refuse(
      `The payload can't be understood${path === '' ? '' : ` at "${path}"`}: expected ${tellExpected(issue)}. A chat needs at least {"messages": [{"role": "user", "content": "..."}]}.`,
      path,
    );
  }
  const { messages, system, tools, model } = parsed.data;
  const rest = Object.fromEntries(
    Object.entries(parsed.data).filter(([name, value]) => !turned.has(name) && value !== null),
  );
  return {
    ...rest,
    model: model ?? 'auto',
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...messages.flatMap(toMessages)],
    ...(tools && tools.length > 0 ? { tools: tools.map(toTool) } : {}),
  };
}
