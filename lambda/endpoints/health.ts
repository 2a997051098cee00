// GET /health: whether we and the store are up. Open to everybody, so it tells nothing else.
import type { Store } from '../ports.ts';
import { replyJson, type Endpoint, type EndpointDeps } from './endpoint.ts';

/** The endpoint over the store. */
export function createHealthEndpoint({ store, version, log }: EndpointDeps & { readonly store: Store }): Endpoint {
  return async (visit) => {
    try {
      await store.ping();
      replyJson(visit, 200, { status: 'ok', version, store: store.kind });
    } catch (error) {
      log.warn('store.unavailable', { what: 'health', error: error instanceof Error ? error.message : 'unknown' });
      // Requests are still served on this instance's own books.
      replyJson(visit, 200, { status: 'degraded', version, store: `${store.kind} (unreachable)` });
    }
  };
}
