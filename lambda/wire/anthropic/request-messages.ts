// Tells the messages of the OpenAI chat format in the Anthropic format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { signatureOf } from '../signatures.ts';
import { createCallIds, type CallIds } from '../unique-ids.ts';
import { decodeText } from '../base64.ts';
import { toFileUrl, typeOfAddress } from '../file-url.ts';
import { toKept, toRouted } from './kept.ts';
import { isMarked } from './pivot-marks.ts';
import { toCallId, toInput } from './render.ts';

interface Told {
  /** Blocks where some of it is marked as worth keeping in a cache. */
  readonly system: string | readonly Json[];
  readonly messages: readonly Json[];
}

/** One side of the conversation until the other answers. */
interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Json[];
}

/** The messages in turns, and what the system says apart. What has no place is added to `dropped`. */
export function toMessages(given: unknown, dropped: Set<string>): Told {
  const system: Json[] = [];
  const turns: Turn[] = [];
  const add = (role: Turn['role'], blocks: readonly Json[]): void => {
    if (blocks.length === 0) return;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: [...blocks] });
  };
  const ids = createCallIds(toCallId);
  let lastCall = '';
  for (const message of toList(given).map(toRecord)) {
    const { role, content } = message;
    if (role === 'system' || role === 'developer') system.push({ content });
    else if (role === 'tool')
      add('user', [toResult(ids.result(toText(message['tool_call_id']) ?? ''), content, dropped)]);
    else if (role === 'function') add('user', [toResult(lastCall, content, dropped)]);
    else if (role !== 'assistant') add('user', toBlocks(content, dropped));
    else {
      const calls = toCalls(message, turns.length, ids);
      const blocks = calls.flat();
      lastCall = toText(blocks.at(-1)?.['id']) ?? lastCall;
      // An answer begins with its thoughts.
      const thoughts = blocks.splice(0, Math.max(0, (calls[0]?.length ?? 0) - 1));
      add('assistant', [
        ...(thoughts.length === 0 && calls.length > 0 ? toRouted(message) : thoughts),
        ...toBlocks(content, dropped),
        ...toBlocks(message['refusal'], dropped),
        ...blocks,
      ]);
    }
  }
  trimEnd(turns.at(-1));
  const texts = system.map(({ content }) => textOf(content)).filter((text) => text !== '');
  const said = texts.join('\n\n');
  // A conversation must begin with somebody's words.
  if (turns[0]?.role !== 'user')
    turns.unshift({ role: 'user', content: [{ type: 'text', text: said === '' ? '.' : said }] });
  const marked = system.flatMap(({ content }) => toBlocks(content, dropped));
  return {
    system: marked.some(isMarked) ? marked : said,
    messages: turns.map(({ role, content }) => ({ role, content })),
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return toList(content)
    .map((part) => toText(toRecord(part)['text']) ?? '')
    .join('\n');
}

const toTextBlocks = (text: string): Json[] => (text.trim() === '' ? [] : [{ type: 'text', text }]);

function toBlocks(content: unknown, dropped: Set<string>): readonly Json[] {
  if (typeof content === 'string') return toTextBlocks(content);
  return toList(content).flatMap((part) => toBlock(toRecord(part), dropped));
}

function toBlock(part: Json, dropped: Set<string>): readonly Json[] {
  const { type } = part;
  const mark = isMarked(part) ? { cache_control: part['cache_control'] } : {};
  if (type === 'text' || type === 'refusal')
    return toTextBlocks(toText(part[type]) ?? '').map((block) => ({ ...block, ...mark }));
  if (type === 'image_url') {
    const url = toText(toRecord(part['image_url'])['url']) ?? '';
    return [{ type: 'image', source: toSource(url) ?? { type: 'url', url }, ...mark }];
  }
  const document = type === 'file' ? toDocument(toRecord(part['file'])) : null;
  if (document !== null) return [{ ...document, ...mark }];
  dropped.add(`messages.content.${String(type)}`);
  return [];
}

interface Source {
  readonly type: 'base64';
  readonly media_type: string;
  readonly data: string;
}

/** The source of a data URL; null when it is none. */
function toSource(url: string): Source | null {
  const match = /^data:([^;,]+)[^,]*;base64,/.exec(url);
  return match ? { type: 'base64', media_type: match[1] ?? '', data: url.slice(match[0].length) } : null;
}

const texts = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript)$)/;

/** The block of a file; null when the format has none for it. Documents are PDFs, or text that is told as such. */
function toDocument(file: Json): Json | null {
  const { filename, file_url: url } = file;
  const source = toSource(toFileUrl(file));
  const title = toText(filename) === null ? {} : { title: filename };
  if (toText(url) !== null)
    return typeOfAddress(file) === 'application/pdf'
      ? { type: 'document', source: { type: 'url', url }, ...title }
      : null;
  if (source === null) return null;
  if (source.media_type === 'application/pdf') return { type: 'document', source, ...title };
  if (source.media_type.startsWith('image/')) return { type: 'image', source };
  const data = texts.test(source.media_type) ? decodeText(source.data) : null;
  return data === null
    ? null
    : { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title };
}

/** Pictures among a result stand in it. */
function toResult(id: string, content: unknown, dropped: Set<string>): Json {
  const isPlain = toList(content).every((part) => toRecord(part)['type'] === 'text');
  return { type: 'tool_result', tool_use_id: id, content: isPlain ? textOf(content) : toBlocks(content, dropped) };
}

/** The tool calls of a message, each behind the thoughts that it is signed with; an older `function_call` gets an id by its place. */
function toCalls(message: Json, place: number, ids: CallIds): readonly (readonly Json[])[] {
  const calls = toList(message['tool_calls']).map(toRecord);
  const older = message['function_call'];
  const all = calls.length === 0 && isRecord(older) ? [{ id: `call_${place}`, function: older }] : calls;
  return all.map((call) => {
    const { name, arguments: given } = toRecord(call['function']);
    const use = { type: 'tool_use', id: ids.call(toText(call['id']) ?? ''), name, input: toInput(toText(given) ?? '') };
    return [...toKept(signatureOf(call)), use];
  });
}

/** An answer begun by the caller may not end in white space. */
function trimEnd(turn: Turn | undefined): void {
  const last = turn?.content.at(-1);
  if (turn?.role !== 'assistant' || last?.['type'] !== 'text') return;
  turn.content[turn.content.length - 1] = { ...last, text: String(last['text']).trimEnd() };
}
