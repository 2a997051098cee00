// Tells the tools of a Messages request in the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { markOf } from './pivot-marks.ts';
import type { Pivot } from './question.ts';

/** Adds tools and the choice among them. Tools that only this format's providers know are left out. */
export function addTools(pivot: Pivot, { tools, tool_choice: choice }: Json): void {
  const functions = readTools(pivot, tools);
  if (functions.length > 0) pivot.body['tools'] = functions;
  if (choice !== undefined && choice !== null) addChoice(pivot, choice, { offered: toList(tools), functions });
}

function readTools(pivot: Pivot, tools: unknown): Json[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) return fail('tools', 'an array', tools);
  return tools.flatMap((tool: unknown, index) => {
    const path = `tools[${index}]`;
    if (!isRecord(tool)) return fail(path, 'an object', tool);
    const name = toText(tool['name']);
    if (tool['type'] !== undefined && tool['type'] !== null && tool['type'] !== 'custom') {
      pivot.dropped.add(`tools.${name ?? String(tool['type'])}`);
      return [];
    }
    if (name === null) return fail(`${path}.name`, 'a non-empty string', tool['name']);
    // What is marked behind the tools holds them, too.
    markOf(pivot, tool);
    const { description, input_schema: parameters, strict } = tool;
    if (!isRecord(parameters)) return fail(`${path}.input_schema`, 'a JSON Schema object', parameters);
    const target = {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters,
      ...(strict === true ? { strict } : {}),
    };
    return [{ type: 'function', function: target }];
  });
}

const choices: Readonly<Record<string, string>> = { auto: 'auto', any: 'required', none: 'none' };

interface Offer {
  /** All tools of the request. */
  readonly offered: readonly unknown[];
  /** Those that are offered to everybody. */
  readonly functions: readonly Json[];
}

/** Whether a tool must be used that only this format's providers know. */
function isBound({ type, name }: Json, { offered, functions }: Offer): boolean {
  if (type === 'any') return functions.length === 0 && offered.length > 0;
  const named = (tool: unknown): boolean => toRecord(tool)['name'] === name;
  return type === 'tool' && offered.some(named) && !functions.some((tool) => named(tool['function']));
}

function addChoice(pivot: Pivot, choice: unknown, offer: Offer): void {
  if (!isRecord(choice)) return fail('tool_choice', 'an object', choice);
  const { type, name, disable_parallel_tool_use: isSingle } = choice;
  const word = typeof type === 'string' && Object.hasOwn(choices, type) ? choices[type] : undefined;
  if (word === undefined && type !== 'tool')
    return failShowing('tool_choice.type', 'one of auto, any, tool, none', type);
  if (word === undefined && toText(name) === null) return fail('tool_choice.name', 'a non-empty string', name);
  if (isBound(choice, offer)) return void pivot.bound.add('tool_choice');
  // A choice among tools nobody was told of is refused by most.
  if (offer.functions.length === 0) return;
  pivot.body['tool_choice'] = word ?? { type: 'function', function: { name } };
  if (isSingle === true) pivot.body['parallel_tool_calls'] = false;
}
