// An exchange in front of another one, which differs from it in some of its members.
import type { Exchange } from './ports.ts';

/** All that an exchange may have: a new member does not compile before it is handed on here. */
type Members = { readonly [Member in keyof Required<Exchange>]: Exchange[Member] };

/**
 * The same exchange but for what is given. By name, since what an exchange tells and does may be its class's, and stands on its own fields,
 * so that neither a spread nor a prototype would do.
 */
export function withMembers(exchange: Exchange, changed: Partial<Exchange>): Exchange {
  const { method, path, query, headers, remoteAddress, deadlineAtMs, waitsForHandler, chunks } = exchange;
  const same: Members = {
    method,
    path,
    query,
    headers,
    remoteAddress,
    deadlineAtMs,
    waitsForHandler,
    chunks: chunks?.bind(exchange),
    body: (limitBytes) => exchange.body(limitBytes),
    onGone: (listener) => exchange.onGone(listener),
    reply: (status, given) => exchange.reply(status, given),
  };
  return { ...same, ...changed };
}
