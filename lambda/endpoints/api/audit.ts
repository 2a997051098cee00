// /api/audit: what was done that others may have to answer for, newest first, also as a table for spreadsheets.
import { auditEventSchema, auditPageSchema, auditQuerySchema, type AuditEvent } from '#shared/api/audit.ts';
import { can } from '#shared/people.ts';
import type * as z from 'zod/mini';
import { principalOf, type Visit } from '../endpoint.ts';
import { toWords } from './changes.ts';
import { toTable } from './csv.ts';
import { allow, toRoute, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

type Query = z.output<typeof auditQuerySchema>;

const columns = Object.keys(auditEventSchema._zod.innerType.shape) as (keyof AuditEvent)[];

/** The table of these events, with a line of names. */
export const toCsv = (events: readonly AuditEvent[]): string =>
  toTable(
    columns,
    events.map(({ changes = [], ...event }) => ({ ...event, changes: toWords(changes) })),
  );

/** The most pages that one table is gathered from, and the most acts in each. */
const MAX_PAGES = 50;
const PAGE = 1_000;

type AuditQuery = Parameters<ApiDeps['identity']['audit']['page']>[0];

async function readAll(
  { identity }: ApiDeps,
  query: AuditQuery,
): Promise<{ readonly events: readonly AuditEvent[]; readonly next: string | null }> {
  const all: AuditEvent[] = [];
  let after: string | null = query.after ?? null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { events, next } = await identity.audit.page({ ...query, limit: PAGE, after: after ?? undefined });
    all.push(...events);
    after = next;
    if (after === null) break;
  }
  return { events: all, next: after };
}

/** The table, and where the rest of it is when it is too long for one. */
async function toTableReply(deps: ApiDeps, query: AuditQuery): Promise<ApiReply> {
  const { events, next } = await readAll(deps, query);
  const { action, personId } = query;
  const wanted = { format: 'csv', action, person_id: personId, after: next ?? undefined };
  const rest = new URLSearchParams(
    Object.entries(wanted).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="audit.csv"',
    ...(next === null ? {} : { link: `</api/audit?${rest.toString()}>; rel="next"` }),
  };
  return { headers, text: toCsv(events) };
}

async function read(
  deps: ApiDeps,
  visit: Visit,
  { person_id: asked, format, limit, after, action }: Query,
): Promise<ApiReply> {
  const principal = principalOf(visit);
  const seesAll = can(principal, 'read', { kind: 'audit' });
  const personId = asked ?? (seesAll ? undefined : principal.id);
  if (personId !== undefined) allow(visit, 'read', { kind: 'audit', ownerId: personId });
  const query = { limit, after, action, personId };
  if (format === 'csv') return toTableReply(deps, query);
  const { events, next, searchedTo } = await deps.identity.audit.page(query);
  return { json: { data: events, next, searched_to: searchedTo } };
}

/** The routes over their services. */
export function toAuditRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/audit',
      summary: 'Sign-ins, refusals, and changes to people, keys, credentials and settings. Members see their own.',
      access: ['read', 'audit'],
      query: auditQuerySchema,
      reply: auditPageSchema,
      texts: ['text/csv'],
      handle: ({ visit, query }) => read(deps, visit, query),
    }),
  ];
}
