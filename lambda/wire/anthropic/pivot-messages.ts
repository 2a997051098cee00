// Tells the messages of a Messages request in the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { fromSeal } from '../seals.ts';
import { toExtra } from '../signatures.ts';
import { isMarked, markOf, withMark } from './pivot-marks.ts';
import type { Pivot } from './question.ts';

/** Adds all messages. Throws CallerError naming the field at fault. */
export function addMessages(pivot: Pivot, messages: unknown): void {
  if (!Array.isArray(messages) || messages.length === 0) return fail('messages', 'a non-empty array', messages);
  const summary = findSummary(messages);
  if (summary !== null) pivot.messages.push({ role: 'user', content: summary.text });
  messages.forEach((message: unknown, index) => {
    if (index < (summary?.message ?? 0)) return;
    const from = index === summary?.message ? summary.block + 1 : 0;
    addMessage(pivot, message, { path: `messages[${index}]`, from });
  });
  if (pivot.messages.length === 0) fail('messages[0].content', 'a string or a block that says something', []);
}

/** A summary that stands for all that was said before its block. */
interface Summary {
  readonly text: string;
  readonly message: number;
  readonly block: number;
}

/** The last summary by which the provider has shortened the conversation; null: there is none that came to be. */
function findSummary(messages: readonly unknown[]): Summary | null {
  for (let message = messages.length - 1; message >= 0; message -= 1) {
    const blocks = toList(toRecord(messages[message])['content']).map(toRecord);
    const block = blocks.findLastIndex(({ type, content }) => type === 'compaction' && toText(content) !== null);
    const said = toText(blocks[block]?.['content']);
    if (said !== null) return { text: `Summary of the conversation before:\n${said}`, message, block };
  }
  return null;
}

/**
 * Looks at what the system says between messages before it is retold elsewhere, where what can't be read would be missing without a word. Throws
 * CallerError naming the field at fault.
 */
export function checkMidway(messages: unknown): void {
  toList(messages).forEach((message, at) => {
    const { role, content, output_config: config } = toRecord(message);
    if (role !== 'system' || typeof content === 'string' || (content === undefined && isRecord(config))) return;
    const blocks = toBlocks(content, `messages[${at}]`);
    blocks.forEach((block, index) => block['type'] === 'text' && textOf(block, `messages[${at}].content[${index}]`));
  });
}

function toBlocks(content: unknown, path: string): readonly Json[] {
  if (!Array.isArray(content)) return fail(`${path}.content`, 'a string or an array of blocks', content);
  return content.map((block: unknown, index) =>
    isRecord(block) ? block : fail(`${path}.content[${index}]`, 'an object', block),
  );
}

/** The blocks of a message, of which those before `from` are left out. */
interface Said {
  readonly path: string;
  readonly blocks: readonly Json[];
  readonly from: number;
}

/** Adds a message, from one of its blocks on. */
function addMessage(pivot: Pivot, message: unknown, { path, from }: { path: string; from: number }): void {
  if (!isRecord(message)) return fail(path, 'an object', message);
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant') return failShowing(`${path}.role`, 'user or assistant', role);
  if (typeof content === 'string') return void pivot.messages.push({ role, content });
  const blocks = toBlocks(content, path);
  const said = { path, blocks, from };
  if (role === 'assistant') addAssistant(pivot, said);
  else addUser(pivot, said);
}

function textOf(block: Json, path: string): string {
  const { text } = block;
  return typeof text === 'string' ? text : fail(`${path}.text`, 'a string', text);
}

/** Blocks of earlier answers that matter to nobody else. */
const ofOthers = /^(server_tool_use|.*_tool_result|redacted_thinking|thinking|fallback|compaction|container_upload)$/;

function addAssistant(pivot: Pivot, { blocks, path, from }: Said): void {
  const calls: Json[] = [];
  let content = '';
  let thought = '';
  let mark: Json = {};
  let signature: string | null = null;
  blocks.forEach((block, index) => {
    if (index < from) return;
    const at = `${path}.content[${index}]`;
    const { type, id, name, input, data } = block;
    mark = { ...mark, ...markOf(pivot, block) };
    if (type === 'thinking') thought += toText(block['thinking']) ?? '';
    if (type === 'text') content += textOf(block, at);
    else if (type === 'tool_use') {
      if (toText(id) === null) return fail(`${at}.id`, 'a non-empty string', id);
      if (toText(name) === null) return fail(`${at}.name`, 'a non-empty string', name);
      const call = { name, arguments: JSON.stringify(input ?? {}) };
      calls.push({ id, type: 'function', function: call, ...toExtra(signature) });
      signature = null;
    } else if (type === 'redacted_thinking' && fromSeal(data) !== null) signature = fromSeal(data);
    else if (ofOthers.test(String(type))) pivot.dropped.add(`messages.content.${String(type)}`);
    else pivot.bound.add(at);
  });
  // A message of nothing but what was left out leaves nothing to say.
  if (content === '' && calls.length === 0) return;
  pivot.messages.push({
    role: 'assistant',
    content: content === '' ? null : isMarked(mark) ? [{ type: 'text', text: content, ...mark }] : content,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  });
}

