// Behind a distribution at the edge: whoever calls the function's URL directly is sent away, and callers keep their own addresses.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Exchange, Handler } from '../ports.ts';

/** What the distribution adds to every request, and nobody else knows. */
const EDGE = 'x-freeway-edge';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The caller as the distribution saw it: the last address in `x-forwarded-for` that is not the distribution's own. */
function toCaller({ headers, remoteAddress }: Exchange): string | null {
  const addresses = (headers['x-forwarded-for'] ?? '').split(',').map((address) => address.trim());
  return addresses.findLast((address) => address !== '' && address !== remoteAddress) ?? remoteAddress;
}

/** The same exchange from another address. By name, since what an exchange does may be its class's, and stands on its own fields. */
function from(remoteAddress: string | null, exchange: Exchange): Exchange {
  const { method, path, query, headers, deadlineAtMs, waitsForHandler, chunks } = exchange;
  return {
    method,
    path,
    query,
    headers,
    remoteAddress,
    deadlineAtMs,
    ...(waitsForHandler === undefined ? {} : { waitsForHandler }),
    ...(chunks === undefined ? {} : { chunks: chunks.bind(exchange) }),
    body: (limitBytes) => exchange.body(limitBytes),
    onGone: (listener) => exchange.onGone(listener),
    reply: (status, given) => exchange.reply(status, given),
  };
}

function refuse(exchange: Exchange): void {
  const message = 'This address is not for callers. Use that of the distribution before it.';
  exchange
    .reply(403, { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: { message, type: 'permission_error', code: 'forbidden', param: null } }));
}

/** The handler for requests that come by way of the distribution; all of them where there is no secret. */
export function withEdge(secret: string | undefined, handler: Handler): Handler {
  if (!secret) return handler;
  const wanted = digest(secret);
  return async (exchange) => {
    if (!timingSafeEqual(digest(exchange.headers[EDGE] ?? ''), wanted)) return refuse(exchange);
    await handler(from(toCaller(exchange), exchange));
  };
}
