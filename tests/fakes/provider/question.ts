// Reads a chat request the way the simulated provider understands it; strict where real providers are.

/** Fields of a request, as far as the provider cares. */
export interface Question {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** The text of the last user message. */
  readonly prompt: string;
  readonly promptTokens: number;
  readonly images: number;
  /** Bound of the caller; null when none. */
  readonly maxTokens: number | null;
  /** The text of a last message of role assistant; null when the last message is another. */
  readonly prefill: string | null;
  /** The text of a last message of role tool; null when the last message is another. */
  readonly toolResult: string | null;
  readonly tools: readonly { readonly name: string; readonly parameters: unknown }[];
  /** A tool the caller insists on; `*` for any. */
  readonly forcedTool: string | null;
  /** Schema to satisfy, `true` for any JSON object; null for plain text. */
  readonly schema: unknown;
  readonly reasoning: boolean;
  /** Names of all fields present. */
  readonly fields: readonly string[];
}

/** What is wrong with a request: the field at fault. */
export class BadQuestion extends Error {
  readonly field: string;
  constructor(field: string) {
    super(`Bad ${field}`);
    this.field = field;
  }
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The provider's tokenizer: one token for every four characters begun. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

function partsOf(content: unknown): readonly Json[] {
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return partsOf(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('');
}

function countImages(messages: readonly Json[]): number {
  const isImage = ({ type }: Json): boolean => type === 'image_url' || type === 'input_image';
  return messages.reduce((sum, { content }) => sum + partsOf(content).filter(isImage).length, 0);
}

/** An image counts 258 tokens, a message 4 more than its text. */
function countPrompt(messages: readonly Json[], tools: unknown, images: number): number {
  const texts = messages.reduce((sum, { content, tool_calls: calls }) => {
    return sum + 4 + countTokens(textOf(content)) + (calls === undefined ? 0 : countTokens(JSON.stringify(calls)));
  }, 0);
  return texts + images * 258 + (tools === undefined ? 0 : countTokens(JSON.stringify(tools)));
}

function readTools(tools: unknown): Question['tools'] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw new BadQuestion('tools');
  return tools.map((tool: unknown) => {
    const made = isObject(tool) ? tool['function'] : undefined;
    if (!isObject(made) || typeof made['name'] !== 'string') throw new BadQuestion('tools');
    return { name: made['name'], parameters: made['parameters'] ?? {} };
  });
}

function readForcedTool(choice: unknown): string | null {
  if (choice === 'required' || choice === 'any') return '*';
  const made = isObject(choice) ? choice['function'] : undefined;
  return isObject(made) && typeof made['name'] === 'string' ? made['name'] : null;
}

function readSchema(format: unknown): unknown {
  if (!isObject(format)) return null;
  if (format['type'] === 'json_object') return true;
  const made = format['json_schema'];
  return format['type'] === 'json_schema' && isObject(made) ? (made['schema'] ?? true) : null;
}

function readMessages(body: Json): readonly Json[] {
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    throw new BadQuestion('messages');
  }
  const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);
  if (!messages.every(({ role }) => typeof role === 'string' && roles.has(role))) throw new BadQuestion('messages');
  return messages;
}

function readMaxTokens(body: Json): number | null {
  const bound = body['max_completion_tokens'] ?? body['max_tokens'] ?? null;
  if (bound === null) return null;
  if (typeof bound !== 'number' || bound < 1) throw new BadQuestion('max_tokens');
  return bound;
}

/** Reads a chat completions body. Throws BadQuestion naming the field at fault. */
export function parseQuestion(body: unknown): Question {
  if (!isObject(body)) throw new BadQuestion('body');
  if (typeof body['model'] !== 'string') throw new BadQuestion('model');
  const messages = readMessages(body);
  const images = countImages(messages);
  const last = messages.at(-1) ?? {};
  const options = body['stream_options'];
  const effort = body['reasoning_effort'];
  return {
    model: body['model'],
    stream: body['stream'] === true,
    includeUsage: isObject(options) && options['include_usage'] === true,
    prompt: textOf(messages.findLast(({ role }) => role === 'user')?.['content']),
    promptTokens: countPrompt(messages, body['tools'], images),
    images,
    maxTokens: readMaxTokens(body),
    prefill: last['role'] === 'assistant' && last['tool_calls'] === undefined ? textOf(last['content']) : null,
    toolResult: last['role'] === 'tool' ? textOf(last['content']) : null,
    tools: body['tool_choice'] === 'none' ? [] : readTools(body['tools']),
    forcedTool: readForcedTool(body['tool_choice']),
    schema: readSchema(body['response_format']),
    reasoning: typeof effort === 'string' && effort !== 'none',
    fields: Object.keys(body),
  };
}
