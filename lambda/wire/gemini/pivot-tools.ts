// Tells the tools of a Gemini request in the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import type { Pivot } from './question.ts';
import { toParameters } from './schema.ts';
import { fieldOf } from './words.ts';

/** Adds functions and the choice among them. Tools that only this format's providers run are left out. */
export function addTools(pivot: Pivot, tools: unknown, config: unknown): void {
  const all = readFunctions(pivot, tools);
  if (all.length === 0) return;
  const calling = toRecord(fieldOf(toRecord(config), 'functionCallingConfig'));
  const allowed = new Set(toList(fieldOf(calling, 'allowedFunctionNames')));
  const functions = allowed.size === 0 ? all : all.filter(({ name }) => allowed.has(name));
  pivot.body['tools'] = functions.map((target) => ({ type: 'function', function: target }));
  addChoice(pivot, calling['mode'], functions);
}

function readFunctions(pivot: Pivot, tools: unknown): Json[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) return fail('tools', 'an array', tools);
  return tools.flatMap((tool: unknown, index) => {
    const path = `tools[${index}]`;
    if (!isRecord(tool)) return fail(path, 'an object', tool);
    for (const name of Object.keys(tool))
      if (name !== 'functionDeclarations' && name !== 'function_declarations') pivot.dropped.add(`tools.${name}`);
    return toList(fieldOf(tool, 'functionDeclarations')).map((given, at) =>
      toFunction(given, `${path}.functionDeclarations[${at}]`),
    );
  });
}

function toFunction(given: unknown, path: string): Json {
  if (!isRecord(given)) return fail(path, 'an object', given);
  const name = toText(given['name']) ?? fail(`${path}.name`, 'a non-empty string', given['name']);
  const description = toText(given['description']);
  return {
    name,
    ...(description === null ? {} : { description }),
    parameters: toParameters(given['parameters'], fieldOf(given, 'parametersJsonSchema')),
  };
}

const choices: Readonly<Record<string, string>> = { AUTO: 'auto', ANY: 'required', NONE: 'none', VALIDATED: 'auto' };

function addChoice(pivot: Pivot, mode: unknown, functions: readonly Json[]): void {
  if (mode === undefined || mode === null || mode === 'MODE_UNSPECIFIED') return;
  const word = typeof mode === 'string' ? choices[mode.toUpperCase()] : undefined;
  if (word === undefined)
    return failShowing('toolConfig.functionCallingConfig.mode', 'one of AUTO, ANY, NONE, VALIDATED', mode);
  const [only] = functions;
  pivot.body['tool_choice'] =
    word === 'required' && functions.length === 1 ? { type: 'function', function: { name: only?.['name'] } } : word;
}
