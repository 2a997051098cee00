// Tells tools of the OpenAI chat format in the Converse format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';

/** The format demands an object at the top. */
const toSchema = (parameters: unknown): Json => ({
  json: { type: 'object', ...(isRecord(parameters) ? parameters : { properties: {} }) },
});

function toSpecs(body: Json): readonly Json[] {
  const functions = toList(body['tools'])
    .filter((tool) => toRecord(tool)['type'] === 'function')
    .map((tool) => toRecord(toRecord(tool)['function']));
  return [...functions, ...toList(body['functions']).map(toRecord)].map(({ name, description, parameters }) => ({
    toolSpec: {
      name,
      ...(toText(description) === null ? {} : { description }),
      inputSchema: toSchema(parameters),
    },
  }));
}

/** Names of the tools that were called in the conversation. */
function calledIn(messages: readonly Json[]): readonly string[] {
  const blocks = messages.flatMap((message) => toList(message['content']).map(toRecord));
  const names = blocks.map((block) => toText(toRecord(block['toolUse'])['name'])).filter((name) => name !== null);
  return [...new Set(names)];
}

/** The tools and the choice among them; null when there are none. Calls in the conversation demand that tools are named. */
export function toToolConfig(body: Json, messages: readonly Json[], dropped: Set<string>): Json | null {
  const choice = body['tool_choice'] ?? body['function_call'];
  const called = calledIn(messages);
  const specs = choice === 'none' && called.length === 0 ? [] : toSpecs(body);
  if (specs.length === 0) {
    const stubs = called.map((name) => ({ toolSpec: { name, inputSchema: toSchema(null) } }));
    return stubs.length === 0 ? null : { tools: stubs };
  }
  // The format has no words for these.
  if (choice === 'none') dropped.add('tool_choice');
  if (body['parallel_tool_calls'] === false) dropped.add('parallel_tool_calls');
  const named = toText(toRecord(toRecord(choice)['function'])['name']) ?? toText(toRecord(choice)['name']);
  if (named !== null) return { tools: specs, toolChoice: { tool: { name: named } } };
  return { tools: specs, ...(choice === 'required' || choice === 'any' ? { toolChoice: { any: {} } } : {}) };
}
