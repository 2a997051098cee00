// Gauges tell of the candidates there are, and of none that are gone.
import { expect, it } from 'vitest';
import type { EndpointDeps, Services } from '#lambda/endpoints/endpoint.ts';
import { updateGauges } from '#lambda/endpoints/gauges.ts';
import { createEmfMetrics } from '#lambda/telemetry/emf.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';

const clock = { now: () => 0 } as EndpointDeps['clock'];

function toServices(...named: readonly [string, number][]): Services {
  const candidates = named.map(([credential]) => ({
    route: 'a/m',
    credential,
    kind: 'chat',
    tier: 'free',
    pools: [{}],
  }));
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

it('quota nears its end where nothing free has much left for as long as hours, kind by kind, and not before', () => {
  const pressureOf = (
    ...rows: readonly [kind: string, tier: string, longPressure: number | undefined, breaker?: string][]
  ) => {
    const candidates = rows.map(([kind, tier], index) => ({
      route: `a/${index}`,
      credential: 'c',
      kind,
      tier,
      pools: [],
    }));
    const standings = rows.map(([, , longPressure, breaker = 'closed']) => ({ pressure: 0, longPressure, breaker }));
    const services = { fleet: { candidates }, ledger: { standings: () => standings } } as unknown as Services;
    const metrics = createMetrics();
    updateGauges(services, { clock, metrics });
    const told = metrics.render().matchAll(/^freeway_quota_pressure\{kind="(\w+)"\} (\S+)$/gm);
    return Object.fromEntries([...told].map(([, kind, value]) => [kind, Number(value)]));
  };
  // One free tier after another is used up every day: that is what they are for.
  expect(pressureOf(['chat', 'free', 1], ['chat', 'free', 0.2])).toEqual({ chat: 0.2 });
  expect(pressureOf(['chat', 'free', 1], ['chat', 'free', 0.95])).toEqual({ chat: 0.95 });
  // What has no quota that lasts, such as a model on this machine, does not end.
  expect(pressureOf(['chat', 'free', 1], ['chat', 'local', undefined])).toEqual({ chat: 0 });
  // Nobody is to pay without having been told; where all is paid for, its own quota counts.
  expect(pressureOf(['chat', 'free', 0.95], ['chat', 'paid', undefined])).toEqual({ chat: 0.95 });
  expect(pressureOf(['chat', 'paid', 0.97])).toEqual({ chat: 0.97 });
  // Quota of a provider that is down is of no use.
  expect(pressureOf(['chat', 'free', 0.95], ['chat', 'free', 0, 'open'])).toEqual({ chat: 0.95 });
  expect(pressureOf(['chat', 'free', 0.1], ['embedding', 'free', 0.92])).toEqual({ chat: 0.1, embedding: 0.92 });
});
