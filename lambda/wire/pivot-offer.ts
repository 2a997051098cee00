// The tools of a chat request as other formats can be told of them: functions, and a choice among all that are offered.
import type { Json } from './json.ts';
import { toList, toRecord, toText } from './json.ts';

const nameOf = (tool: unknown): unknown => toRecord(toRecord(tool)['function'])['name'];

/**
 * Notes where calls were to follow their schemas strictly, for formats that are not told so: their providers refuse whole requests whose
 * strict tools are too many or too large together, by bounds that nobody publishes, or whose model does not know the word.
 */
export function noteStrict({ tools }: Json, dropped: Set<string>): void {
  const isStrict = (tool: unknown): boolean => toRecord(toRecord(tool)['function'])['strict'] === true;
  if (toList(tools).some(isStrict)) dropped.add('tools.function.strict');
}

/** The body with functions alone; the kinds of other tools are added to `dropped`. Of tools to choose among, the others are not offered. */
export function toOffer(body: Json, dropped: Set<string>): Json {
  const { tools: given, tool_choice: choice, ...rest } = body;
  if (given === undefined && choice === undefined) return body;
  const all = toList(given);
  for (const tool of all) {
    const type = toText(toRecord(tool)['type']);
    if (type !== 'function') dropped.add(`tools.${type ?? 'unknown'}`);
  }
  const functions = all.filter((tool) => toRecord(tool)['type'] === 'function');
  const { type, allowed_tools: among } = toRecord(choice);
  if (type !== 'allowed_tools')
    return { ...rest, tools: functions, ...(choice === undefined ? {} : { tool_choice: choice }) };
  const { mode, tools } = toRecord(among);
  const allowed = new Set(toList(tools).map(nameOf));
  const offered = functions.filter((tool) => allowed.has(nameOf(tool)));
  return { ...rest, tools: offered, tool_choice: mode === 'required' ? 'required' : 'auto' };
}
