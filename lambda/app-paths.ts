// Paths as callers write them whose base URL is that of another gateway, or has too much or too little of ours.

/** What stands before the paths of OpenAI's format here. */
const BASE = '/v1';

/** Base URLs that clients are used to, as they end; behind each comes the path of a call. */
const bases = /^(?:\/api|\/openai)?(?:\/v1)*/;

/** Formats with a base URL of their own: without `/v1` nobody could tell whose path it is. */
const others = ['/v1/messages', '/v1/explain', '/v1/files', '/v1/batches'];

/**
 * The same URL without `/v1`, where it may be called so, too: gateways whose clients are told a host alone serve OpenAI's format there.
 * null where it may not.
 */
export function withoutBase(path: string): string | null {
  if (!path.startsWith(`${BASE}/`) || path.includes(':')) return null;
  return others.some((other) => path.startsWith(other)) ? null : path.slice(BASE.length);
}

const respell = (path: string): string[] => {
  const plain = path.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  return [plain, plain.replace(bases, BASE), plain.replace(/^\/v1(?=\/v1beta\/)/, '')];
};

/** The path that was most likely meant by one that leads nowhere, among those that lead somewhere; null when none is near. */
export const findMeantPath = (path: string, leadsSomewhere: (path: string) => boolean): string | null =>
  [...respell(path), ...respell(path.toLowerCase())].find((one) => one !== path && leadsSomewhere(one)) ?? null;
