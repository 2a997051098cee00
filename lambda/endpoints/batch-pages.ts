// What batches and their files have in common: places, methods, and pages of lists.
import { CallerError } from '#shared/failures.ts';
import type { Headers } from '../ports.ts';
import { toPage } from '../wire/batch/view.ts';
import type { Visit } from './endpoint.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is done at a place. */
export type Act = (visit: Visit, id: string) => Promise<void>;
/** By the place, with `*` for an id, and the method. */
export type Acts = Readonly<Record<string, Readonly<Record<string, Act>>>>;

/** The id in a path, empty where the place has none; null: the path is not of this place. Ids hold only what needs no encoding. */
function matchPlace(place: string, path: string): string | null {
  const [wanted, given] = [place.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  let id = '';
  for (const [index, name] of wanted.entries()) {
    if (name === '*') id = given[index] ?? '';
    else if (name !== given[index]) return null;
  }
  return id;
}

/** The act for a request, and the id in its path. Throws CallerError where there is none. */
export function findAct(
  acts: Acts,
  { method, path: given }: Visit['exchange'],
): { readonly act: Act; readonly id: string } {
  const path = given.slice(Math.max(0, given.lastIndexOf('/v1/')));
  for (const [place, methods] of Object.entries(acts)) {
    const id = matchPlace(place, path);
    if (id === null) continue;
    const act = methods[method === 'HEAD' ? 'GET' : method];
    if (act !== undefined) return { act, id };
    const allow = Object.keys(methods).join(', ');
    throw new CallerError('method_not_allowed', `${method} is not allowed here; use ${allow}.`, { allow });
  }
  throw new CallerError('not_found', 'There is nothing at this place below batches and files.');
}

/** Replies with a text that is read as it goes out. Rejects with what the first part rejects with before anything is sent, so that it can be told. */
export async function replyParts({ exchange }: Visit, headers: Headers, parts: AsyncGenerator<string>): Promise<void> {
  let isGone = false;
  exchange.onGone(() => (isGone = true));
  let part = await parts.next();
  const reply = exchange.reply(200, headers);
  for (; part.done !== true; part = await parts.next()) {
    if (isGone) break;
    if (!reply.write(part.value)) await reply.drained();
  }
  reply.end();
}

/** The page of a list that is wanted. */
export interface PageWish {
  readonly limit: number;
  readonly params: URLSearchParams;
}

/** Reads it from a query. Throws CallerError for a limit that is none. */
export function readPage(query: string, { page, most }: { readonly page: number; readonly most: number }): PageWish {
  const params = new URLSearchParams(query);
  const limit = Number(params.get('limit') ?? page);
  if (!Number.isInteger(limit) || limit < 1)
    throw new CallerError('invalid_request', `"limit" must be a whole number from 1 to ${most}.`, { param: 'limit' });
  return { limit: Math.min(limit, most), params };
}

/** Where something stands in a list. Throws CallerError where it does not: to begin anew would turn the same pages for ever. */
export function findPlace(all: readonly Json[], wanted: string, param: string): number {
  const place = all.findIndex(({ id }) => id === wanted);
  if (place >= 0) return place;
  const message = `"${param}" names nothing in this list: it is mistyped, or was deleted. Begin with the first page.`;
  throw new CallerError('invalid_request', message, { param });
}

/** The page after what this parameter of the query names; the first where it is not there. */
export function toPageAfter(all: readonly Json[], { params, limit }: PageWish, param: string): Json {
  const after = params.get(param);
  return toPage(all, { start: after === null ? 0 : findPlace(all, after, param) + 1, limit });
}
