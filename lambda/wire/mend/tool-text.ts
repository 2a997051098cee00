// Recognises tool calls that a model wrote as text, in the shapes that models are known to write.
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord, toText } from '../json.ts';
import { endOfJson } from './json-text.ts';

/** A call found in text. */
export interface FoundCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** What was written beside the calls, and the calls. */
export interface FoundCalls {
  readonly content: string;
  readonly calls: readonly FoundCall[];
}

/** With one of these a written call begins, wherever it stands. */
export const openers = [
  '<tool_call>',
  '<function_call>',
  '<function=',
  '<invoke name=',
  '<|python_tag|>',
  '<|tool_call_begin|>',
  '<|tool_calls_section_begin|>',
  '[TOOL_CALLS]',
] as const;

const toArguments = (given: unknown): string =>
  typeof given === 'string' && isRecord(parseJson(given)) ? given : JSON.stringify(given ?? {});

/** A call as an object: its name and arguments go by several names. */
function fromObject(value: unknown): FoundCall | null {
  const outer = toRecord(value);
  const inner: Json = isRecord(outer['function']) ? outer['function'] : outer;
  const name = toText(inner['name']) ?? toText(inner['tool']) ?? toText(inner['tool_name']);
  const given = inner['arguments'] ?? inner['parameters'] ?? inner['args'] ?? inner['input'];
  if (name === null || (given === undefined && Object.keys(inner).length > 1)) return null;
  return { name, arguments: toArguments(given) };
}

/** Parameters as elements: values are JSON where they can be read so, and text elsewhere. */
function fromElements(name: string, inside: string): FoundCall {
  const values: Record<string, unknown> = {};
  for (const [, key = '', value = ''] of inside.matchAll(
    /<parameter(?:=| name=")([^">]+)"?>\n?([\s\S]*?)\n?<\/parameter>/g,
  ))
    values[key] = parseJson(value) ?? value;
  return { name, arguments: JSON.stringify(values) };
}

/** A function by its name with JSON or elements inside. */
const fromBody = (name: string, inside: string): FoundCall => {
  const json = parseJson(inside.trim());
  return isRecord(json) ? { name, arguments: JSON.stringify(json) } : fromElements(name, inside);
};

/** One shape: what it looks like, and the calls in it. */
interface Shape {
  readonly pattern: RegExp;
  readonly read: (found: RegExpMatchArray) => readonly (FoundCall | null)[];
}

const fromJson = (text: string): readonly (FoundCall | null)[] => {
  const json = parseJson(text.trim());
  return Array.isArray(json) ? json.map(fromObject) : [fromObject(json)];
};

const shapes: readonly Shape[] = [
  {
    pattern: /<tool_call>\s*<function=([\w.-]+)>([\s\S]*?)(?:<\/function>\s*)?(?:<\/tool_call>|$)/g,
    read: ([, name = '', inside = '']) => [fromBody(name, inside)],
  },
  {
    pattern: /<(tool_call|function_call)>\s*([\s\S]*?)\s*(?:<\/\1>|$)/g,
    read: ([, , inside = '']) => fromJson(inside),
  },
  {
    pattern: /<function=([\w.-]+)>([\s\S]*?)(?:<\/function>|$)/g,
    read: ([, name = '', inside = '']) => [fromBody(name, inside)],
  },
  {
    pattern: /<invoke name="([\w.-]+)">([\s\S]*?)(?:<\/invoke>|$)/g,
    read: ([, name = '', inside = '']) => [fromElements(name, inside)],
  },
  {
    pattern: /<\|python_tag\|>([\s\S]*?)(?:<\|eom_id\|>|<\|eot_id\|>|$)/g,
    read: ([, inside = '']) => fromJson(inside),
  },
  {
    pattern:
      /<\|tool_call_begin\|>\s*(?:functions\.)?([\w.-]+?)(?::\d+)?\s*<\|tool_call_argument_begin\|>([\s\S]*?)(?:<\|tool_call_end\|>|$)/g,
    read: ([, name = '', inside = '']) => [fromBody(name, inside)],
  },
  {
    pattern: /\[TOOL_CALLS\]\s*([\w.-]+)\s*(?:\[ARGS\])?\s*(\{[\s\S]*?\})\s*(?=\[TOOL_CALLS\]|$)/g,
    read: ([, name = '', inside = '']) => [fromBody(name, inside)],
  },
  { pattern: /\[TOOL_CALLS\]\s*(\[[\s\S]*\])/g, read: ([, inside = '']) => fromJson(inside) },
];

/** Marks that stand around calls and say nothing. */
const leftovers =
  /<\|tool_calls_section_(?:begin|end)\|>|<\/?(?:tool_calls|function_calls|antml:function_calls)>|<\|(?:im_end|eot_id|eom_id)\|>/g;

/** A whole answer that is nothing but the JSON of calls, in a fence or not. */
function findBare(text: string): FoundCalls | null {
  const inside = /^```(?:json|tool_call|tool_code)?\s*([\s\S]*?)\s*```$/.exec(text)?.[1] ?? text;
  if (!/^[{[]/.test(inside) || endOfJson(inside, 0) !== inside.length) return null;
  const calls = fromJson(inside).filter((call) => call !== null);
  return calls.length === 0 ? null : { content: '', calls };
}

/** The calls of offered tools that are written in the text; null when there are none, or any names a tool that was not offered. */
export function findCalls(text: string, offered: ReadonlySet<string>): FoundCalls | null {
  const isOffered = ({ calls }: FoundCalls): boolean =>
    calls.length > 0 && calls.every(({ name }) => offered.has(name));
  const bare = findBare(text.trim());
  if (bare !== null) return isOffered(bare) ? bare : null;
  for (const { pattern, read } of shapes) {
    const matches = [...text.matchAll(pattern)];
    const calls = matches.flatMap(read).filter((call) => call !== null);
    const content = text.replace(pattern, '').replace(leftovers, '').trim();
    const found = { content, calls };
    if (isOffered(found)) return found;
  }
  return null;
}
