// Looks through the audit, newest first: so many acts for one request and no more. Loaded by whoever reads.
import { setImmediate as turn } from 'node:timers/promises';
import { auditEventSchema, type AuditEvent } from '#shared/api/audit.ts';
import { parseWritten } from '#shared/careful.ts';
import type { Audit } from '../ports-people.ts';
import type { Store } from '../ports.ts';
import { readKnown } from './kept.ts';

/** Events looked at in one go while a filter passes over most, and for one request in all. */
const SCAN = 500;
export const MOST_LOOKED_AT = 20 * SCAN;

type Search = Audit['page'];

/** When an act was, by its key; null for a key that is none of ours. */
const toMoment = (sk: string): string | null => /^[\dT:.-]+Z(?=_)/.exec(sk)?.[0] ?? null;

/** A page of the events in this partition. */
export async function searchAudit(
  store: Store,
  pk: string,
  { limit, after, action, personId }: Parameters<Search>[0],
): ReturnType<Search> {
  const wanted = (event: AuditEvent): boolean =>
    (action === undefined || event.action === action) &&
    (personId === undefined || event.person_id === personId || event.target === personId);
  const isAll = action === undefined && personId === undefined;
  const events: AuditEvent[] = [];
  let from = after ?? null;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += SCAN) {
    // A store on this machine answers at once, and everything else has its turn too.
    if (looked > 0) await turn();
    const page = await store.query(pk, {
      descending: true,
      limit: isAll ? Math.min(SCAN, limit - events.length) : SCAN,
      ...(from === null ? {} : { after: from }),
    });
    for (const { key, item } of page.items) {
      events.push(...readKnown<AuditEvent>(auditEventSchema, parseWritten(item['event'])).filter(wanted));
      if (events.length === limit) return { events, next: key.sk, searchedTo: null };
    }
    from = page.next;
    if (from === null) return { events, next: null, searchedTo: null };
  }
  return { events, next: from, searchedTo: from === null ? null : toMoment(from) };
}
