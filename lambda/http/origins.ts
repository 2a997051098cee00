// Pages of other sites that may call the API from a browser: the headers by which browsers let them, for exactly the origins that are named.
import type { Exchange, Handler, Headers } from '../ports.ts';
import { withMembers } from '../ports-exchange.ts';

/** In a list of origins: pages of whatever site. */
export const ANY_ORIGIN = '*';

/** What is for the web app, which is served from here, and for those who watch. Pages of others have no business there. */
const own = /^\/(api\/(?!v1\/)|metrics$)/;
/** Browsers ask again after this long; none remembers an answer for longer, s. */
const REMEMBERED_SECONDS = 7_200;

/** What a reply depends on, this named too. */
const varying = ({ vary }: Headers, more: string): string => (vary === undefined ? more : `${vary}, ${more}`);

/** Answers a browser that asks beforehand whether a page may send a request. It names the headers that the page has; all of them may come. */
function answerAhead(exchange: Exchange, allowed: Headers): void {
  const asked = exchange.headers['access-control-request-headers'];
  const isHome = exchange.headers['access-control-request-private-network'] !== undefined;
  const answer: Headers = {
    ...allowed,
    vary: varying(allowed, 'access-control-request-headers'),
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-max-age': `${REMEMBERED_SECONDS}`,
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
    // Some browsers ask by name whether a page of the internet may call a machine at home.
    ...(isHome ? { 'access-control-allow-private-network': 'true' } : {}),
  };
  exchange.reply(204, answer).end();
}

/**
 * The handler for whom pages of these origins may call too, and read what is replied; all others fare as without it. Cookies are never let
 * in: such a page shows a key, as any program does.
 */
export function withOrigins(origins: readonly string[], handler: Handler): Handler {
  const known = new Set(origins);
  const isAnybody = known.has(ANY_ORIGIN);
  const toAllowed = (origin: string): Headers | null => {
    if (isAnybody) return { 'access-control-allow-origin': ANY_ORIGIN };
    return known.has(origin) ? { 'access-control-allow-origin': origin, vary: 'origin' } : null;
  };
  return async (exchange) => {
    const { method, path, headers } = exchange;
    const { origin } = headers;
    const allowed = origin === undefined || own.test(path) ? null : toAllowed(origin);
    if (allowed === null) return handler(exchange);
    if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined)
      return answerAhead(exchange, allowed);
    const reply: Exchange['reply'] = (status, given) =>
      exchange.reply(status, {
        ...given,
        ...allowed,
        ...(allowed['vary'] === undefined ? {} : { vary: varying(given, allowed['vary']) }),
        'access-control-expose-headers': '*',
      });
    await handler(withMembers(exchange, { reply }));
  };
}
