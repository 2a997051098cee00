// Retells what the system says between messages (words, an effort, changes of the tools) for whoever takes none of it there.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { appliesTo } from '../openai-chat/quirks.ts';
import type { RequestTarget } from '../types.ts';

/** What may stand between messages. */
export interface Midway {
  /** Messages of the system: words, and tools that come and go. */
  readonly system: boolean;
  /** How hard to think from there on (`output_config`). */
  readonly effort: boolean;
}

/** As most formats have it. */
export const nothingMidway: Midway = { system: false, effort: false };

/** What the target takes between messages; most take nothing. */
export function takesMidway({ quirks, model }: Pick<RequestTarget, 'quirks' | 'model'>): Midway {
  const taken = new Set(
    quirks.flatMap((quirk) => (quirk.kind === 'midway' && appliesTo(quirk, model) ? quirk.takes : [])),
  );
  return { system: taken.has('system'), effort: taken.has('effort') };
}

const isSystem = (message: unknown): message is Json => isRecord(message) && message['role'] === 'system';
const toBlocks = (content: unknown): readonly unknown[] =>
  typeof content === 'string' ? (content === '' ? [] : [{ type: 'text', text: content }]) : toList(content);

/** The body without what `takes` leaves out, all of it told elsewhere in the body; the same body where there is nothing to retell. */
export function retellMidway(body: Json, takes: Midway): Json {
  const messages = toList(body['messages']);
  if ((takes.system && takes.effort) || !messages.some(isSystem)) return body;
  const efforts = takes.effort ? [] : messages.map((message) => (isSystem(message) ? effortOf(message) : null));
  const effort = efforts.findLast((one) => one !== null) ?? null;
  const told = effort === null ? body : { ...body, output_config: { ...toRecord(body['output_config']), effort } };
  return takes.system ? { ...told, messages: messages.flatMap(withoutEffort) } : withoutSystem(told, messages);
}

const effortOf = (message: Json): string | null => toText(toRecord(message['output_config'])['effort']);

function withoutEffort(message: unknown): unknown[] {
  if (!isSystem(message) || message['output_config'] === undefined) return [message];
  const { output_config: _, ...rest } = message;
  return toBlocks(rest['content']).length === 0 ? [] : [rest];
}

/** A conversation as it grows without messages of the system. */
interface Retold {
  readonly messages: unknown[];
  /** What was said before anybody else spoke. */
  readonly first: unknown[];
  /** What was said behind an answer, for the next message of the user: results of tools must come first there. */
  waiting: unknown[];
}

function withoutSystem(body: Json, messages: readonly unknown[]): Json {
  const retold: Retold = { messages: [], first: [], waiting: [] };
  const lastUser = messages.findLastIndex((message) => toRecord(message)['role'] === 'user');
  messages.forEach((message, index) => {
    if (!isSystem(message)) return addTurn(retold, message);
    // Words for one turn alone are over with the next one.
    const isOver = message['clear_at'] === 'next_user_message' && index < lastUser;
    addWords(
      retold,
      toBlocks(message['content']).flatMap((block) => toWords(block, isOver)),
    );
  });
  addTurn(retold, null);
  const system = retold.first.length === 0 ? {} : { system: [...toBlocks(body['system']), ...retold.first] };
  return { ...body, ...system, ...toTools(body, messages), messages: retold.messages };
}

const withWords = (message: Json, words: readonly unknown[]): Json => ({
  ...message,
  content: [...toBlocks(message['content']), ...words],
});

function addWords(retold: Retold, words: readonly unknown[]): void {
  if (words.length === 0) return;
  const last = retold.messages.at(-1);
  if (last === undefined) retold.first.push(...words);
  else if (isRecord(last) && last['role'] === 'user')
    retold.messages.splice(-1, 1, withWords(last, words.map(toMarked)));
  else retold.waiting.push(...words.map(toMarked));
}

/** Adds a message; null: there are no more. */
function addTurn(retold: Retold, message: unknown): void {
  const { messages, waiting } = retold;
  const takesWords = isRecord(message) && message['role'] === 'user';
  if (waiting.length > 0 && !takesWords) messages.push({ role: 'user', content: waiting });
  if (message !== null) messages.push(takesWords && waiting.length > 0 ? withWords(message, waiting) : message);
  retold.waiting = [];
}

/** Among the words of a user, those of the system are marked. */
function toMarked(block: unknown): unknown {
  const { text } = toRecord(block);
  return typeof text === 'string'
    ? { ...toRecord(block), text: `<system-reminder>\n${text}\n</system-reminder>` }
    : block;
}

/** A block as words; one that is neither words nor a change of the tools stays as it is, to be refused by name. */
function toWords(block: unknown, isOver: boolean): unknown[] {
  const { type, tool, cache_control: mark } = toRecord(block);
  const name = toolOf(tool);
  if (name === null || !isChange(toRecord(block))) return isOver ? [] : [block];
  const text =
    type === 'tool_addition' ? `The tool ${name} can be called now.` : `The tool ${name} can't be called any more.`;
  return [{ type: 'text', text, ...(mark === undefined ? {} : { cache_control: mark }) }];
}

const isChange = ({ type }: Json): boolean => type === 'tool_addition' || type === 'tool_removal';
/** How changes name tools of the request itself; others are those of servers. */
const ownTools = new Set(['tool_reference', 'tool_definition']);

/** The name of the tool (or of the server with tools) that comes or goes. */
function toolOf(tool: unknown): string | null {
  const { name, server_name: server, mcp_server_name: ofServer, definition } = toRecord(tool);
  return [name, toRecord(definition)['name'], server, ofServer].map(toText).find((one) => one !== null) ?? null;
}

/** The tools as the last change leaves them: whoever takes no changes is told of none that has gone, and of none as to come. */
function toTools(body: Json, messages: readonly unknown[]): Json {
  const changes = messages
    .filter(isSystem)
    .flatMap((message) => toBlocks(message['content']).map(toRecord))
    .filter((block) => isChange(block) && ownTools.has(String(toRecord(block['tool'])['type'])));
  if (changes.length === 0) return {};
  const tools = new Map(toList(body['tools']).map((tool) => [toRecord(tool)['name'] ?? tool, tool] as const));
  const gone = new Set<unknown>();
  for (const { type, tool } of changes) {
    const name = toolOf(tool);
    const isAdded = type === 'tool_addition';
    const { defer_loading: _, ...known } = toRecord(toRecord(tool)['definition'] ?? tools.get(name));
    if (isAdded) gone.delete(name);
    else gone.add(name);
    if (isAdded && toText(known['name']) !== null) tools.set(name, known);
  }
  const left = [...tools].flatMap(([name, tool]) => (gone.has(name) ? [] : [tool]));
  // Calls of earlier answers are refused beside no tools at all.
  return { tools: left.length === 0 ? [...tools.values()] : left };
}
