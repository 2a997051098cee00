// Embeddings in the Gemini format: one content, or requests of one each, read as the question of all who ask for vectors; the vectors written.
import { readWord, type Aim } from '../embeddings/purpose.ts';
import { MOST_INPUTS, parseEmbeddings, type EmbeddingsQuestion } from '../embeddings/question.ts';
import type { WriteVectors } from '../embeddings/reply.ts';
import type { Json } from '../json.ts';
import { isRecord } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { toParts } from './pivot-contents.ts';
import { fieldOf } from './words.ts';

/** What may be asked for behind the model of the URL. */
export const embedMethods = ['embedContent', 'batchEmbedContents'] as const;
export type EmbedMethod = (typeof embedMethods)[number];

interface Asked {
  readonly text: string;
  readonly dimensions: number | null;
  readonly purpose: Aim['purpose'];
  readonly title: string | null;
  /** Fields that have no place in the question. */
  readonly dropped: readonly string[];
}

const known: ReadonlySet<string> = new Set([
  'model', 'freeway', 'content', 'outputDimensionality', 'output_dimensionality', 'embedContentConfig', 'embed_content_config',
  'taskType', 'task_type', 'title',
]); // prettier-ignore

function readText(content: unknown, path: string): string {
  const texts = toParts(content, path).map((part, index) => {
    const { text } = part;
    return typeof text === 'string' ? text : fail(`${path}.parts[${index}]`, 'text, the only kind of part that vectors are made of', text); // prettier-ignore
  });
  const text = texts.join('\n');
  return text === '' ? fail(`${path}.parts`, 'a non-empty text', text) : text;
}

function readDimensions(given: Json, path: string): number | null {
  const value = fieldOf(given, 'outputDimensionality');
  if (value === undefined || value === null) return null;
  if (Number.isInteger(value) && Number(value) > 0) return Number(value);
  return failShowing(`${path}outputDimensionality`, 'a positive integer', value);
}

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '';

function readPurpose(settings: Json, path: string): Aim['purpose'] {
  const field = settings['taskType'] === undefined ? 'task_type' : 'taskType';
  const word = readWord(settings[field], `${path}${field}`);
  return word === null ? null : { field, word, isUsual: false };
}

/** One content with its settings, which may also stand in a configuration of their own. `path` ends with a dot, or is empty. */
function readAsked(given: Json, path: string): Asked {
  const config = fieldOf(given, 'embedContentConfig');
  const settings = isRecord(config) ? { ...given, ...config } : given;
  return {
    text: readText(given['content'], `${path}content`),
    dimensions: readDimensions(settings, path),
    purpose: readPurpose(settings, path),
    title: readWord(settings['title'], `${path}title`),
    dropped: Object.keys(settings).filter((name) => !known.has(name) && !isUnset(settings[name])),
  };
}

function readRequests({ requests }: Json, model: string): readonly Asked[] {
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > MOST_INPUTS)
    return fail('requests', `an array of 1 to ${MOST_INPUTS} requests`, requests);
  const asked = requests.map((one: unknown, index) => {
    const path = `requests[${index}]`;
    if (!isRecord(one)) return fail(path, 'an object', one);
    const named = String(one['model'] ?? model).replace(/^models\//, '');
    if (named !== model) return fail(`${path}.model`, 'the model of the URL', one['model']);
    return readAsked(one, `${path}.`);
  });
  const other = asked.findIndex(({ dimensions }) => dimensions !== asked[0]?.dimensions);
  if (other >= 0)
    return failShowing(`requests[${other}].outputDimensionality`, 'the same in all requests', asked[other]?.dimensions);
  return asked;
}

/** What all requests say of what their vectors are for. */
function toAim(asked: readonly Asked[], toField: (name: string) => string): { aim: Aim; dropped: readonly string[] } {
  const [purpose = null] = asked.map((one) => one.purpose);
  const isOne = asked.every((one) => one.purpose?.word === purpose?.word);
  const named = asked.find((one) => one.purpose !== null)?.purpose ?? null;
  const titles = { field: toField('title'), of: asked.map(({ title }) => title) };
  return {
    aim: {
      purpose: isOne && purpose !== null ? { ...purpose, field: toField(purpose.field) } : null,
      titles: titles.of.every((title) => title === null) ? null : titles,
    },
    // Vectors are asked for with one purpose.
    dropped: isOne || named === null ? [] : [named.field],
  };
}

/** Reads a request for the model of its URL. Throws CallerError `invalid_request` naming the field at fault. */
export function parseEmbed(
  json: unknown,
  { model, method }: { model: string; method: EmbedMethod },
): EmbeddingsQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  const isBatch = method === 'batchEmbedContents';
  const asked = isBatch ? readRequests(json, model) : [readAsked(json, '')];
  const dimensions = asked[0]?.dimensions ?? null;
  const { freeway } = json;
  const question = parseEmbeddings({
    model,
    input: asked.map(({ text }) => text),
    ...(dimensions === null ? {} : { dimensions }),
    ...(freeway === undefined ? {} : { freeway }),
  });
  const toField = (name: string): string => (isBatch ? `requests.${name}` : name);
  const { aim, dropped: unlike } = toAim(asked, toField);
  const dropped = new Set([...asked.flatMap((one) => one.dropped), ...unlike]);
  return { ...question, aim, ...(dropped.size === 0 ? {} : { dropped: [...dropped].map(toField) }) };
}

/** Writes the document the caller gets. Usage that nobody knows is left out. */
export const toEmbedWriter =
  (method: EmbedMethod): WriteVectors =>
  ({ vectors, usage }) => {
    const embeddings = vectors.map((values) => ({ values }));
    const tokens = usage?.inputTokens;
    return JSON.stringify({
      ...(method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings }),
      ...(tokens === undefined ? {} : { usageMetadata: { promptTokenCount: tokens } }),
    });
  };
