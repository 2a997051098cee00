// Gauges tell of the candidates there are, and of none that are gone.
import { expect, it } from 'vitest';
import type { EndpointDeps, Services } from '#lambda/endpoints/endpoint.ts';
import { updateGauges } from '#lambda/endpoints/gauges.ts';
import { createEmfMetrics } from '#lambda/telemetry/emf.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';

const clock = { now: () => 0 } as EndpointDeps['clock'];

function toServices(...named: readonly [string, number][]): Services {
  const candidates = named.map(([credential]) => ({ route: 'a/m', credential, pools: [{}] }));
  const standings = named.map(([, pressure]) => ({ pressure, longPressure: pressure, breaker: 'open' }));
  return { fleet: { candidates }, ledger: { standings: () => standings } } as unknown as Services;
}

it('of a credential that was removed nothing is left, or its last alarm would ring for ever', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const metrics = createEmfMetrics(createMetrics(), { write, now: () => 0, functionName: null });
  metrics.count('freeway_alerts_total');
  updateGauges(toServices(['used-up', 1], ['fresh', 0.1]), { clock, metrics });
  expect(metrics.render()).toContain('freeway_long_pool_pressure{credential="used-up",route="a/m"} 1\n');
  updateGauges(toServices(['fresh', 0.1]), { clock, metrics });
  expect(metrics.render()).not.toContain('used-up');
  expect(metrics.render()).toContain('freeway_pool_pressure{credential="fresh",route="a/m"} 0.1\n');
  expect(metrics.render()).toContain('freeway_alerts_total 1\n');
  metrics.flush();
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ freeway_pool_pressure: 0.1, freeway_alerts_total: 1 });
});
