// Checks a Messages request of a caller, tells it in the OpenAI chat format, and reads from that what routing must know.
import type { ChatQuestion } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { parseQuestion as parsePivot } from '../openai-chat/question.ts';
import { effortOf } from '../pivot-effort.ts';
import { addSystem } from '../pivot-system.ts';
import { isMarked, markOf } from './pivot-marks.ts';
import { nothingMidway, retellMidway } from './midway.ts';
import { addMessages, checkMidway } from './pivot-messages.ts';
import { addTools } from './pivot-tools.ts';
import { refuseThread } from './thread.ts';

/** A request of the OpenAI chat format as it grows, and what has no place in it. */
export interface Pivot {
  readonly body: Record<string, unknown>;
  readonly messages: Json[];
  /** Fields an answer can do without. */
  readonly dropped: Set<string>;
  /** Fields that only providers of this format can take, and that no answer makes sense without. */
  readonly bound: Set<string>;
  /** What of the request is worth keeping in a cache: whether that is told, and whether anything is. */
  readonly marks: { readonly told: boolean; found: boolean };
}

/** Fields that mean the same in both formats. */
const alike = ['model', 'max_tokens', 'stream', 'temperature', 'top_p', 'freeway', 'models'] as const;
/** Fields that are told in other words. */
const translated: ReadonlySet<string> = new Set([
  ...alike,
  'system',
  'messages',
  'tools',
  'tool_choice',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
]);

/** Reads a Messages request. Unknown fields stay in `body`. Throws CallerError `invalid_request`. */
export function parseQuestion(json: unknown): ChatQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  refuseThread(json);
  const pivot = toPivot(json, false);
  const body = toBody(pivot);
  const { dropped, bound, marks } = pivot;
  return {
    ...parsePivot(body),
    wire: 'anthropic',
    // The format tells the use of every stream.
    includeUsage: true,
    body: json,
    pivot: body,
    dropped: [...dropped],
    bound: [...bound],
    ...(marks.found ? { marked: () => toBody(toPivot(json, true)) } : {}),
  };
}

function toPivot(given: Json, told: boolean): Pivot {
  checkMidway(given['messages']);
  const json = retellMidway(given, nothingMidway);
  const marks = { told, found: false };
  const pivot: Pivot = { body: {}, messages: [], dropped: new Set(), bound: new Set(), marks };
  for (const name of alike) if (json[name] !== undefined) pivot.body[name] = json[name];
  addSystemField(pivot, json['system']);
  addMessages(pivot, json['messages']);
  addTools(pivot, json);
  addStops(pivot, json['stop_sequences']);
  addThinking(pivot, json);
  addFormat(pivot, json);
  for (const name of Object.keys(json)) if (!translated.has(name)) pivot.dropped.add(name);
  return pivot;
}

const toBody = ({ body, messages }: Pivot): Json => ({ ...body, messages });

function addSystemField(pivot: Pivot, system: unknown): void {
  if (system === undefined || system === null || system === '') return;
  if (typeof system === 'string') return addSystem(pivot.messages, system);
  if (!Array.isArray(system)) return fail('system', 'a string or an array of text blocks', system);
  const parts = system.map((block: unknown, index) => {
    const text = isRecord(block) && block['type'] === 'text' ? block['text'] : undefined;
    if (typeof text !== 'string') return fail(`system[${index}]`, 'a text block', block);
    return { type: 'text', text, ...markOf(pivot, toRecord(block)) };
  });
  if (parts.some(isMarked)) pivot.messages.push({ role: 'system', content: parts });
  else addSystem(pivot.messages, parts.map(({ text }) => text).join('\n\n'));
}

function addStops(pivot: Pivot, stops: unknown): void {
  if (stops === undefined || stops === null) return;
  if (!Array.isArray(stops) || stops.some((stop) => typeof stop !== 'string'))
    return fail('stop_sequences', 'an array of strings', stops);
  if (stops.length > 0) pivot.body['stop'] = stops;
}

const efforts: Readonly<Record<string, string>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

function addThinking(pivot: Pivot, { thinking, output_config: config }: Json): void {
  if (thinking !== undefined && thinking !== null && !isRecord(thinking))
    return fail('thinking', 'an object', thinking);
  const asked = toText(isRecord(config) ? config['effort'] : undefined);
  const type = thinking?.['type'] ?? 'disabled';
  if (type === 'disabled') {
    // Elsewhere an effort is one of thought.
    if (asked !== null) pivot.dropped.add('output_config.effort');
    return;
  }
  const budget = thinking?.['budget_tokens'];
  const byBudget = typeof budget === 'number' ? effortOf(budget) : 'medium';
  pivot.body['reasoning_effort'] = (asked === null ? undefined : efforts[asked]) ?? byBudget;
}

function addFormat(pivot: Pivot, json: Json): void {
  const config = json['output_config'];
  const format = (isRecord(config) ? config['format'] : undefined) ?? json['output_format'];
  if (format === undefined || format === null) return;
  if (!isRecord(format)) return fail('output_config.format', 'an object', format);
  const { type, schema } = format;
  if (type !== 'json_schema') return failShowing('output_config.format.type', 'json_schema', type);
  if (!isRecord(schema)) return fail('output_config.format.schema', 'a JSON Schema object', schema);
  pivot.body['response_format'] = { type, json_schema: { name: 'output', schema, strict: true } };
}
