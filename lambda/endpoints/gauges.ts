// Brings the gauges of candidates up to date before they are read: pressure of their quota, and their breakers.
import type { Standing } from '../routing/decide.ts';
import type { Candidate } from '../routing/types.ts';
import type { EndpointDeps, Services } from './endpoint.ts';

const openness = { closed: 0, recovering: 0.25, half_open: 0.5, open: 1 } as const;

/**
 * How full the lasting quota of each kind of model is where most is left of it: among what costs nothing, where there is any. One quota after
 * another being used up is how free tiers are spent; this one tells when the last of them nears its end.
 */
function toQuotaPressures(
  candidates: readonly Candidate[],
  standings: readonly (Standing | undefined)[],
): ReadonlyMap<string, number> {
  const free = new Map<string, number>();
  const paid = new Map<string, number>();
  candidates.forEach(({ kind, tier }, index) => {
    const { longPressure = 0, breaker } = standings[index] ?? {};
    const least = tier === 'paid' ? paid : free;
    if (breaker !== 'open') least.set(kind, Math.min(least.get(kind) ?? 1, longPressure));
  });
  return new Map([...paid, ...free]);
}

/** Sets those of each candidate; pressure only where there are limits. */
export function updateGauges(
  { fleet, ledger }: Services,
  { clock, metrics, locks }: Pick<EndpointDeps, 'clock' | 'metrics' | 'locks'>,
): void {
  const standings = ledger.standings(clock.now());
  metrics.forgetGauges();
  metrics.gauge('freeway_credentials_locked', locks?.known().size ?? 0);
  fleet.candidates.forEach(({ route, credential, pools }, index) => {
    const { pressure = 0, longPressure, breaker = 'closed' } = standings[index] ?? {};
    metrics.gauge('freeway_breaker_open', openness[breaker], { route, credential });
    if (pools.length > 0) metrics.gauge('freeway_pool_pressure', pressure, { route, credential });
    if (longPressure !== undefined) metrics.gauge('freeway_long_pool_pressure', longPressure, { route, credential });
  });
  for (const [kind, pressure] of toQuotaPressures(fleet.candidates, standings))
    metrics.gauge('freeway_quota_pressure', pressure, { kind });
}
