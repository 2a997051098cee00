// Tells the messages of the OpenAI chat format as contents of the Gemini format.
import { toInput } from '../anthropic/render.ts';
import { toFileUrl, typeOfAddress } from '../file-url.ts';
import { foreignSignatureOf, isKept, UNSIGNED } from '../signatures.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import { fieldOf } from './words.ts';

interface Told {
  readonly system: string;
  readonly contents: readonly Json[];
}

/** One side of the conversation until the other speaks. */
interface Turn {
  readonly role: 'user' | 'model';
  readonly parts: Json[];
}

/** The messages in turns, and what the system says apart. What has no place is added to `dropped`. */
export function toContents(given: unknown, dropped: Set<string>): Told {
  const system: string[] = [];
  const turns: Turn[] = [];
  const names = new Map<string, string>();
  const add = (role: Turn['role'], parts: readonly Json[]): void => {
    if (parts.length === 0) return;
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else turns.push({ role, parts: [...parts] });
  };
  for (const message of toList(given).map(toRecord)) {
    const { role, content } = message;
    if (role === 'system' || role === 'developer') system.push(textOf(content));
    else if (role === 'tool' || role === 'function')
      add('user', [toResult(message, names), ...toPictures(content, dropped)]);
    else if (role !== 'assistant') add('user', toParts(content, dropped));
    else
      add('model', [...toParts(content, dropped), ...toParts(message['refusal'], dropped), ...toCalls(message, names)]);
  }
  // A conversation must begin with somebody's words.
  const said = system.filter((text) => text !== '').join('\n\n');
  if (turns.length === 0) turns.push({ role: 'user', parts: [{ text: said === '' ? '.' : said }] });
  return { system: said, contents: turns.map(({ role, parts }) => ({ role, parts })) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return toList(content)
    .flatMap((part) => toText(toRecord(part)['text']) ?? [])
    .join('\n');
}

/** What a tool answered; the format wants an object. */
function toResult(message: Json, names: ReadonlyMap<string, string>): Json {
  const id = toText(message['tool_call_id']);
  const text = textOf(message['content']);
  const json = parseJson(text);
  const name = names.get(id ?? '') ?? toText(message['name']) ?? 'tool';
  return {
    functionResponse: { ...(id === null ? {} : { id }), name, response: isRecord(json) ? json : { output: text } },
  };
}

/** What stands among a result that is no text, behind it. */
function toPictures(content: unknown, dropped: Set<string>): Json[] {
  const others = toList(content).filter((part) => toRecord(part)['type'] !== 'text');
  return toParts(others, dropped);
}

/** The calls of a message. The first one bears a signature, where the model signs its thoughts. */
function toCalls(message: Json, names: Map<string, string>): Json[] {
  const older = message['function_call'];
  const calls = toList(message['tool_calls']).map(toRecord);
  const all = calls.length === 0 && isRecord(older) ? [{ function: older }] : calls;
  return all.map((call: Json, index) => {
    const { name, arguments: given } = toRecord(call['function']);
    const id = toText(call['id']);
    if (id !== null) names.set(id, toText(name) ?? '');
    const signature = foreignSignatureOf(call);
    return {
      functionCall: { ...(id === null ? {} : { id }), name, args: toInput(toText(given) ?? '') },
      ...(index === 0 || signature !== undefined ? { thoughtSignature: signature ?? UNSIGNED } : {}),
    };
  });
}

/** The contents with calls that nobody signed, as one whose signatures were refused must tell them. */
export function toUnsigned(contents: unknown): unknown {
  return toList(contents).map((content) => {
    if (!isRecord(content) || !Array.isArray(content['parts'])) return content;
    const parts = content['parts'].map((part: unknown) => {
      const { thoughtSignature: _, thought_signature: __, ...rest } = toRecord(part);
      return fieldOf(rest, 'functionCall') === undefined ? rest : { ...rest, thoughtSignature: UNSIGNED };
    });
    return { ...content, parts };
  });
}

/** The contents with what Google has not signed marked as that: a turn is refused whose first call bears nothing, or what somebody else signed. */
export function markForeign(contents: readonly unknown[]): readonly unknown[] {
  return contents.map((content) => {
    const parts = toRecord(content)['parts'];
    if (!isRecord(content) || !Array.isArray(parts)) return content;
    const first = parts.findIndex((part) => fieldOf(toRecord(part), 'functionCall') !== undefined);
    const marked = parts.map((part: unknown, index) => {
      const { thoughtSignature, thought_signature: other = thoughtSignature, ...rest } = toRecord(part);
      if (!isKept(other) && (index !== first || other !== undefined)) return part;
      return index === first ? { ...rest, thoughtSignature: UNSIGNED } : rest;
    });
    return { ...content, parts: marked };
  });
}

function toParts(content: unknown, dropped: Set<string>): Json[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  return toList(content).flatMap((part) => toPart(toRecord(part), dropped));
}

const mimeOf = (url: string): string => {
  const ending = /\.(png|jpe?g|gif|webp|heic|heif)(?:$|[?#])/i.exec(url)?.[1]?.toLowerCase() ?? 'jpeg';
  return `image/${ending === 'jpg' ? 'jpeg' : ending}`;
};

function toPart(part: Json, dropped: Set<string>): Json[] {
  const { type } = part;
  if (type === 'text' || type === 'refusal') {
    const text = toText(part[type]);
    return text === null ? [] : [{ text }];
  }
  if (type === 'image_url') {
    const url = toText(toRecord(part['image_url'])['url']) ?? '';
    return [toInline(url) ?? { fileData: { mimeType: mimeOf(url), fileUri: url } }];
  }
  if (type === 'input_audio') {
    const { data, format } = toRecord(part['input_audio']);
    return [{ inlineData: { mimeType: `audio/${toText(format) ?? 'wav'}`, data } }];
  }
  const file = toFile(toRecord(part['file']));
  if (type === 'file' && file !== null) return [file];
  dropped.add(`messages.content.${String(type)}`);
  return [];
}

const fetched = /^(?:text\/|image\/|application\/(?:pdf|json)$)/;

/** The part of a file, which may lie elsewhere; null when the format has none for it. */
function toFile(file: Json): Json | null {
  const url = toText(file['file_url']);
  if (url === null) return toInline(toFileUrl(file));
  const type = typeOfAddress(file);
  return fetched.test(type) ? { fileData: { mimeType: type, fileUri: url } } : null;
}

/** The part of a data URL; null when it is none. */
function toInline(url: string): Json | null {
  const match = /^data:([^;,]+)[^,]*;base64,/.exec(url);
  return match ? { inlineData: { mimeType: match[1], data: url.slice(match[0].length) } } : null;
}