/** Results of tools become messages of their own, before everything else the message says. */
function addUser(pivot: Pivot, { blocks, path, from }: Said): void {
  const parts: Json[] = [];
  blocks.forEach((block, index) => {
    if (index < from) return;
    const at = `${path}.content[${index}]`;
    if (block['type'] === 'tool_result') parts.push(...addResult(pivot, block, at));
    else parts.push(...withMark(pivot, block, toParts(pivot, block, at)));
  });
  const onlyText = parts.every((part) => part['type'] === 'text' && !isMarked(part));
  const [first] = parts;
  if (first === undefined) return;
  const content = onlyText && parts.length === 1 ? first['text'] : parts;
  pivot.messages.push({ role: 'user', content });
}

/** Adds the message of a tool's result. Answers what such a message can't hold: pictures. */
function addResult(pivot: Pivot, block: Json, path: string): Json[] {
  const { tool_use_id: id, content, is_error: isError } = block;
  if (toText(id) === null) return fail(`${path}.tool_use_id`, 'a non-empty string', id);
  const blocks = Array.isArray(content) ? content.map(toRecord) : [{ type: 'text', text: content ?? '' }];
  const parts = blocks.flatMap((part, index) => toParts(pivot, part, `${path}.content[${index}]`));
  const others = parts.filter(({ type }) => type !== 'text');
  const text = parts.flatMap((part) => (part['type'] === 'text' ? [String(part['text'])] : [])).join('\n');
  const shown = others.length > 0 && text === '' ? 'The result follows in the next message.' : text;
  const said = isError === true ? `Error: ${shown}` : shown;
  const [part = {}] = withMark(pivot, block, [{ type: 'text', text: said }]);
  pivot.messages.push({ role: 'tool', tool_call_id: id, content: isMarked(part) ? [part] : said });
  return others.length === 0 ? [] : [{ type: 'text', text: `Returned by the tool call ${String(id)}:` }, ...others];
}

function toParts(pivot: Pivot, block: Json, path: string): Json[] {
  switch (block['type']) {
    case 'text':
      return [{ type: 'text', text: textOf(block, path) }];
    case 'image':
      return toImage(pivot, toRecord(block['source']), path);
    case 'document':
      return toDocument(pivot, block, path);
    case 'search_result': {
      const texts = Array.isArray(block['content']) ? block['content'].map((one) => toText(toRecord(one)['text'])) : [];
      const lines = [block['title'], block['source'], ...texts].map(toText).filter((line) => line !== null);
      return [{ type: 'text', text: lines.join('\n') }];
    }
    case 'tool_reference':
      // Everybody else is told of all tools from the start.
      return [{ type: 'text', text: `The tool ${String(block['tool_name'])} can be called now.` }];
    default:
      return toBound(pivot, path);
  }
}

function toImage(pivot: Pivot, source: Json, path: string): Json[] {
  const { type, data, url, media_type: mediaType } = source;
  if (type === 'base64' && toText(data) !== null)
    return [
      { type: 'image_url', image_url: { url: `data:${toText(mediaType) ?? 'image/png'};base64,${String(data)}` } },
    ];
  if (type === 'url' && toText(url) !== null) return [{ type: 'image_url', image_url: { url } }];
  if (type !== 'file') return fail(`${path}.source`, 'an image as base64 data or a url', source);
  return toBound(pivot, `${path}.source`);
}

function toDocument(pivot: Pivot, block: Json, path: string): Json[] {
  const source = toRecord(block['source']);
  const { type, data, media_type: mediaType, content } = source;
  if (toRecord(block['citations'])['enabled'] === true) pivot.dropped.add('messages.content.citations');
  const title = toText(block['title']);
  const head = [title, toText(block['context'])].filter((line) => line !== null);
  if (type === 'text' && typeof data === 'string') return [{ type: 'text', text: [...head, data].join('\n') }];
  if (type === 'content') {
    const blocks = Array.isArray(content) ? content.map(toRecord) : [{ type: 'text', text: content ?? '' }];
    const parts = blocks.flatMap((part, index) => toParts(pivot, part, `${path}.source.content[${index}]`));
    return head.length === 0 ? parts : [{ type: 'text', text: head.join('\n') }, ...parts];
  }
  if (type === 'base64' && toText(data) !== null) {
    const file = {
      filename: title ?? 'document.pdf',
      file_data: `data:${toText(mediaType) ?? 'application/pdf'};base64,${String(data)}`,
    };
    return [{ type: 'file', file }];
  }
  if (type === 'url' && toText(source['url']) !== null)
    return [{ type: 'file', file: { ...(title === null ? {} : { filename: title }), file_url: source['url'] } }];
  return toBound(pivot, `${path}.source`);
}

/** Stands for what only providers of this format are given. */
function toBound(pivot: Pivot, path: string): Json[] {
  pivot.bound.add(path);
  return [{ type: 'text', text: '[attachment]' }];
}
