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

/** A tool's name and group as one key. */
const keyOf = (namespace: string | null, name: unknown): string => JSON.stringify([namespace, name]);

/** All formats take names of this length. */
const LONGEST = 64;

/** One name for what has two. */
export const toFlatName = (namespace: string | null, name: string): string =>
  namespace === null ? name : `${namespace}__${name}`.replaceAll(/[^\w-]/g, '_');

/** Names that are somebody's, and the last number that was given to each that several want. */
interface Taken {
  readonly names: Set<string>;
  readonly numbers: Map<string, number>;
}

/** The name alone, or a shorter one, or one with a number: whichever is nobody else's. */
function toOwn(name: string, { names, numbers }: Taken): string {
  const short = name.slice(0, LONGEST);
  let own = short;
  for (let number = numbers.get(short) ?? 2; names.has(own); number++) {
    const end = `_${number}`;
    own = `${short.slice(0, LONGEST - end.length)}${end}`;
    numbers.set(short, number);
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
  const taken: Taken = { names: new Set(plain.map(({ name }) => String(name))), numbers: new Map() };
  const seen = new Set<string>();
  const list: Tool[] = [];
  const add = (json: Json, namespace: string | null, about: string | null): void => {
    const name = String(json['name']);
    // What was found by a search is found again, and offered once.
    const key = keyOf(namespace, name);
    if (seen.has(key)) return;
    seen.add(key);
    const flat = namespace === null ? name : toOwn(toFlatName(namespace, name), taken);
    taken.names.add(flat);
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

/** Tools by group and name, of each list: asked for with every call. */
const flatNames = new WeakMap<readonly Tool[], ReadonlyMap<string, string>>();

/** What a call of an earlier turn is called elsewhere, as its tool is now where it is still offered. */
export function flatNameOf(tools: readonly Tool[], { namespace, name }: Json): string {
  const group = toText(namespace);
  let known = flatNames.get(tools);
  if (known === undefined) {
    known = new Map(tools.map((tool) => [keyOf(tool.namespace, tool.name), tool.flat]));
    flatNames.set(tools, known);
  }
  return known.get(keyOf(group, name)) ?? toFlatName(group, String(name)).slice(0, LONGEST);
}

/** The names under which a call of this tool is told here. */
export function toCallNames(tools: ToolNames, flat: string): Json {
  const { name = flat, namespace = null } = tools.get(flat) ?? {};
  return { name, ...(namespace === null ? {} : { namespace }) };
}

/** Whether a tool is among those that a request chooses: by their group, by name, or by both. */
export function toMeant(chosen: readonly unknown[]): (tool: Tool) => boolean {
  const groups = new Set<unknown>();
  const names = new Set<unknown>();
  const both = new Set<string>();
  for (const { type, name, namespace } of chosen.map(toRecord)) {
    const group = toText(namespace);
    if (type === 'namespace') groups.add(name);
    else if (group === null) names.add(name);
    else both.add(keyOf(group, name));
  }
  return ({ name, namespace }) =>
    names.has(name) || (namespace !== null && (groups.has(namespace) || both.has(keyOf(namespace, name))));
}
