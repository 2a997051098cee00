// What strangers may write into the audit: so many lines an hour, so that nobody can fill it, or hide in it, without being let in.
import type { AuditAction } from '#shared/api/audit.ts';
import type { Clock } from '../ports.ts';
import type { Audit } from '../ports-people.ts';
import type { Metrics } from '../ports-telemetry.ts';

/** What those may cause who are not let in. */
const ofStrangers: ReadonlySet<AuditAction> = new Set(['sign_in_refused', 'key_guessing']);
/** Lines of one kind that an hour may have on this instance: about one address (of mail where it is proven, else of the network), and about all. */
const OF_ONE = 10;
const OF_ALL = 200;
const HOUR_MS = 3_600_000;

/** What the alarm on security counts. */
const REFUSALS = 'freeway_security_events_total';
const LAST = `More of the kind are only counted until the hour is over (${REFUSALS}).`;

/** The lines of one kind in one hour. */
interface Hour {
  readonly endsAtMs: number;
  readonly byWhom: Map<string, number>;
  lines: number;
}

export interface BoundedOptions {
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Pick<Metrics, 'count'>;
}

/**
 * The writing of an audit, bounded for strangers; sign-ins that were refused are all counted. What is about a proven address and what is not
 * have an hour each, so that no noise keeps the former out. The last line about whoever is cut off says so.
 */
export function createBoundedWrite({ audit, clock, metrics }: BoundedOptions): Audit['write'] {
  const hours = new Map<string, Hour>();
  const hourOf = (kind: string): Hour => {
    const nowMs = clock.now();
    const known = hours.get(kind);
    if (known !== undefined && nowMs < known.endsAtMs && nowMs >= known.endsAtMs - HOUR_MS) return known;
    const fresh: Hour = { endsAtMs: nowMs + HOUR_MS, byWhom: new Map(), lines: 0 };
    hours.set(kind, fresh);
    return fresh;
  };
  return async (entry, origin) => {
    if (!ofStrangers.has(entry.action)) return audit.write(entry, origin);
    if (entry.action === 'sign_in_refused') metrics.count(REFUSALS, { kind: 'sign_in' });
    const hour = hourOf(`${entry.action} ${entry.target === null ? 'unproven' : 'proven'}`);
    const who = entry.target ?? origin.address ?? '';
    const before = hour.byWhom.get(who) ?? 0;
    if (before >= OF_ONE || hour.lines >= OF_ALL) return;
    hour.byWhom.set(who, before + 1);
    hour.lines++;
    const isLast = before + 1 === OF_ONE || hour.lines === OF_ALL;
    await audit.write(isLast ? { ...entry, detail: `${entry.detail ?? ''} ${LAST}`.trim() } : entry, origin);
  };
}
