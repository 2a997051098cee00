// Behind a distribution at the edge: whoever calls the function's URL directly is sent away, and callers keep their own addresses.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Exchange, Handler } from '../ports.ts';
import { withMembers } from '../ports-exchange.ts';
import { plainAddress, toCaller } from './forwarded.ts';

/** What the distribution adds to every request, and nobody else knows. */
const EDGE = 'x-freeway-edge';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

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
    const distribution = plainAddress(exchange.remoteAddress ?? '');
    const isDistribution = (address: string): boolean => address === distribution;
    // The secret ends here: headers of ours are looked at and kept further on.
    const { [EDGE]: _, ...headers } = exchange.headers;
    await handler(withMembers(exchange, { remoteAddress: toCaller(exchange, isDistribution), headers }));
  };
}
