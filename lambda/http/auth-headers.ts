// Reads the key a caller presents, and compares keys without telling by timing how much of one was right.
import { timingSafeEqual } from 'node:crypto';
import type { Headers } from '../ports.ts';

/** The key of a request: Authorization: Bearer, x-api-key or x-goog-api-key. Never read from the URL. null when there is none. */
export function readBearer(headers: Headers): string | null {
  const authorization = headers['authorization'];
  const bearer = authorization === undefined ? null : /^Bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
  return bearer ?? (headers['x-api-key'] || headers['x-goog-api-key'] || null);
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
