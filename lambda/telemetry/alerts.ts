// Alerts: told in the log and counted at once; what keeps and delivers them is loaded by the first.
import type { Alerts } from '../ports-telemetry.ts';
import type { AlertDesk, AlertsOptions } from './alert-desk.ts';

/** Alerts over a store. */
export function createAlerts(options: AlertsOptions): Alerts {
  const { clock, log, metrics, shares } = options;
  let opened: Promise<AlertDesk> | null = null;
  const open = (): Promise<AlertDesk> =>
    (opened ??= import('./alert-desk.ts')
      .then(({ createAlertDesk }) => createAlertDesk(options))
      .catch((error: unknown) => {
        opened = null;
        throw error;
      }));
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
    flush: async () => (await opened?.catch(() => null))?.flush(),
    list: async (limit) => (await open()).list(limit),
  };
}
