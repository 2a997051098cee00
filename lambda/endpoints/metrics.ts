// GET /metrics: all counters and histograms as Prometheus text.
import { updateGauges } from './gauges.ts';
import { principalOf, type Endpoint, type EndpointDeps } from './endpoint.ts';

export interface MetricsDeps {
  /** What each metric counts, in words. */
  readonly metricHelp: () => Promise<Readonly<Record<string, string>>>;
}

/** The endpoint over the registry. */
export function createMetricsEndpoint(deps: EndpointDeps & MetricsDeps): Endpoint {
  return async (visit) => {
    const { exchange, requestId } = visit;
    const help = await deps.metricHelp();
    updateGauges(await deps.current(principalOf(visit)), deps);
    exchange
      .reply(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'x-freeway-request-id': requestId })
      .end(deps.metrics.render(help));
  };
}
