// Checks a Gemini request of a caller, tells it in the OpenAI chat format, and reads from that what routing must know.
import type { ChatQuestion } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { parseQuestion as parsePivot } from '../openai-chat/question.ts';
import { effortOf } from '../pivot-effort.ts';
import { addContents, addSystem } from './pivot-contents.ts';
import { addTools } from './pivot-tools.ts';
import { toJsonSchema } from './schema.ts';
import { fieldOf } from './words.ts';

/** A request of the OpenAI chat format as it grows, and what has no place in it. */
export interface Pivot {
  readonly body: Record<string, unknown>;
  readonly messages: Json[];
  /** Fields an answer can do without. */
  readonly dropped: Set<string>;
  /** Fields that only providers of this format can take, and that no answer makes sense without. */
  readonly bound: Set<string>;
}

/** Fields of ours: model and stream stand in the URL of this format, and are laid beside its body. */
export const ownFields = ['model', 'stream', 'freeway', 'models'] as const;

const told: ReadonlySet<string> = new Set([
  ...ownFields, 'contents', 'systemInstruction', 'system_instruction', 'tools', 'toolConfig', 'tool_config', 'generationConfig',
  'generation_config', 'cachedContent', 'cached_content',
]); // prettier-ignore

/** Reads a request, with `model` and `stream` of its URL laid beside it. Throws CallerError `invalid_request`. */
export function parseQuestion(json: unknown): ChatQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  const pivot: Pivot = { body: {}, messages: [], dropped: new Set(), bound: new Set() };
  for (const name of ownFields) if (json[name] !== undefined) pivot.body[name] = json[name];
  addSystem(pivot, fieldOf(json, 'systemInstruction'));
  addContents(pivot, json['contents']);
  addTools(pivot, json['tools'], fieldOf(json, 'toolConfig'));
  addConfig(pivot, fieldOf(json, 'generationConfig'));
  if (toText(fieldOf(json, 'cachedContent')) !== null) pivot.bound.add('cachedContent');
  for (const name of Object.keys(json)) if (!told.has(name)) pivot.dropped.add(name);
  const body = { ...pivot.body, messages: pivot.messages };
  return {
    ...parsePivot(body),
    wire: 'gemini',
    // The format tells the use of every stream.
    includeUsage: true,
    body: json,
    pivot: body,
    dropped: [...pivot.dropped],
    bound: [...pivot.bound],
  };
}

/** Fields of the configuration that mean the same elsewhere, by their names there. */
const alike: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  maxOutputTokens: 'max_tokens',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
};
const configured: ReadonlySet<string> = new Set([
  ...Object.keys(alike), 'stopSequences', 'candidateCount', 'responseMimeType', 'responseSchema', 'responseJsonSchema', '_responseJsonSchema',
  'thinkingConfig', 'responseModalities', 'speechConfig', 'imageConfig',
]); // prettier-ignore

const toCamel = (name: string): string => name.replace(/(?<!^)_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function addConfig(pivot: Pivot, given: unknown): void {
  if (given === undefined || given === null) return;
  if (!isRecord(given)) return fail('generationConfig', 'an object', given);
  const config: Json = Object.fromEntries(Object.entries(given).map(([name, value]) => [toCamel(name), value]));
  for (const [name, value] of Object.entries(config)) {
    if (value === undefined || value === null) continue;
    const known = alike[name];
    if (known !== undefined) pivot.body[known] = value;
    else if (!configured.has(name)) pivot.dropped.add(`generationConfig.${name}`);
  }
  const count = config['candidateCount'];
  if (count !== undefined && count !== null && count !== 1)
    return failShowing('generationConfig.candidateCount', '1, because Freeway answers one candidate', count);
  addStops(pivot, config['stopSequences']);
  addFormat(pivot, config);
  addThinking(pivot, config['thinkingConfig']);
  const modalities = config['responseModalities'];
  const isOther = Array.isArray(modalities) && modalities.some((one) => String(one).toUpperCase() !== 'TEXT');
  if (isOther) pivot.bound.add('generationConfig.responseModalities');
}

function addStops(pivot: Pivot, stops: unknown): void {
  if (stops === undefined || stops === null) return;
  if (!Array.isArray(stops) || stops.some((stop) => typeof stop !== 'string'))
    return fail('generationConfig.stopSequences', 'an array of strings', stops);
  if (stops.length > 0) pivot.body['stop'] = stops;
}

function addFormat(pivot: Pivot, config: Json): void {
  // Elsewhere a word of a list comes as JSON, in quotes.
  if (config['responseMimeType'] === 'text/x.enum') pivot.bound.add('generationConfig.responseMimeType');
  const json = config['responseJsonSchema'] ?? config['_responseJsonSchema'];
  const schema = json ?? toJsonSchema(config['responseSchema']);
  if (isRecord(schema))
    pivot.body['response_format'] = { type: 'json_schema', json_schema: { name: 'output', schema } };
  else if (config['responseMimeType'] === 'application/json') pivot.body['response_format'] = { type: 'json_object' };
}

const levels: Readonly<Record<string, string>> = { minimal: 'minimal', low: 'low', medium: 'medium', high: 'high' };

function addThinking(pivot: Pivot, given: unknown): void {
  if (!isRecord(given)) return;
  const level = toText(fieldOf(given, 'thinkingLevel'))?.toLowerCase();
  const budget = fieldOf(given, 'thinkingBudget');
  if (level !== undefined && levels[level] !== undefined) pivot.body['reasoning_effort'] = levels[level];
  // A negative budget leaves it to the model, 0 turns thinking off.
  else if (typeof budget === 'number' && budget >= 0) pivot.body['reasoning_effort'] = effortOf(budget);
}
