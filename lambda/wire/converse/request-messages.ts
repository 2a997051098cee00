// Tells the messages of the OpenAI chat format in the Converse format.
import { toCallId, toInput } from '../anthropic/render.ts';
import { toFileUrl } from '../file-url.ts';
import { createCallIds, type CallIds } from '../unique-ids.ts';
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';

/** What a request leaves out, and whether its marks of what is worth keeping in a cache are told. */
export interface Notes {
  readonly dropped: Set<string>;
  readonly takesMarks: boolean;
}

interface Told {
  readonly system: readonly Json[];
  readonly messages: readonly Json[];
}

/** One side of the conversation until the other answers. */
interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Json[];
}

/** The longest id the format takes. */
const LONGEST_ID = 64;
const toId = (id: string): string => toCallId(id).slice(-LONGEST_ID);

/** The messages in turns, and what the system says apart. What has no place is noted. */
export function toMessages(given: unknown, notes: Notes): Told {
  const system: Json[] = [];
  const turns: Turn[] = [];
  const add = (role: Turn['role'], blocks: readonly Json[]): void => {
    if (blocks.length === 0) return;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: [...blocks] });
  };
  const ids = createCallIds(toId);
  let lastCall: unknown = '';
  for (const message of toList(given).map(toRecord)) {
    const { role, content } = message;
    if (role === 'system' || role === 'developer') system.push({ content });
    else if (role === 'tool')
      add('user', [
        toResult(ids.result(toText(message['tool_call_id']) ?? ''), content, notes),
        ...toPointsBehind(content, notes),
      ]);
    else if (role === 'function') add('user', [toResult(lastCall, content, notes)]);
    else if (role !== 'assistant') add('user', toBlocks(content, notes));
    else {
      const calls = toCalls(message, turns.length, ids);
      lastCall = toRecord(calls.at(-1)?.['toolUse'])['toolUseId'] ?? lastCall;
      add('assistant', [...toBlocks(content, notes), ...toBlocks(message['refusal'], notes), ...calls]);
    }
  }
  const texts = system.map(({ content }) => textOf(content)).filter((text) => text.trim() !== '');
  const said = texts.join('\n\n');
  // A conversation must begin with somebody's words.
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: [{ text: said === '' ? '.' : said }] });
  const marked = system.flatMap(({ content }) => toBlocks(content, notes));
  const isMarked = marked.some((block) => block['cachePoint'] !== undefined);
  return { system: isMarked ? marked : toTexts(said), messages: turns.map(toTurn) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return toList(content)
    .map((part) => toText(toRecord(part)['text']) ?? '')
    .join('\n');
}

const toTexts = (text: string): Json[] => (text.trim() === '' ? [] : [{ text }]);

function toBlocks(content: unknown, notes: Notes): readonly Json[] {
  if (typeof content === 'string') return toTexts(content);
  return toList(content).flatMap((part) => [...toBlock(toRecord(part), notes), ...toPoints(toRecord(part), notes)]);
}

/** The point that keeps everything before it, where a part is marked so. */
function toPoints({ cache_control: mark }: Json, { dropped, takesMarks }: Notes): Json[] {
  if (!isRecord(mark)) return [];
  if (!takesMarks) dropped.add('cache_control');
  const ttl = toText(mark['ttl']);
  return takesMarks ? [{ cachePoint: { type: 'default', ...(ttl === null ? {} : { ttl }) } }] : [];
}

/** The points behind a result, which may hold none. */
const toPointsBehind = (content: unknown, notes: Notes): Json[] =>
  toList(content).flatMap((part) => toPoints(toRecord(part), notes));

function toBlock(part: Json, notes: Notes): readonly Json[] {
  const { type } = part;
  if (type === 'text' || type === 'refusal') return toTexts(toText(part[type]) ?? '');
  if (type === 'image_url') return toImage(toText(toRecord(part['image_url'])['url']) ?? '', notes);
  const file = toRecord(part['file']);
  const document = type === 'file' ? toDocument(toFileUrl(file), toText(file['filename'])) : null;
  if (document !== null) return [document];
  notes.dropped.add(`messages.content.${String(type)}`);
  return [];
}

const dataUrl = /^data:([^;,]+)[^,]*;base64,/;
const images: ReadonlySet<string> = new Set(['png', 'jpeg', 'gif', 'webp']);

/** A picture must be sent along; of one that lies elsewhere only its address can be told. */
function toImage(url: string, notes: Notes): Json[] {
  const match = dataUrl.exec(url);
  const format = match?.[1]?.replace(/^image\//, '').replace('jpg', 'jpeg') ?? '';
  if (match && images.has(format)) return [{ image: { format, source: { bytes: url.slice(match[0].length) } } }];
  const stored = /^s3:\/\/.*\.(png|jpe?g|gif|webp)$/i.exec(url)?.[1]?.toLowerCase();
  if (stored !== undefined)
    return [{ image: { format: stored.replace('jpg', 'jpeg'), source: { s3Location: { uri: url } } } }];
  notes.dropped.add('messages.content.image_url');
  return match ? [] : [{ text: `[picture at ${url}]` }];
}

const documents: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
};

function toDocument(url: string, filename: string | null): Json | null {
  const match = dataUrl.exec(url);
  const format = documents[match?.[1] ?? ''];
  if (!match || format === undefined) return null;
  // Names may hold little beside letters and digits.
  const plain = (filename ?? '').replace(/\.\w+$/, '').replace(/[^A-Za-z0-9()[\]-]+/g, ' ').trim(); // prettier-ignore
  return {
    document: { format, name: plain === '' ? 'document' : plain, source: { bytes: url.slice(match[0].length) } },
  };
}

/** Pictures among a result stand in it. */
function toResult(id: unknown, content: unknown, notes: Notes): Json {
  const isPlain = toList(content).every((part) => toRecord(part)['type'] === 'text');
  const blocks = toList(content).flatMap((part) => toBlock(toRecord(part), notes));
  return { toolResult: { toolUseId: id, content: isPlain ? [{ text: textOf(content) }] : blocks } };
}

/** The tool calls of a message; an older `function_call` gets an id by its place. */
function toCalls(message: Json, place: number, ids: CallIds): readonly Json[] {
  const calls = toList(message['tool_calls']).map(toRecord);
  const older = message['function_call'];
  const all = calls.length === 0 && isRecord(older) ? [{ id: `call_${place}`, function: older }] : calls;
  return all.map((call) => {
    const { name, arguments: given } = toRecord(call['function']);
    return { toolUse: { toolUseId: ids.call(toText(call['id']) ?? ''), name, input: toInput(toText(given) ?? '') } };
  });
}

/** Documents need words beside them and a name each; an answer begun by the caller may not end in white space. */
function toTurn({ role, content }: Turn, index: number, turns: readonly Turn[]): Json {
  const names = new Map<string, number>();
  const named = content.map((block) => {
    const { document } = block;
    if (!isRecord(document)) return block;
    const name = String(document['name']);
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return count === 1 ? block : { document: { ...document, name: `${name} (${count})` } };
  });
  const isBare = names.size > 0 && !content.some((block) => block['text'] !== undefined);
  const last = named.at(-1);
  const text = toText(last?.['text']);
  if (role === 'assistant' && index === turns.length - 1 && text !== null)
    return { role, content: [...named.slice(0, -1), { text: text.trimEnd() }] };
  return { role, content: isBare ? [...named, { text: 'See the document.' }] : named };
}
