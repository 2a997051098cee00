// Whoever stands before us tells where a request came from: the caller's own address in place of the proxy's.
import type { Exchange, Handler } from '../ports.ts';
import { withMembers } from '../ports-exchange.ts';

/** An address without a port beside it; of IPv4 as a socket for both tells it, in its own form. */
export const plainAddress = (address: string): string =>
  address
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/^::ffff:(?=[\d.]+$)/i, '')
    .toLowerCase();

/** The last address in `x-forwarded-for` that is no proxy's: each proxy adds the one it saw, and what stands before that anybody may have made up. */
export function toCaller({ headers, remoteAddress }: Exchange, isProxy: (address: string) => boolean): string | null {
  const told = (headers['x-forwarded-for'] ?? '').split(',').map((address) => plainAddress(address.trim()));
  return told.findLast((address) => address !== '' && !isProxy(address)) ?? remoteAddress;
}

/** The handler behind these proxies; who comes past them keeps his own address, whatever he tells. */
export function withProxies(proxies: readonly string[], handler: Handler): Handler {
  if (proxies.length === 0) return handler;
  const known = new Set(proxies.map(plainAddress));
  return (exchange) =>
    known.has(plainAddress(exchange.remoteAddress ?? ''))
      ? handler(withMembers(exchange, { remoteAddress: toCaller(exchange, (address) => known.has(address)) }))
      : handler(exchange);
}
