// Tells tools and schemas of the OpenAI chat format in the Anthropic format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';

/** The tools of a body, older `functions` among them. */
export function toTools(body: Json): readonly Json[] {
  const functions = toList(body['tools'])
    .filter((tool) => toRecord(tool)['type'] === 'function')
    .map((tool) => toRecord(toRecord(tool)['function']));
  return [...functions, ...toList(body['functions']).map(toRecord)].map(({ name, description, parameters }) => ({
    name,
    ...(toText(description) === null ? {} : { description }),
    input_schema: toSchema(parameters),
  }));
}

/** The format demands an object at the top. */
function toSchema(parameters: unknown): Json {
  return { type: 'object', ...(isRecord(parameters) ? parameters : { properties: {} }) };
}

const choices: Readonly<Record<string, string>> = { auto: 'auto', required: 'any', any: 'any', none: 'none' };

/** The choice among them; null when it is left to the model. */
export function toChoice(body: Json): Json | null {
  const choice = body['tool_choice'] ?? body['function_call'];
  const isSingle = body['parallel_tool_calls'] === false ? { disable_parallel_tool_use: true } : {};
  const named = toText(toRecord(toRecord(choice)['function'])['name']) ?? toText(toRecord(choice)['name']);
  if (named !== null) return { type: 'tool', name: named, ...isSingle };
  const type = typeof choice === 'string' ? choices[choice] : undefined;
  if (type === 'none') return { type };
  if (type === undefined && Object.keys(isSingle).length === 0) return null;
  return { type: type ?? 'auto', ...isSingle };
}

/** Where schemas stand inside a schema: one each, several by name, or in a list. */
const single = ['items', 'not', 'additionalItems', 'contains'] as const;
const named = ['properties', '$defs', 'definitions'] as const;
const listed = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const;

/** The schema with every object closed, as the format demands of answers. */
export function closeSchema(schema: Json): Json {
  const next: Record<string, unknown> = { ...schema };
  for (const name of single) if (isRecord(next[name])) next[name] = closeSchema(toRecord(next[name]));
  for (const name of listed)
    if (Array.isArray(next[name]))
      next[name] = toList(next[name]).map((one) => (isRecord(one) ? closeSchema(one) : one));
  for (const name of named) {
    if (!isRecord(next[name])) continue;
    const entries = Object.entries(toRecord(next[name]));
    next[name] = Object.fromEntries(entries.map(([key, one]) => [key, isRecord(one) ? closeSchema(one) : one]));
  }
  if (next['type'] === 'object' || isRecord(next['properties'])) next['additionalProperties'] = false;
  return next;
}
