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

/** The most lines of a table. */
const MAX_LINES = 50_000;

async function readAll(
  deps: ApiDeps,
  query: Parameters<ApiDeps['identity']['audit']['page']>[0],
): Promise<AuditEvent[]> {
  const all: AuditEvent[] = [];
  let after: string | null | undefined = query.after;
  do {
    const { events, next } = await deps.identity.audit.page({ ...query, limit: 1000, after: after ?? undefined });
    all.push(...events);
    after = next;
  } while (after !== null && all.length < MAX_LINES);
  return all;
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
  if (format === 'csv') {
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="audit.csv"',
    };
    return { headers, text: toCsv(await readAll(deps, query)) };
  }
  const { events, next } = await deps.identity.audit.page(query);
  return { json: { data: events, next } };
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
