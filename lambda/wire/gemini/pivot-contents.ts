// Tells the contents of a Gemini request as messages of the OpenAI chat format.
import { decodeText } from '../base64.ts';
import type { Json } from '../json.ts';
import { isRecord, toRecord, toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { toExtra, UNSIGNED } from '../signatures.ts';
import type { Pivot } from './question.ts';
import { fieldOf } from './words.ts';

/** Adds what the system says: a content, its parts, or text. */
export function addSystem(pivot: Pivot, given: unknown): void {
  if (given === undefined || given === null) return;
  const parts = typeof given === 'string' ? [{ text: given }] : toParts(given, 'systemInstruction');
  const text = parts.map((part) => toText(part['text']) ?? '').join('\n');
  if (text.trim() !== '') pivot.messages.push({ role: 'system', content: text });
}

/** The parts of a content, which may be given as text alone. Throws CallerError naming what is none. */
export function toParts(content: unknown, path: string): readonly Json[] {
  if (typeof content === 'string') return [{ text: content }];
  const parts = isRecord(content) ? content['parts'] : content;
  const list = Array.isArray(parts) ? parts : [parts];
  return list.map((part: unknown, index) => {
    if (typeof part === 'string') return { text: part };
    return isRecord(part) ? part : fail(`${path}.parts[${index}]`, 'an object', part);
  });
}

/** Calls whose results have not come yet: results may name no id. */
interface Asked {
  /** Their ids by name, in their order, of which so many are past. */
  readonly open: Map<string, { readonly ids: string[]; past: number }>;
  /** How many results have named an id that its call still waits with. */
  readonly named: Map<string, number>;
  count: number;
}

/** Adds all contents. Throws CallerError naming the field at fault. */
export function addContents(pivot: Pivot, contents: unknown): void {
  const list = Array.isArray(contents) ? contents : [contents];
  if (contents === undefined || contents === null || list.length === 0)
    return fail('contents', 'a non-empty array', contents);
  const asked: Asked = { open: new Map(), named: new Map(), count: 0 };
  list.forEach((content: unknown, index) => {
    const path = `contents[${index}]`;
    const role = isRecord(content) ? (content['role'] ?? 'user') : 'user';
    const parts = toParts(content, path);
    if (role === 'model') addModel(pivot, parts, { path, asked });
    else if (role === 'user' || role === 'function' || role === 'tool') addUser(pivot, parts, { path, asked });
    else if (role === 'system') addSystem(pivot, content);
    else failShowing(`${path}.role`, 'user or model', role);
  });
  if (pivot.messages.length === 0) fail('contents', 'a part that says something', []);
}

interface Place {
  readonly path: string;
  readonly asked: Asked;
}

function addModel(pivot: Pivot, parts: readonly Json[], { path, asked }: Place): void {
  const calls: Json[] = [];
  let content = '';
  let thought = '';
  parts.forEach((part, index) => {
    const call = fieldOf(part, 'functionCall');
    const told = toText(fieldOf(part, 'thoughtSignature'));
    const signature = told === UNSIGNED ? null : told;
    if (call !== undefined)
      calls.push({ ...toCall(call, `${path}.parts[${index}].functionCall`, asked), ...toExtra(signature) });
    else if (part['thought'] === true) {
      pivot.dropped.add('contents.parts.thought');
      thought += toText(part['text']) ?? '';
    } else if (typeof part['text'] === 'string') content += part['text'];
    else if (Object.keys(part).length > 0) pivot.dropped.add(`contents.parts.${Object.keys(part)[0] ?? ''}`);
    // That of a text is good to have, and has no place elsewhere.
    if (call === undefined && signature !== null) pivot.dropped.add('contents.parts.thoughtSignature');
  });
  if (content === '' && calls.length === 0) return;
  pivot.messages.push({
    role: 'assistant',
    content: content === '' ? null : content,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  });
}

function toCall(given: unknown, path: string, asked: Asked): Json {
  if (!isRecord(given)) return fail(path, 'an object', given);
  const name = toText(given['name']) ?? fail(`${path}.name`, 'a non-empty string', given['name']);
  const id = toText(given['id']) ?? `call_${asked.count}`;
  asked.count++;
  const alike = asked.open.get(name) ?? { ids: [], past: 0 };
  alike.ids.push(id);
  asked.open.set(name, alike);
  return { id, type: 'function', function: { name, arguments: JSON.stringify(given['args'] ?? {}) } };
}

/** Results of functions become messages of their own, before everything else the content says. */
function addUser(pivot: Pivot, parts: readonly Json[], { path, asked }: Place): void {
  const said: Json[] = [];
  parts.forEach((part, index) => {
    const at = `${path}.parts[${index}]`;
    const result = fieldOf(part, 'functionResponse');
    if (result !== undefined) said.push(...addResult(pivot, result, { path: `${at}.functionResponse`, asked }));
    else said.push(...toPart(pivot, part, at));
  });
  const [first] = said;
  if (first === undefined) return;
  const content = said.length === 1 && first['type'] === 'text' ? first['text'] : said;
  pivot.messages.push({ role: 'user', content });
}

/** The id of the call that a result answers: its own, or that of the first open call of the name. */
function takeCall({ open, named }: Asked, id: string | null, name: string): string {
  if (id !== null) {
    named.set(id, (named.get(id) ?? 0) + 1);
    return id;
  }
  const alike = open.get(name) ?? { ids: [], past: 0 };
  while (alike.past < alike.ids.length) {
    const next = alike.ids[alike.past++] ?? '';
    const taken = named.get(next) ?? 0;
    if (taken === 0) return next;
    named.set(next, taken - 1);
  }
  return `call_${name}`;
}

/** Adds the message of a result. Answers what such a message can't hold: pictures. */
function addResult(pivot: Pivot, given: unknown, { path, asked }: Place): Json[] {
  if (!isRecord(given)) return fail(path, 'an object', given);
  const name = toText(given['name']) ?? fail(`${path}.name`, 'a non-empty string', given['name']);
  const response = toRecord(given['response']);
  const names = Object.keys(response);
  const only = names.length === 1 && (names[0] === 'output' || names[0] === 'result') ? response[names[0]] : undefined;
  const content = typeof only === 'string' ? only : JSON.stringify(given['response'] ?? {});
  const id = takeCall(asked, toText(given['id']), name);
  pivot.messages.push({ role: 'tool', tool_call_id: id, content });
  const others = (Array.isArray(given['parts']) ? given['parts'] : []).flatMap((part: unknown, index) =>
    toPart(pivot, toRecord(part), `${path}.parts[${index}]`),
  );
  return others.length === 0 ? [] : [{ type: 'text', text: `Returned by the tool call ${id}:` }, ...others];
}

function toPart(pivot: Pivot, part: Json, path: string): Json[] {
  if (typeof part['text'] === 'string') return [{ type: 'text', text: part['text'] }];
  const inline = fieldOf(part, 'inlineData');
  if (isRecord(inline)) return toInline(pivot, inline, path);
  const file = fieldOf(part, 'fileData');
  const uri = isRecord(file) ? (toText(fieldOf(file, 'fileUri')) ?? '') : '';
  const type = isRecord(file) ? (toText(fieldOf(file, 'mimeType')) ?? '') : '';
  // Uploaded files are known to the provider alone; what lies in the web is known to everybody.
  const isOfTheWeb = /^https?:/.test(uri) && !uri.includes('/v1beta/files/');
  if (type.startsWith('image/') && isOfTheWeb) return [{ type: 'image_url', image_url: { url: uri } }];
  if (type === 'application/pdf' && isOfTheWeb)
    return [{ type: 'file', file: { filename: 'document.pdf', file_url: uri } }];
  if (Object.keys(part).length === 0) return fail(path, 'text, inlineData, fileData or functionResponse', part);
  pivot.bound.add(path);
  return [{ type: 'text', text: '[attachment]' }];
}

function toInline(pivot: Pivot, inline: Json, path: string): Json[] {
  const data = toText(inline['data']) ?? fail(`${path}.inlineData.data`, 'base64 data', inline['data']);
  const type = toText(fieldOf(inline, 'mimeType')) ?? fail(`${path}.inlineData.mimeType`, 'a MIME type', undefined);
  const url = `data:${type};base64,${data}`;
  if (type.startsWith('image/')) return [{ type: 'image_url', image_url: { url } }];
  const format = /^audio\/(?:x-)?(wav|mp3|mpeg)/.exec(type)?.[1];
  if (format !== undefined)
    return [{ type: 'input_audio', input_audio: { data, format: format === 'mpeg' ? 'mp3' : format } }];
  if (type === 'application/pdf') return [{ type: 'file', file: { filename: 'document.pdf', file_data: url } }];
  const text = /^text\/|^application\/(?:json|xml)$/.test(type) ? decodeText(data) : null;
  if (text !== null) return [{ type: 'text', text }];
  pivot.bound.add(`${path}.inlineData`);
  return [{ type: 'text', text: '[attachment]' }];
}
