// The session's cookie, and the guards that keep other sites from using it.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { Exchange, Headers } from '../ports.ts';

/** The prefix makes browsers insist on HTTPS, this host and the whole site; over plain HTTP on one machine they refuse it. */
const SECURE_NAME = '__Host-fw';
const PLAIN_NAME = 'fw';

/** Whether the browser speaks HTTPS with us or with the proxy before us. */
const isSecure = (headers: Headers, always: boolean): boolean =>
  always || headers['x-forwarded-proto']?.split(',')[0]?.trim() === 'https';

function findCookie(cookies: string, wanted: string): string | null {
  for (const part of cookies.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === wanted) return part.slice(at + 1).trim();
  }
  return null;
}

/**
 * The session token in the cookies; null when there is none. Pages of neighbouring hosts can set the plain name, but not the other one: it
 * comes first, and over HTTPS nothing else counts. `always`: we are only ever reached by HTTPS.
 */
export function readSessionCookie(headers: Headers, always: boolean): string | null {
  const cookies = headers['cookie'];
  if (cookies === undefined) return null;
  return findCookie(cookies, SECURE_NAME) ?? (isSecure(headers, always) ? null : findCookie(cookies, PLAIN_NAME));
}

/** The header that keeps a session in the browser for so long. `always`: we are only ever reached by HTTPS. */
export function toSessionCookie(
  token: string,
  maxAgeSeconds: number,
  { headers, always }: { headers: Headers; always: boolean },
): string {
  const secure = isSecure(headers, always);
  return `${secure ? SECURE_NAME : PLAIN_NAME}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** The headers that take it out again, under either name. */
export const toFarewellCookie = (): string =>
  [
    `${SECURE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure`,
    `${PLAIN_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
  ].join('\n');

/** Whether a page of another host than the one asked for has sent this, by its own word. */
export function isElsewhere({ headers }: Exchange): boolean {
  const origin = headers['origin'];
  return origin !== undefined && hostOf(origin) !== headers['host'];
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

/** Whether a page of another origin has sent this. Browsers say so by themselves; scripts can't change these headers. */
export function isForeign(exchange: Exchange): boolean {
  const site = exchange.headers['sec-fetch-site'];
  return site === undefined ? isElsewhere(exchange) : site !== 'same-origin' && site !== 'none';
}

/** Throws CallerError `forbidden` when what only our own pages may do comes from elsewhere. */
export function refuseForeign(exchange: Exchange): void {
  if (!isForeign(exchange)) return;
  throw new CallerError(
    'forbidden',
    'This came from a page of another site. Sessions work only from the pages that Freeway itself serves; programs use an API key.',
    { reason: refused('other_site') },
  );
}
