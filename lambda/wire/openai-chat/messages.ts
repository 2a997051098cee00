// Checks the messages of a chat request and gathers what they hold: texts, images, audio, documents, tool calls.
import type { TextPiece } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toText } from '../json.ts';
import { fail, failShowing } from './fields.ts';

type Detail = 'low' | 'high' | 'auto';

/** What was found in the messages so far. */
export interface Seen {
  readonly texts: TextPiece[];
  readonly images: { readonly detail: Detail }[];
  audio: boolean;
  documents: boolean;
  /** A message calls a tool or answers a call. */
  calls: boolean;
  /** Fields that only this format can carry, and no answer makes sense without. */
  readonly bound: string[];
}

const roles: Readonly<Record<string, TextPiece['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};
const roleNames = Object.keys(roles).join(', ');

/** Checks `messages` and adds what they hold to `seen`. Throws CallerError naming the field at fault. */
export function readMessages(messages: unknown, seen: Seen): void {
  if (!Array.isArray(messages) || messages.length === 0) return fail('messages', 'a non-empty array', messages);
  for (let index = 0; index < messages.length; index += 1) readMessage(messages[index], `messages[${index}]`, seen);
}

function readMessage(message: unknown, path: string, seen: Seen): void {
  if (!isRecord(message)) return fail(path, 'an object', message);
  const role = message['role'];
  if (typeof role !== 'string' || !Object.hasOwn(roles, role)) {
    return failShowing(`${path}.role`, `one of ${roleNames}`, role);
  }
  if (role === 'tool' && toText(message['tool_call_id']) === null) {
    return fail(`${path}.tool_call_id`, 'a non-empty string', message['tool_call_id']);
  }
  if (role === 'function' && toText(message['name']) === null) {
    return fail(`${path}.name`, 'a non-empty string', message['name']);
  }
  const as = roles[role] ?? 'user';
  if (as === 'tool') seen.calls = true;
  if (role === 'assistant') readCalls(message, path, seen);
  readContent(message, { path, role: as }, seen);
}

interface Place {
  readonly path: string;
  readonly role: TextPiece['role'];
}

function readContent(message: Json, place: Place, seen: Seen): void {
  const content = message['content'];
  const path = `${place.path}.content`;
  if (typeof content === 'string') {
    if (content !== '') seen.texts.push({ role: place.role, text: content });
    return;
  }
  if (content === null || content === undefined) {
    if (place.role === 'assistant' && standsWithoutContent(message)) return;
    const rule = place.role === 'assistant' ? ' (null only beside tool calls or a refusal)' : '';
    return fail(path, `a string or an array of parts${rule}`, content);
  }
  if (!Array.isArray(content) || content.length === 0) {
    return fail(path, 'a string or a non-empty array of parts', content);
  }
  for (let index = 0; index < content.length; index += 1) {
    readPart(content[index], { path: `${path}[${index}]`, role: place.role }, seen);
  }
}

/** Assistant messages may come without content when they hold something else. */
function standsWithoutContent(message: Json): boolean {
  const others = ['tool_calls', 'function_call', 'refusal', 'audio', 'reasoning_content', 'reasoning'];
  return others.some((name) => message[name] !== undefined && message[name] !== null);
}

function readPart(part: unknown, place: Place, seen: Seen): void {
  if (!isRecord(part)) return fail(place.path, 'an object', part);
  const type = part['type'];
  if (type === 'text' || type === 'refusal') {
    const text = part[type];
    if (typeof text !== 'string') return fail(`${place.path}.${type}`, 'a string', text);
    seen.texts.push({ role: place.role, text });
  } else if (type === 'image_url') {
    const image = part['image_url'];
    if (!isRecord(image)) return fail(`${place.path}.image_url`, 'an object with a url', image);
    if (toText(image['url']) === null) return fail(`${place.path}.image_url.url`, 'a non-empty string', image['url']);
    seen.images.push({ detail: readDetail(image['detail'], `${place.path}.image_url.detail`) });
  } else if (type === 'input_audio') {
    const audio = part['input_audio'];
    if (!isRecord(audio)) return fail(`${place.path}.input_audio`, 'an object with data and format', audio);
    if (toText(audio['data']) === null) return fail(`${place.path}.input_audio.data`, 'a base64 string', audio['data']);
    seen.audio = true;
  } else if (type === 'file') {
    const { file } = part;
    if (!isRecord(file)) return fail(`${place.path}.file`, 'an object', file);
    if (toText(file['file_data']) === null) seen.bound.push(`${place.path}.file`);
    seen.documents = true;
  } else {
    failShowing(`${place.path}.type`, 'one of text, image_url, input_audio, file, refusal', type);
  }
}

function readDetail(detail: unknown, path: string): Detail {
  if (detail === undefined || detail === null) return 'auto';
  if (detail === 'low' || detail === 'high' || detail === 'auto') return detail;
  // Newer clients ask for more than high; it costs what high costs.
  return typeof detail === 'string' ? 'high' : fail(path, 'a string', detail);
}

function readCalls(message: Json, path: string, seen: Seen): void {
  const calls = message['tool_calls'];
  const older = message['function_call'];
  if (older !== undefined && older !== null) readCall(older, `${path}.function_call`, seen);
  if (calls === undefined || calls === null) return;
  if (!Array.isArray(calls)) return fail(`${path}.tool_calls`, 'an array', calls);
  calls.forEach((call, index) => {
    const at = `${path}.tool_calls[${index}]`;
    if (!isRecord(call)) return fail(at, 'an object', call);
    if (toText(call['id']) === null) return fail(`${at}.id`, 'a non-empty string', call['id']);
    if (call['type'] === undefined || call['type'] === 'function') readCall(call['function'], `${at}.function`, seen);
    else seen.bound.push(at);
  });
}

function readCall(target: unknown, path: string, seen: Seen): void {
  if (!isRecord(target)) return fail(path, 'an object', target);
  const { name, arguments: given } = target;
  if (typeof name !== 'string') return fail(`${path}.name`, 'a string', name);
  if (typeof given !== 'string') return fail(`${path}.arguments`, 'a string of JSON', given);
  seen.calls = true;
  seen.texts.push({ role: 'assistant', text: name }, { role: 'assistant', text: given });
}
