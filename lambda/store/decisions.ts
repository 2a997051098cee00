// Keeps decisions that somebody wanted explained, for a week.
import { parseWritten } from '#shared/careful.ts';
import type { Clock, DecisionStore, Store } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';

const KEPT_MS = 7 * 86_400_000;
const keyOf = (requestId: string): { pk: string; sk: string } => ({ pk: `decision#${requestId}`, sk: 'views' });

/** The repository over a store. */
export function createDecisions(store: Store, clock: Pick<Clock, 'now'>, log: Log): DecisionStore {
  return {
    keep: async ({ requestId, personId, views }) => {
      if (views.length === 0) return;
      const item = { personId, json: JSON.stringify(views) };
      await store.put(keyOf(requestId), item, clock.now() + KEPT_MS).catch((error: unknown) => {
        log.warn('decision.unwritten', {
          request_id: requestId,
          error: error instanceof Error ? error.name : 'unknown',
        });
      });
    },
    read: async (requestId) => {
      const item = await store.get(keyOf(requestId));
      if (item === null) return null;
      const views = parseWritten(item['json']);
      return Array.isArray(views) ? { personId: String(item['personId']), views } : null;
    },
  };
}
