// Which requests may be for the web app; what answers them is opened with the first of them.
import type { Exchange, Handler } from '../ports.ts';

/** Answers a request for a file of the web app or one of its pages; false when it is for neither. */
export type Site = (exchange: Exchange) => boolean;

/** Paths of the API, which are never pages. */
const api = /^\/(v1|v1beta|api|health|metrics|openapi\.json)(\/|$)/;

/** Whether a site has to be asked at all. */
export const mayBePage = ({ method, path }: Exchange): boolean =>
  (method === 'GET' || method === 'HEAD') && !api.test(path);

/** The handler with a site before it. */
export function withSite(open: () => Site | Promise<Site>, handler: Handler): Handler {
  let site: Site | null = null;
  const askSite: Handler = async (exchange) => {
    site ??= await open();
    if (!site(exchange)) await handler(exchange);
  };
  return (exchange) => (mayBePage(exchange) ? askSite(exchange) : handler(exchange));
}
