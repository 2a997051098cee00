// Paths as callers write them whose base URL is that of another gateway, or has too much or too little of ours.
import type { NotServed } from './endpoints/not-served.ts';
import type { Exchange } from './ports.ts';

/** What clients of OpenAI's and Google's APIs ask for that is not served, and why. */
export const notServedPaths: readonly (readonly [path: string, what: NotServed])[] = [
  ['/v1/responses/:rest', 'responses'],
  ['/v1/conversations', 'conversations'],
  ['/v1/conversations/:rest', 'conversations'],
  ['/v1/interactions', 'interactions'],
  ['/v1/interactions/:rest', 'interactions'],
  ['/v1/images/edits', 'images'],
  ['/v1/images/variations', 'images'],
];

/** What stands before the paths of OpenAI's format here. */
const BASE = '/v1';

/** Base URLs that clients are used to, as they end; behind each comes the path of a call. */
const bases = /^(?:\/api|\/openai)?(?:\/v1)*/;

/** Formats with a base URL of their own: without `/v1` nobody could tell whose path it is. */
const others = ['/v1/messages', '/v1/explain', '/v1/files', '/v1/batches'];

/**
 * Where else a URL of ours is found, by clients of other routers: their base URL is ours with `/api/v1` (OpenRouter), without `/v1`
 * (LiteLLM), or with one too many.
 */
export function otherPathsOf(path: string): readonly string[] {
  if (!path.startsWith(`${BASE}/`)) return [];
  const isOwn = path.includes(':') || others.some((other) => path.startsWith(other));
  return [`/api${path}`, BASE + path, ...(isOwn ? [] : [path.slice(BASE.length)])];
}

const respell = (path: string): string[] => {
  const plain = path.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  return [plain, plain.replace(bases, BASE), plain.replace(/^\/v1(?=\/v1beta\/)/, '')];
};

/** The path that was most likely meant by one that leads nowhere, among those that lead somewhere; null when none is near. */
export const findMeantPath = (path: string, leadsSomewhere: (path: string) => boolean): string | null =>
  [...respell(path), ...respell(path.toLowerCase())].find((one) => one !== path && leadsSomewhere(one)) ?? null;

/**
 * Whether a request is one of the Gemini surface, by its URL. Below `/v1` lists of models have the same one in the format of OpenAI: there Google's
 * clients, which call it since their 3.0, are known by the header in which they name themselves; a key may come in theirs from anybody.
 */
export const speaksGemini = ({ method, path, headers }: Pick<Exchange, 'method' | 'path' | 'headers'>): boolean =>
  path.startsWith('/v1beta/') ||
  (/^\/v1\/models(?:\/|$)/.test(path) &&
    (method === 'POST' ? path !== '/v1/models' : headers['x-goog-api-client'] !== undefined));
