// Tells the tools of a Responses request in the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import type { Pivot } from './question.ts';
import { toMeant, type Tool } from './tool-names.ts';

/** Adds tools and the choice among them. Tools that only this format's providers carry out are left out. */
export function addTools(pivot: Pivot, { tools: given, tool_choice: choice }: Json): void {
  if (given !== undefined && given !== null && !Array.isArray(given)) return fail('tools', 'an array', given);
  toList(given).forEach((tool, index) => checkTool(pivot, tool, `tools[${index}]`));
  const { tools } = pivot;
  if (tools.length > 0) pivot.body['tools'] = tools.map(toFunction);
  else delete pivot.body['parallel_tool_calls'];
  if (choice !== undefined && choice !== null) addChoice(pivot, choice, { tools, isOffered: toList(given).length > 0 });
}

/** Notes what is left out. Throws CallerError where something is no tool. */
function checkTool(pivot: Pivot, tool: unknown, path: string): void {
  if (!isRecord(tool)) return fail(path, 'an object', tool);
  const { type, name, tools } = tool;
  if (type === 'namespace') {
    if (toText(name) === null) return fail(`${path}.name`, 'a non-empty string', name);
    if (!Array.isArray(tools)) return fail(`${path}.tools`, 'an array', tools);
    return tools.forEach((one, index) => checkTool(pivot, one, `${path}.tools[${index}]`));
  }
  if (type !== 'function' && type !== 'custom') pivot.dropped.add(`tools.${toText(name) ?? String(type)}`);
  else if (toText(name) === null) fail(`${path}.name`, 'a non-empty string', name);
}

function toFunction({ flat, json, takesText, about }: Tool): Json {
  const target = takesText ? toTextTool(flat, json) : toJsonTool(flat, json);
  if (about === null) return { type: 'function', function: target };
  const description = [about, toText(target['description'])].filter((part) => part !== null).join('\n\n');
  return { type: 'function', function: { ...target, description } };
}

const toJsonTool = (name: string, { description, parameters, strict }: Json): Json => ({
  name,
  ...(typeof description === 'string' ? { description } : {}),
  ...(isRecord(parameters) ? { parameters } : {}),
  ...(typeof strict === 'boolean' ? { strict } : {}),
});

/** A tool that takes plain text becomes a function with one argument; the writer turns its calls back. */
function toTextTool(name: string, { description, format }: Json): Json {
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

interface Offer {
  /** Those that are offered to everybody. */
  readonly tools: readonly Tool[];
  /** There are tools at all. */
  readonly isOffered: boolean;
}

function addChoice(pivot: Pivot, choice: unknown, { tools, isOffered }: Offer): void {
  const hasTools = tools.length > 0;
  if (typeof choice === 'string') {
    if (choice !== 'auto' && choice !== 'none' && choice !== 'required')
      return failShowing('tool_choice', 'one of auto, none, required', choice);
    if (hasTools) pivot.body['tool_choice'] = choice;
    else if (choice === 'required' && isOffered) pivot.bound.add('tool_choice');
    return;
  }
  if (!isRecord(choice)) return fail('tool_choice', 'a string or an object', choice);
  const { type, name, mode } = choice;
  if (type === 'function' || type === 'custom') {
    if (toText(name) === null) return fail('tool_choice.name', 'a non-empty string', name);
    const meant = tools.find(toMeant([choice]))?.flat ?? name;
    if (hasTools) pivot.body['tool_choice'] = { type: 'function', function: { name: meant } };
    return;
  }
  // A tool that must be used, and that others do not have.
  if (type !== 'allowed_tools') return void pivot.bound.add('tool_choice');
  // Whoever may not be called is not offered.
  const offered = tools.filter(toMeant(toList(choice['tools']))).map(toFunction);
  if (offered.length === 0) return void delete pivot.body['tools'];
  pivot.body['tools'] = offered;
  pivot.body['tool_choice'] = mode === 'required' ? 'required' : 'auto';
}
