// Reads the body of an error reply into one shape, whatever envelope the provider uses.
import type { HttpReply } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';

/** An error as a provider told it. Texts are raw: scrub before showing. */
export interface Fault {
  /** HTTP status; 200 when the error came inside a good reply and named none. */
  readonly status: number;
  readonly headers: HttpReply['headers'];
  /** The object the error stands in. */
  readonly error: Json;
  readonly message: string;
  /** Every code, type and status name the error carries, joined by spaces. */
  readonly codes: string;
  /** Codes and message in one, for matching. */
  readonly said: string;
  /** The body is a web page: somebody on the way has answered, not the provider's API. */
  readonly isPage: boolean;
  /** The request field named by `param`. */
  readonly param: string | null;
  /** Entries of a FastAPI style `detail` list. */
  readonly details: readonly Json[];
}

const longestMessage = 4000;

/** Reads an error reply. Bodies that are no JSON are taken as the message; web pages are not quoted. */
export function toFault(reply: HttpReply): Fault {
  const json = parseJson(reply.body);
  const root = toRecord(Array.isArray(json) ? json[0] : json);
  const error = findError(root);
  const details = findDetails(root, error);
  const message = (findMessage(root, error, details) ?? plainText(reply.body, json)).slice(0, longestMessage);
  const codes = findCodes(root, error, reply);
  return {
    status: reply.status,
    headers: reply.headers,
    error,
    message,
    codes,
    said: `${codes} ${message}`,
    isPage: isPage(reply.body, json),
    param: toText(error['param']),
    details,
  };
}

function findError(root: Json): Json {
  if (isRecord(root['error'])) return root['error'];
  if (isRecord(root['detail'])) return root['detail'];
  const first = toList(root['errors'])[0];
  return isRecord(first) ? first : root;
}

function findDetails(root: Json, error: Json): readonly Json[] {
  const inMessage = toRecord(error['message'])['detail'];
  for (const list of [root['detail'], inMessage, error['detail']]) {
    if (Array.isArray(list)) return list.filter(isRecord);
  }
  return [];
}

function findMessage(root: Json, error: Json, details: readonly Json[]): string | null {
  const passedOn = toText(toRecord(error['metadata'])['raw']);
  if (passedOn !== null) return messageInside(passedOn);
  const told = [
    error['message'],
    root['error'],
    root['message'],
    root['detail'],
    error['details'],
    root['title'],
    root['err_msg'],
  ];
  for (const value of told) {
    const text = toText(value);
    if (text !== null) return messageInside(text);
  }
  const texts = details.map((entry) => toText(entry['msg'])).filter((text) => text !== null);
  return texts.length === 0 ? null : texts.join('; ');
}

/** Some pass the JSON of another provider's error on as text. */
function messageInside(text: string): string {
  if (!text.startsWith('{')) return text;
  const inner = parseJson(text);
  if (!isRecord(inner)) return text;
  const error = findError(inner);
  return toText(error['message']) ?? toText(inner['error']) ?? text;
}

const isPage = (body: string, json: unknown): boolean => json === undefined && body.trimStart().startsWith('<');

function plainText(body: string, json: unknown): string {
  return json !== undefined || isPage(body, json) ? '' : body.trim();
}

function findCodes(root: Json, error: Json, reply: HttpReply): string {
  const words: string[] = [];
  const note = (code: unknown): void => {
    if (typeof code !== 'string' && typeof code !== 'number') return;
    const word = String(code);
    if (!words.includes(word)) words.push(word);
  };
  for (const code of [error['code'], error['type'], error['status']]) note(code);
  for (const code of [root['code'], root['type'], root['error_type'], root['err_code'], root['__type']]) note(code);
  if (isRecord(error['innererror'])) note(error['innererror']['code']);
  note(reply.headers['x-amzn-errortype']);
  for (const detail of toList(error['details'])) note(toRecord(detail)['reason']);
  return words.join(' ');
}
