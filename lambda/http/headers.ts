// Headers as we keep them: one string per lower-case name, and as they may leave through a server.
import type { Headers } from '../ports.ts';
import { securityHeaders } from './security-headers.ts';

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

// Every sign that may not stand in a header value, by RFC 9110, section 5.5.
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

/** The same as names and values in turn, cookies among them: as a server writes them without looking anything up. */
export function toReplyLines(headers: Headers): string[] {
  const lines: string[] = [];
  for (const name in securityHeaders)
    if (headers[name] === undefined) lines.push(name, securityHeaders[name] as string);
  for (const name in headers) {
    const value = (headers[name] ?? '').replace(name === 'set-cookie' ? unsafeInCookies : unsafe, '?');
    if (name !== 'set-cookie') lines.push(name, value);
    else for (const cookie of value.split('\n')) lines.push(name, cookie);
  }
  return lines;
}
