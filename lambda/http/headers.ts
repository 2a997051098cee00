// Headers as we keep them: one string per lower-case name, and as they may leave through a server.
import type { Headers } from '../ports.ts';
import { securityHeaders } from './security-headers.ts';

const [TAB, LF, CR, ZERO] = [9, 10, 13, 48];

type RawHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function isPlain(raw: RawHeaders): raw is Headers {
  for (const name in raw) if (typeof raw[name] !== 'string') return false;
  return true;
}

/** Joins repeated headers by ", "; the very same where there are none. */
export function joinHeaders(raw: RawHeaders): Headers {
  if (isPlain(raw)) return raw;
  const headers: Record<string, string> = {};
  for (const name in raw) {
    const value = raw[name];
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

/** Whether every sign of a header value may stand there, by RFC 9110, section 5.5. */
function isSafe(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code < 32 ? code !== 9 : code > 255 || code === 127) return false;
  }
  return true;
}

// All others.
// eslint-disable-next-line no-control-regex
const unsafe = /[^\t\x20-\x7e\x80-\xff]/g;
// eslint-disable-next-line no-control-regex
const unsafeInCookies = /[^\t\n\x20-\x7e\x80-\xff]/g;

/** The headers of a reply with the security headers. Signs that no header can carry become `?`; cookies are returned on their own. */
export function toReplyHeaders(headers: Headers): {
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
} {
  const safe: Record<string, string> = { ...securityHeaders };
  let cookies: string[] = [];
  for (const name in headers) {
    const value = headers[name] ?? '';
    // A comma may stand inside a cookie, so several are separated by line feeds.
    if (name === 'set-cookie') cookies = value.split('\n').map((cookie) => cookie.replace(unsafe, '?'));
    else safe[name] = value.replace(unsafe, '?');
  }
  return { headers: safe, cookies };
}

const toSafe = (name: string, value: string): string =>
  isSafe(value) ? value : value.replace(name === 'set-cookie' ? unsafeInCookies : unsafe, '?');

/** The same as names and values in turn, cookies among them: as Node's server writes them without looking anything up. */
export function toReplyLines(headers: Headers): string[] {
  const lines: string[] = [];
  for (const name in securityHeaders)
    if (headers[name] === undefined) lines.push(name, securityHeaders[name] as string);
  for (const name in headers) {
    const value = toSafe(name, headers[name] ?? '');
    if (name !== 'set-cookie') lines.push(name, value);
    else for (const cookie of value.split('\n')) lines.push(name, cookie);
  }
  return lines;
}

const toLine = (name: string, value: string): string => `${name}: ${value}\r\n`;
const securityNames: ReadonlySet<string> = new Set(Object.keys(securityHeaders));
const securityLines = Object.entries(securityHeaders).map(([name, value]) => [name, toLine(name, value)] as const);
const allSecurityLines = securityLines.map(([, line]) => line).join('');

/** The same as the text of a head's lines. */
export function toReplyText(headers: Headers): string {
  let text = '';
  let isLoosened = false;
  for (const name in headers) {
    isLoosened ||= securityNames.has(name);
    const value = toSafe(name, headers[name] ?? '');
    if (name !== 'set-cookie') text += toLine(name, value);
    else for (const cookie of value.split('\n')) text += toLine(name, cookie);
  }
  if (!isLoosened) return allSecurityLines + text;
  for (const [name, line] of securityLines) if (headers[name] === undefined) text += line;
  return text;
}

/** Whether a head, in Latin-1, holds no control signs and no line ends that are only half there. */
export function isWellFormed(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 31 ? code !== 127 : code === TAB) continue;
    if (code !== CR || text.charCodeAt(at + 1) !== LF) return false;
    at++;
  }
  return true;
}

/** A count as headers tell it, of at most so many digits; null for anything else. */
export function readCount(text: string, mostDigits: number): number | null {
  if (text.length === 0 || text.length > mostDigits) return null;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return null;
    count = count * 10 + digit;
  }
  return count;
}

/** What a header's name may consist of (RFC 9110, section 5.6.2). */
export const token = /^[!#$%&'*+.^_`|~\w-]+$/;
/** A header's name that was met before. */
export interface HeaderName {
  /** In lower case. */
  readonly name: string;
  /** A number of its own; -1 for those that are not remembered. */
  readonly id: number;
}

/** Names that are remembered: as many as clients and providers send, and no more than a stranger may fill. */
const MAX_NAMES = 1_024;
const MAX_NAME_LENGTH = 64;
const names = new Map<string, HeaderName>();
const ids = new Map<string, number>();

/** Looks up a header's name as it was written; null for what can be none. */
export function findName(raw: string): HeaderName | null {
  const known = names.get(raw);
  if (known !== undefined) return known;
  if (!token.test(raw)) return null;
  const name = raw.toLowerCase();
  if (names.size >= MAX_NAMES || raw.length > MAX_NAME_LENGTH) return { name, id: -1 };
  let id = ids.get(name);
  if (id === undefined) ids.set(name, (id = ids.size));
  const found = { name, id };
  names.set(raw, found);
  return found;
}

/** Tells within one head which names have come before, without asking the headers themselves. */
class NamesSeen {
  readonly #heads = new Uint32Array(MAX_NAMES);
  #head = 0;

  /** Another head begins. */
  begin(): void {
    this.#head++;
    if (this.#head <= 0xffff_ffff) return;
    this.#head = 1;
    this.#heads.fill(0);
  }

  /** Notes a name; true when it has come before in this head. `headers` are asked for those that are not remembered. */
  note({ name, id }: HeaderName, headers: Headers): boolean {
    if (id < 0) return headers[name] !== undefined;
    if (this.#heads[id] === this.#head) return true;
    this.#heads[id] = this.#head;
    return false;
  }
}

/** Cuts a value out of a head, less the white space around it. */
function cutValue(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isSpace = (code: number): boolean => code === 32 || code === 9;

const seen = new NamesSeen();

/**
 * Header lines of a head as one string per lower-case name; null when a line is none. Repeated ones are joined by ", ", unless there are names
 * that may not come (`refused`): then these lead to null, and so does what comes twice.
 */
export function readLines(
  text: string,
  from: number,
  refused: ReadonlySet<string> | null = null,
): Record<string, string> | null {
  const headers: Record<string, string> = {};
  seen.begin();
  for (let at = from; at < text.length;) {
    const found = text.indexOf('\r\n', at);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', at);
    const header = colon < 0 || colon > end ? null : findName(text.slice(at, colon));
    if (header === null) return null;
    const { name } = header;
    const value = cutValue(text, colon + 1, end);
    const isRepeated = seen.note(header, headers);
    if (refused !== null && (isRepeated || refused.has(name))) return null;
    headers[name] = isRepeated ? `${headers[name]}, ${value}` : value;
    at = end + 2;
  }
  return headers;
}
