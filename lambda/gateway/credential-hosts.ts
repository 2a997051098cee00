// Hosts at which a provider is asked, as the catalog lists them.
import type { Provider } from '#shared/catalog.ts';

/** One of a template's fields may be a part of the host's name; it can't make another host of it. */
function toPattern(template: string): RegExp {
  const [origin = ''] = /^https?:\/\/[^/]+/.exec(template) ?? [];
  const parts = origin.split(/\{\w+\}/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('[\\w-]+')}$`, 'i');
}

/** Whether the catalog lists this origin, such as `https://api.example.com`, for a provider with several, all of them its own. */
export const isListed = ({ baseUrl, places }: Provider, origin: string): boolean =>
  places !== undefined && [baseUrl, ...places.map((place) => place.baseUrl)].some((one) => toPattern(one).test(origin));
