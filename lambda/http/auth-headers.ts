// Reads the key a caller presents, and compares keys without telling by timing how much of one was right.
import { timingSafeEqual } from 'node:crypto';
import type { Headers } from '../ports.ts';

const SCHEME = 'Bearer ';
/** Signs that a key can't hold are those up to the space, and whatever is not ASCII. */
const [SPACE, LAST] = [32, 126];

/** What follows the scheme, where it is written as nearly everybody does; null: it has to be looked at more closely. */
function readPlain(authorization: string): string | null {
  if (!authorization.startsWith(SCHEME) || authorization.length === SCHEME.length) return null;
  for (let at = SCHEME.length; at < authorization.length; at++) {
    const code = authorization.charCodeAt(at);
    if (code <= SPACE || code > LAST) return null;
  }
  return authorization.slice(SCHEME.length);
}

/** Where clients of Anthropic, Google, Azure and Portkey put the key. */
const otherHeaders = ['x-api-key', 'x-goog-api-key', 'api-key', 'x-portkey-api-key'] as const;

/** The key of a request: Authorization: Bearer, or a header of its own. Never read from the URL. null when there is none. */
export function readBearer(headers: Headers): string | null {
  const authorization = headers['authorization'];
  const bearer =
    authorization === undefined ? null : (readPlain(authorization) ?? /^Bearer\s+(\S+)\s*$/i.exec(authorization)?.[1]);
  if (bearer) return bearer;
  for (const name of otherHeaders) if (headers[name]) return headers[name];
  return null;
}

/** A check whether a request presents this one key; how long it takes tells no more than whether the length was right. */
export function createKeyCheck(key: string): (headers: Headers) => boolean {
  const wanted = Buffer.from(key);
  return (headers) => {
    const presented = readBearer(headers);
    if (presented === null) return false;
    const bytes = Buffer.from(presented);
    return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
  };
}
