// Checks a Responses request of a caller, tells it in the OpenAI chat format, and reads from that what routing must know.
import { CallerError } from '#shared/failures.ts';
import type { ChatQuestion } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toList, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { parseQuestion as parsePivot } from '../openai-chat/question.ts';
import { addSystem } from '../pivot-system.ts';
import { addInput } from './pivot-input.ts';
import { addTools } from './pivot-tools.ts';
import { listTools, type Tool } from './tool-names.ts';

/** A request of the OpenAI chat format as it grows, and what has no place in it. */
export interface Pivot {
  readonly body: Record<string, unknown>;
  readonly messages: Json[];
  /** The message that made a call, by the id of the call, as its place among the messages: the last of those that did. */
  readonly calledBy: Map<unknown, number>;
  /** Results of calls, by the place of the message behind which they stand. */
  readonly results: Map<number, Json[]>;
  /** Fields an answer can do without. */
  readonly dropped: Set<string>;
  /** Fields that only providers of this format can take, and that no answer makes sense without. */
  readonly bound: Set<string>;
  /** What can be called. */
  readonly tools: readonly Tool[];
  /** What the next call is signed with. */
  signature: string | null;
  /** What was thought before the next answer. */
  readonly thoughts: string[];
  /** The input holds an answer. */
  hasAnswer: boolean;
}

/** Fields that mean the same in both formats. */
const alike = [
  'model', 'stream', 'temperature', 'top_p', 'parallel_tool_calls', 'metadata', 'user', 'freeway', 'models',
] as const; // prettier-ignore

/** Fields that are told in other words, or change nothing for somebody who stores nothing. */
const translated: ReadonlySet<string> = new Set([
  ...alike, 'input', 'instructions', 'tools', 'tool_choice', 'max_output_tokens', 'text', 'reasoning', 'store', 'include', 'stream_options',
  'previous_response_id', 'conversation', 'background', 'prompt', 'client_metadata', 'prompt_cache_key', 'prompt_cache_retention',
  'safety_identifier', 'service_tier', 'truncation',
]); // prettier-ignore

/** What asks for state that Freeway does not keep, and what to do instead. */
const stored: Readonly<Record<string, string>> = {
  previous_response_id:
    'Freeway stores no responses: send the whole conversation in "input" (with "store": false) instead.',
  conversation: 'Freeway stores no conversations: send the whole conversation in "input" instead.',
  prompt: 'Freeway stores no prompts: send "instructions" and "input" instead.',
};

/** Reads a Responses request. Unknown fields stay in `body`. Throws CallerError `invalid_request`. */
export function parseQuestion(json: unknown): ChatQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  refuseStored(json);
  const pivot: Pivot = {
    body: {},
    messages: [],
    calledBy: new Map(),
    results: new Map(),
    dropped: new Set(),
    bound: new Set(),
    tools: listTools(json),
    signature: null,
    thoughts: [],
    hasAnswer: false,
  };
  for (const name of alike) if (isGiven(json[name])) pivot.body[name] = json[name];
  const { instructions } = json;
  if (isGiven(instructions)) {
    if (typeof instructions !== 'string') return fail('instructions', 'a string', instructions);
    addSystem(pivot.messages, instructions);
  }
  addInput(pivot, json['input']);
  addTools(pivot, json);
  addText(pivot, json['text']);
  addReasoning(pivot, json['reasoning']);
  if (isGiven(json['max_output_tokens'])) pivot.body['max_tokens'] = json['max_output_tokens'];
  // Thoughts in a form that only who thought them can read are asked for by habit.
  if (toList(json['include']).some((name) => name !== 'reasoning.encrypted_content')) pivot.dropped.add('include');
  const tier = toText(json['service_tier']);
  if (tier !== null && tier !== 'auto' && tier !== 'default') pivot.dropped.add('service_tier');
  if (isGiven(json['truncation']) && json['truncation'] !== 'disabled') pivot.dropped.add('truncation');
  for (const name of Object.keys(json)) if (!translated.has(name) && isGiven(json[name])) pivot.dropped.add(name);
  const messages = pivot.messages.flatMap((message, at) => [message, ...(pivot.results.get(at) ?? [])]);
  const body = { ...pivot.body, messages };
  return {
    ...parsePivot(body),
    wire: 'openai-responses',
    // The format tells the use of every stream.
    includeUsage: true,
    body: json,
    pivot: body,
    dropped: [...pivot.dropped],
    bound: [...pivot.bound],
  };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function refuseStored(json: Json): void {
  for (const [param, message] of Object.entries(stored))
    if (isGiven(json[param])) throw new CallerError('invalid_request', message, { param });
  if (json['background'] === true)
    throw new CallerError('invalid_request', 'Freeway answers at once: leave "background" out.', {
      param: 'background',
    });
}

function addText(pivot: Pivot, text: unknown): void {
  if (!isGiven(text)) return;
  if (!isRecord(text)) return fail('text', 'an object', text);
  const { format, verbosity } = text;
  if (toText(verbosity) !== null) pivot.body['verbosity'] = verbosity;
  if (!isGiven(format)) return;
  if (!isRecord(format)) return fail('text.format', 'an object', format);
  const { type, name, schema, strict, description } = format;
  if (type === 'text') return;
  if (type === 'json_object') pivot.body['response_format'] = { type };
  else if (type === 'json_schema') {
    if (toText(name) === null) return fail('text.format.name', 'a non-empty string', name);
    if (!isRecord(schema)) return fail('text.format.schema', 'a JSON Schema object', schema);
    const rest = { ...(isGiven(strict) ? { strict } : {}), ...(toText(description) === null ? {} : { description }) };
    pivot.body['response_format'] = { type, json_schema: { name, schema, ...rest } };
  } else failShowing('text.format.type', 'one of text, json_object, json_schema', type);
}

function addReasoning(pivot: Pivot, reasoning: unknown): void {
  if (!isGiven(reasoning)) return;
  if (!isRecord(reasoning)) return fail('reasoning', 'an object', reasoning);
  const { mode, context } = reasoning;
  if (isGiven(mode) && mode !== 'standard') pivot.dropped.add('reasoning.mode');
  if (isGiven(context) && context !== 'auto') pivot.dropped.add('reasoning.context');
  const effort = toText(reasoning['effort']);
  if (effort !== null) pivot.body['reasoning_effort'] = effort;
}
