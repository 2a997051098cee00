// Checks a request for embeddings and writes it for a provider.
import type { Model } from '#shared/catalog.ts';
import type { Json } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { readPlain, renderPlain, type PlainQuestion } from '../plain.ts';
import type { RequestTarget } from '../types.ts';
import { renderAimed, toWay } from './aimed.ts';
import { aimFields, readAim, type Aim } from './purpose.ts';

/** What OpenAI takes in one request. */
export const MOST_INPUTS = 2_048;

/** A text, or its tokens. */
export type Input = string | readonly number[];

/** Some of the inputs: from the one at `start` to that before `end`. */
export interface InputSpan {
  readonly start: number;
  readonly end: number;
}

/** A request for embeddings. */
export interface EmbeddingsQuestion extends PlainQuestion {
  /** One vector is due for each. */
  readonly inputs: readonly Input[];
  /** Tokens that came as numbers, of all inputs together. */
  readonly givenTokens: number;
  /** The longest input that came as numbers, tokens. */
  readonly longestGiven: number;
  /** The length of vectors asked for; null: as the model makes them. */
  readonly dimensions: number | null;
  readonly encoding: 'float' | 'base64';
  readonly aim: Aim;
}

const isTokens = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token) && Number(token) >= 0);

function readOne(value: unknown, path: string): Input {
  if (typeof value === 'string' && value !== '') return value;
  return isTokens(value) ? (value as readonly number[]) : fail(path, 'a non-empty string or an array of tokens', value);
}

function readInputs(body: Json): readonly Input[] {
  const { input } = body;
  if (!Array.isArray(input) || isTokens(input)) return [readOne(input, 'input')];
  if (input.length === 0 || input.length > MOST_INPUTS)
    return fail('input', `a string, or an array of 1 to ${MOST_INPUTS} strings`, input);
  return input.map((one, index) => readOne(one, `input[${index}]`));
}

function readDimensions({ dimensions }: Json): number | null {
  if (dimensions === undefined || dimensions === null) return null;
  if (Number.isInteger(dimensions) && Number(dimensions) > 0) return Number(dimensions);
  return failShowing('dimensions', 'a positive integer', dimensions);
}

function readEncoding({ encoding_format: format }: Json): 'float' | 'base64' {
  if (format === undefined || format === null) return 'float';
  return format === 'float' || format === 'base64'
    ? format
    : failShowing('encoding_format', 'one of float, base64', format);
}

const isText = (input: Input): input is string => typeof input === 'string';

/** What is known of the inputs together. */
function toMeasures(inputs: readonly Input[]): Pick<EmbeddingsQuestion, 'inputs' | 'givenTokens' | 'longestGiven'> {
  const given = inputs.flatMap((input) => (isText(input) ? [] : [input.length]));
  return { inputs, givenTokens: given.reduce((sum, length) => sum + length, 0), longestGiven: Math.max(0, ...given) };
}

/** Reads a request. Throws CallerError `invalid_request` naming the field at fault. */
export function parseEmbeddings(json: unknown): EmbeddingsQuestion {
  let inputs: readonly Input[] = [];
  const plain = readPlain(json, (body) => (inputs = readInputs(body)).filter(isText));
  return {
    ...plain,
    body: Object.fromEntries(Object.entries(plain.body).filter(([name]) => !aimFields.has(name))),
    ...toMeasures(inputs),
    dimensions: readDimensions(plain.body),
    encoding: readEncoding(plain.body),
    aim: readAim(plain.body, inputs.length),
  };
}

/** The same question of some of its inputs, from the one at `start` to that before `end`. */
export function sliceEmbeddings(question: EmbeddingsQuestion, { start, end }: InputSpan): EmbeddingsQuestion {
  const input = question.inputs.slice(start, end);
  const texts = input.filter(isText).map((text) => ({ role: 'user' as const, text }));
  const { purpose, titles } = question.aim;
  const aim = { purpose, titles: titles && { ...titles, of: titles.of.slice(start, end) } };
  return { ...question, ...toMeasures(input), texts, aim, body: { ...question.body, input } };
}

/**
 * The request to one target. Vectors are always asked for as plain numbers, which everybody can send. Where as many numbers are asked for
 * as the model's own vectors have, nobody needs to be told.
 */
export function renderEmbeddings(question: EmbeddingsQuestion, target: RequestTarget, model: Model): string {
  const { aimed, told } = toWay(question, target, model);
  const isNative = question.dimensions === null || question.dimensions === model.dimensions;
  const dimensions = isNative ? null : question.dimensions;
  if (aimed !== null) return renderAimed(question, aimed, { model: target.model, told, dimensions });
  return renderPlain(
    question,
    { ...target, stripped: target.stripped.filter((field) => field !== 'dimensions') },
    { encoding_format: undefined, ...(isNative ? { dimensions: undefined } : {}), ...told.fields },
  );
}
