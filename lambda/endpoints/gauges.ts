// Brings the gauges of candidates up to date before they are read: pressure of their quota, and their breakers.
import type { EndpointDeps, Services } from './endpoint.ts';

const openness = { closed: 0, recovering: 0.25, half_open: 0.5, open: 1 } as const;

/** Sets those of each candidate; pressure only where there are limits. */
export function updateGauges(
  { fleet, ledger }: Services,
  { clock, metrics }: Pick<EndpointDeps, 'clock' | 'metrics'>,
): void {
  const standings = ledger.standings(clock.now());
  metrics.forgetGauges();
  fleet.candidates.forEach(({ route, credential, pools }, index) => {
    const { pressure = 0, longPressure, breaker = 'closed' } = standings[index] ?? {};
    metrics.gauge('freeway_breaker_open', openness[breaker], { route, credential });
    if (pools.length > 0) metrics.gauge('freeway_pool_pressure', pressure, { route, credential });
    if (longPressure !== undefined) metrics.gauge('freeway_long_pool_pressure', longPressure, { route, credential });
  });
}
