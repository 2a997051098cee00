// GET /metrics: all counters and histograms as Prometheus text.
import { alertKinds } from '#shared/api/alerts.ts';
import type { Metrics } from '../ports-telemetry.ts';
import { updateGauges } from './gauges.ts';
import { principalOf, type Endpoint, type EndpointDeps } from './endpoint.ts';

export interface MetricsDeps {
  /** What each metric counts, in words. */
  readonly metricHelp: () => Promise<Readonly<Record<string, string>>>;
}

/** What rules of docs/operate.md ring for at once stands at zero before: of what begins with one Prometheus sees no increase. */
function beginAtZero({ count }: Metrics): void {
  for (const kind of alertKinds) count('freeway_alerts_total', { kind }, 0);
  for (const what of ['read', 'write']) count('freeway_store_unavailable_total', { what }, 0);
  count('freeway_requests_total', { operation: 'chat', tier: 'none', result: 'exhausted' }, 0);
}

/** The endpoint over the registry. */
export function createMetricsEndpoint(deps: EndpointDeps & MetricsDeps): Endpoint {
  return async (visit) => {
    const { exchange, requestId } = visit;
    const help = await deps.metricHelp();
    beginAtZero(deps.metrics);
    updateGauges(await deps.current(principalOf(visit)), deps);
    exchange
      .reply(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'x-freeway-request-id': requestId })
      .end(deps.metrics.render(help));
  };
}
