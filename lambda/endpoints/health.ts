// GET /health: whether we and the store are up. Open to everybody, so it tells nothing else.
import type { Store } from '../ports.ts';
import { replyJson, type Endpoint, type EndpointDeps } from './endpoint.ts';

/** The endpoint over the store. */
export function createHealthEndpoint({
  store,
  version,
  log,
  locks,
}: EndpointDeps & { readonly store: Store }): Endpoint {
  /** A key that all secrets need is the operator's to put right; a secret that is lost is its person's. */
  const toCredentials = (): { readonly credentials?: string } => {
    const isLocked = [...(locks?.known().values() ?? [])].some((lock) => lock !== 'lost');
    // Told at once; whether it still is so shows the next time.
    if (isLocked) void locks?.again();
    return isLocked ? { credentials: "can't be opened" } : {};
  };
  return async (visit) => {
    try {
      await store.ping();
      const credentials = toCredentials();
      const status = 'credentials' in credentials ? 'degraded' : 'ok';
      replyJson(visit, 200, { status, version, store: store.kind, ...credentials });
    } catch (error) {
      log.warn('store.unavailable', { what: 'health', error: error instanceof Error ? error.message : 'unknown' });
      // Requests are still served on this instance's own books.
      replyJson(visit, 200, { status: 'degraded', version, store: `${store.kind} (unreachable)` });
    }
  };
}
