// GET /metrics: all counters and histograms as Prometheus text.
import { updatePressure } from './pressure.ts';
import type { Endpoint, EndpointDeps } from './endpoint.ts';

/** The endpoint over the registry. */
export function createMetricsEndpoint(deps: EndpointDeps): Endpoint {
  return async ({ exchange, requestId }) => {
    updatePressure(deps);
    exchange
      .reply(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'x-freeway-request-id': requestId })
      .end(deps.metrics.render());
  };
}
