// Tells the tools of a Responses request in the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import type { Pivot } from './question.ts';

/** Adds tools and the choice among them. Tools that only this format's providers carry out are left out. */
export function addTools(pivot: Pivot, { tools, tool_choice: choice }: Json): void {
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) return fail('tools', 'an array', tools);
  const functions = toList(tools).flatMap((tool, index) => toFunction(pivot, tool, `tools[${index}]`));
  if (functions.length > 0) pivot.body['tools'] = functions;
  else delete pivot.body['parallel_tool_calls'];
  if (choice !== undefined && choice !== null)
    addChoice(pivot, choice, { hasTools: functions.length > 0, isOffered: toList(tools).length > 0 });
}

function toFunction(pivot: Pivot, tool: unknown, path: string): Json[] {
  if (!isRecord(tool)) return fail(path, 'an object', tool);
  const { type, name, description, parameters, strict } = tool;
  if (type !== 'function' && type !== 'custom') {
    pivot.dropped.add(`tools.${toText(name) ?? String(type)}`);
    return [];
  }
  if (toText(name) === null) return fail(`${path}.name`, 'a non-empty string', name);
  if (type === 'custom') return [{ type: 'function', function: toTextTool(tool) }];
  const target = {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(isRecord(parameters) ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
  return [{ type: 'function', function: target }];
}

/** A tool that takes plain text becomes a function with one argument; the writer turns its calls back. */
function toTextTool({ name, description, format }: Json): Json {
  const { syntax, definition } = toRecord(format);
  const grammar =
    toText(definition) === null ? [] : [`The input must follow this ${String(syntax)} grammar:\n${String(definition)}`];
  const text = [toText(description), ...grammar].filter((part) => part !== null).join('\n\n');
  const input = { type: 'string', description: 'The whole input of the tool, as plain text.' };
  return {
    name,
    ...(text === '' ? {} : { description: text }),
    parameters: { type: 'object', properties: { input }, required: ['input'], additionalProperties: false },
  };
}

/** Names of the tools that take plain text. */
export function textToolsOf(body: Json): ReadonlySet<string> {
  const custom = toList(body['tools'])
    .map(toRecord)
    .filter(({ type }) => type === 'custom');
  return new Set(custom.map(({ name }) => String(name)));
}

interface Offer {
  /** Some are functions, which are offered to everybody. */
  readonly hasTools: boolean;
  /** There are tools at all. */
  readonly isOffered: boolean;
}

function addChoice(pivot: Pivot, choice: unknown, { hasTools, isOffered }: Offer): void {
  if (typeof choice === 'string') {
    if (choice !== 'auto' && choice !== 'none' && choice !== 'required')
      return failShowing('tool_choice', 'one of auto, none, required', choice);
    if (hasTools) pivot.body['tool_choice'] = choice;
    else if (choice === 'required' && isOffered) pivot.bound.add('tool_choice');
    return;
  }
  if (!isRecord(choice)) return fail('tool_choice', 'a string or an object', choice);
  const { type, name, mode, tools } = choice;
  if (type === 'function' || type === 'custom') {
    if (toText(name) === null) return fail('tool_choice.name', 'a non-empty string', name);
    if (hasTools) pivot.body['tool_choice'] = { type: 'function', function: { name } };
    return;
  }
  // A tool that must be used, and that others do not have.
  if (type !== 'allowed_tools') return void pivot.bound.add('tool_choice');
  // Whoever may not be called is not offered.
  const allowed = new Set(toList(tools).map((tool) => toRecord(tool)['name']));
  const offered = toList(pivot.body['tools']).filter((tool) =>
    allowed.has(toRecord(toRecord(tool)['function'])['name']),
  );
  if (offered.length === 0) return void delete pivot.body['tools'];
  pivot.body['tools'] = offered;
  pivot.body['tool_choice'] = mode === 'required' ? 'required' : 'auto';
}
