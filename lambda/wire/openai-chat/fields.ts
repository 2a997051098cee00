// Checks the top-level fields of a chat request, and words the errors about them.
import { CallerError } from '#shared/failures.ts';
import type { Json } from '../json.ts';
import { isRecord } from '../json.ts';

interface Check {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** The value is short and harmless by nature, so the error may show it. */
  readonly show?: boolean;
}

const number: Check = { expected: 'a number', accepts: (value) => typeof value === 'number', show: true };
const flag: Check = { expected: 'true or false', accepts: (value) => typeof value === 'boolean', show: true };
const text: Check = { expected: 'a string', accepts: (value) => typeof value === 'string' };
const list: Check = { expected: 'an array', accepts: Array.isArray };
const object: Check = { expected: 'an object', accepts: isRecord };
const integer: Check = { expected: 'an integer', accepts: Number.isInteger, show: true };
const positive: Check = {
  expected: 'a positive integer',
  accepts: (value) => Number.isInteger(value) && Number(value) > 0,
  show: true,
};

/** Fields that are checked when they are given; null counts as not given. */
const checks: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    max_tokens: positive,
    max_completion_tokens: positive,
    n: { expected: '1, because Freeway answers one choice per request', accepts: (value) => value === 1, show: true },
    temperature: number,
    top_p: number,
    frequency_penalty: number,
    presence_penalty: number,
    seed: integer,
    top_logprobs: integer,
    stream: flag,
    logprobs: flag,
    parallel_tool_calls: flag,
    stream_options: object,
    metadata: object,
    logit_bias: object,
    user: text,
    reasoning_effort: text,
    tools: list,
    functions: list,
    models: list,
    stop: { expected: 'a string or an array of strings', accepts: isStop },
    tool_choice: {
      expected: 'a string or an object',
      accepts: (value) => typeof value === 'string' || isRecord(value),
    },
  }),
);

/** Checks every known top-level field but `messages`, `model` and what stands inside tools. */
export function checkFields(body: Json): void {
  for (const name in body) {
    const check = checks.get(name);
    const value = body[name];
    if (check === undefined || value === undefined || value === null || check.accepts(value)) continue;
    (check.show === true ? failShowing : fail)(name, check.expected, value);
  }
  const usage = isRecord(body['stream_options']) ? body['stream_options']['include_usage'] : undefined;
  if (usage !== undefined && usage !== null && typeof usage !== 'boolean') {
    failShowing('stream_options.include_usage', 'true or false', usage);
  }
}

/** Throws the error about one field, naming the type of what was received and never the value. */
export function fail(path: string, expected: string, value: unknown): never {
  return refuse(path, expected, describe(value, false));
}

/** As `fail`, for values that are harmless by nature: short and plain ones are shown. */
export function failShowing(path: string, expected: string, value: unknown): never {
  return refuse(path, expected, describe(value, true));
}

function refuse(path: string, expected: string, received: string): never {
  const message = `${path === '' ? 'The request body' : path}: expected ${expected}; received ${received}.`;
  throw new CallerError('invalid_request', message, path === '' ? {} : { param: path });
}

function describe(value: unknown, show: boolean): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return describeText(value, show);
  return show ? `the ${typeof value} ${String(value)}` : `a ${typeof value}`;
}

function describeText(value: string, show: boolean): string {
  if (value === '') return 'an empty string';
  return show && value.length <= 32 && /^[\w.-]+$/.test(value) ? `"${value}"` : 'a string';
}

function isStop(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'));
}
