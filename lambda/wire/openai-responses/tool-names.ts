// The tools of a Responses request, each under one name: other formats know no namespaces, in which agents group those of their MCP servers.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';

/** A tool that is called by whoever asks. */
export interface Tool {
  /** What it is called elsewhere, unlike every other. */
  readonly flat: string;
  /** What it is called here. */
  readonly name: string;
  /** The group in which that is so; null: it is in none. */
  readonly namespace: string | null;
  /** It takes plain text, not JSON. */
  readonly takesText: boolean;
  /** As it was given. */
  readonly json: Json;
  /** What is said of its group, where it is the first of it; else null. */
  readonly about: string | null;
}

/** All formats take names of this length. */
const LONGEST = 64;

/** One name for what has two. */
export const toFlatName = (namespace: string | null, name: string): string =>
  namespace === null ? name : `${namespace}__${name}`.replaceAll(/[^\w-]/g, '_');

/** The name alone, or a shorter one, or one with a number: whichever is nobody else's. */
function toOwn(name: string, taken: ReadonlySet<string>): string {
  let own = name.length > LONGEST ? name.slice(0, LONGEST) : name;
  for (let number = 2; taken.has(own); number++) {
    const end = `_${number}`;
    own = `${name.slice(0, LONGEST - end.length)}${end}`;
  }
  return own;
}

const isCallable = ({ type, name }: Json): boolean =>
  (type === 'function' || type === 'custom') && toText(name) !== null;

/** Where a request offers tools: in its list of them, and in items that add some in the middle of a conversation. */
function offersOf({ tools, input }: Json): unknown[] {
  const items = toList(input).map(toRecord);
  const added = items.filter(({ type }) => type === 'additional_tools' || type === 'tool_search_output');
  return [...toList(tools), ...added.flatMap((item) => toList(item['tools']))];
}

/** All tools that can be called, in their order; what has no name is left out. Those that only this format's providers carry out are none. */
export function listTools(body: Json): readonly Tool[] {
  const given = offersOf(body).filter(isRecord);
  const plain = given.filter(isCallable);
  const taken = new Set(plain.map(({ name }) => String(name)));
  const seen = new Set<string>();
  const list: Tool[] = [];
  const add = (json: Json, namespace: string | null, about: string | null): void => {
    const name = String(json['name']);
    // What was found by a search is found again, and offered once.
    const key = JSON.stringify([namespace, name]);
    if (seen.has(key)) return;
    seen.add(key);
    const flat = namespace === null ? name : toOwn(toFlatName(namespace, name), taken);
    taken.add(flat);
    list.push({ flat, name, namespace, takesText: json['type'] === 'custom', json, about });
  };
  for (const one of given) {
    if (isCallable(one)) add(one, null, null);
    else if (one['type'] === 'namespace')
      toList(one['tools'])
        .filter(isRecord)
        .filter(isCallable)
        .forEach((tool, index) => add(tool, toText(one['name']), index === 0 ? toText(one['description']) : null));
  }
  return list;
}

/** Who is called by a name that other formats know: by that name. */
export type ToolNames = ReadonlyMap<string, Tool>;

/** The tools of a request by their names elsewhere. */
export const toToolNames = (body: Json): ToolNames => new Map(listTools(body).map((tool) => [tool.flat, tool]));

/** What a call of an earlier turn is called elsewhere, as its tool is now where it is still offered. */
export function flatNameOf(tools: readonly Tool[], { namespace, name }: Json): string {
  const group = toText(namespace);
  const known = tools.find((tool) => tool.name === name && tool.namespace === group);
  return known?.flat ?? toFlatName(group, String(name)).slice(0, LONGEST);
}

/** The names under which a call of this tool is told here. */
export function toCallNames(tools: ToolNames, flat: string): Json {
  const { name = flat, namespace = null } = tools.get(flat) ?? {};
  return { name, ...(namespace === null ? {} : { namespace }) };
}

/** The names that a tool is meant by where a request chooses among them. */
export const isMeant = ({ name, namespace }: Tool, chosen: unknown): boolean => {
  const { type, name: wanted, namespace: group } = toRecord(chosen);
  if (type === 'namespace') return namespace !== null && wanted === namespace;
  return wanted === name && (toText(group) === null || group === namespace);
};
