// Alerts: told in the log and counted at once; what keeps and delivers them is loaded by the first.
import { loadOnce } from '#shared/load-once.ts';
import type { Alerts } from '../ports-telemetry.ts';
import type { AlertDesk, AlertsOptions } from './alert-desk.ts';

/** Alerts over a store. */
export function createAlerts(options: AlertsOptions): Alerts {
  const { clock, log, metrics, shares } = options;
  /** Whether there is anything to end. */
  let isAsked = false;
  const load = loadOnce(async () => (await import('./alert-desk.ts')).createAlertDesk(options));
  const open = async (): Promise<AlertDesk> => {
    isAsked = true;
    return load();
  };
  return {
    shares,
    raise: (alert) => {
      log.warn(`${alert.kind}.alert`, { what: alert.text });
      metrics.count('freeway_alerts_total', { kind: alert.kind });
      const at = new Date(clock.now()).toISOString();
      open().then(
        (desk) => desk.take(alert, at),
        () => log.error('alerts.failed', { what: alert.text }),
      );
    },
    // What was raised before is taken before.
    flush: async () => (isAsked ? (await open().catch(() => null))?.flush() : undefined),
    list: async (limit) => (await open()).list(limit),
  };
}
