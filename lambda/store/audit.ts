// The audit in the store: only ever added to, and forgotten after the time that is set.
import { randomBytes } from 'node:crypto';
import type { AuditEvent } from '#shared/api/audit.ts';
import type { Clock, Store } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import type { Audit } from '../ports-people.ts';

export interface AuditOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** How long events are kept, days. */
  readonly days: () => number;
}

const PK = 'audit';
const DAY_MS = 24 * 3_600_000;

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
    // Whoever only writes loads neither the search nor a schema, nor does a start.
    page: async (query) => (await import('./audit-search.ts')).searchAudit(store, PK, query),
  };
}
