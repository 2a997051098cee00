// Brings the gauges of quota pressure up to date before they are read.
import type { EndpointDeps, Services } from './endpoint.ts';

/** Sets one gauge per candidate that has limits. */
export function updatePressure({ fleet, ledger }: Services, { clock, metrics }: EndpointDeps): void {
  const standings = ledger.standings(clock.now());
  fleet.candidates.forEach(({ route, credential, pools }, index) => {
    if (pools.length > 0)
      metrics.gauge('freeway_pool_pressure', standings[index]?.pressure ?? 0, { route, credential });
  });
}
