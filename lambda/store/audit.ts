// The audit in the store: only ever added to, and forgotten after the time that is set.
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { AuditEvent } from '#shared/api/audit.ts';
import { parseWritten } from '#shared/careful.ts';
import type { Clock, Store } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import type { Audit } from '../ports-people.ts';
import { readKnown } from './kept.ts';

export interface AuditOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** How long events are kept, days. */
  readonly days: () => number;
}

const PK = 'audit';
const DAY_MS = 24 * 3_600_000;
/** Events looked at in one go while a filter passes over most, and for one request in all. */
const SCAN = 500;
export const MOST_LOOKED_AT = 20 * SCAN;
/** When an act was, by its key; null for a key that is none of ours. */
const toMoment = (sk: string): string | null => /^[\dT:.-]+Z(?=_)/.exec(sk)?.[0] ?? null;

/** The audit over a store. */
export function createAudit({ store, clock, log, days }: AuditOptions): Audit {
  return {
    write: async (entry, { principal, address, requestId }) => {
      const nowMs = clock.now();
      const at = new Date(nowMs).toISOString();
      const event: AuditEvent = {
        id: `${at}_${randomBytes(6).toString('hex')}`,
        at,
        action: entry.action,
        person_id: principal?.id ?? null,
        email: principal?.email ?? null,
        key_id: principal?.key?.id ?? null,
        target: entry.target?.slice(0, 300) ?? null,
        detail: entry.detail?.slice(0, 1000) ?? null,
        ...(entry.changes === undefined || entry.changes.length === 0 ? {} : { changes: [...entry.changes] }),
        address,
        request_id: requestId,
      };
      try {
        await store.update({
          key: { pk: PK, sk: event.id },
          guards: [{ attr: 'event', is: 'absent' }],
          add: {},
          set: { event: JSON.stringify(event) },
          remove: [],
          expiresAtMs: nowMs + days() * DAY_MS,
        });
      } catch (error) {
        log.error('audit.lost', { what: event.action, error: error instanceof Error ? error.message : 'unknown' });
      }
    },
    page: async ({ limit, after, action, personId }) => {
      // Whoever only writes needs no schema, nor does a start.
      const { auditEventSchema } = await import('#shared/api/audit.ts');
      const wanted = (event: AuditEvent): boolean =>
        (action === undefined || event.action === action) &&
        (personId === undefined || event.person_id === personId || event.target === personId);
      const isAll = action === undefined && personId === undefined;
      const events: AuditEvent[] = [];
      let from = after ?? null;
      for (let looked = 0; looked < MOST_LOOKED_AT; looked += SCAN) {
        // A store on this machine answers at once, and everything else has its turn too.
        if (looked > 0) await turn();
        const page = await store.query(PK, {
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
    },
  };
}
