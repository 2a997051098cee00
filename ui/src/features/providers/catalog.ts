// The catalog as this page shows it: providers to choose from, honest about cards and training.
import { providers } from '#catalog/index.ts';
import type { Provider } from '#shared/catalog.ts';

/** Providers that can be given a key today. */
export const known: readonly Provider[] = providers.filter(({ status }) => status === 'active');

/** A provider by its id. */
export const findProvider = (id: string): Provider | undefined => known.find((provider) => provider.id === id);

const isFree = (provider: Provider): boolean =>
  provider.defaultPlan === 'free' &&
  provider.signupUrl !== undefined &&
  provider.models.some(({ free }) => free !== undefined);

/** No card before a card, no training before training, more free models before fewer. */
function rank({ cardRequired, terms, models }: Provider): number {
  const card = cardRequired === false ? 0 : cardRequired === 'unknown' ? 1 : 2;
  const trains = terms.trainsOnPrompts === false ? 0 : terms.trainsOnPrompts === 'unknown' ? 1 : 2;
  return card * 10 + trains - Math.min(models.length, 20) / 100;
}

/** Where a free key can be had, the easiest first. */
export const freeOffers: readonly Provider[] = known.filter(isFree).toSorted((a, b) => rank(a) - rank(b));

const loopback = /^http:\/\/(localhost|127\.0\.0\.1)[:/]/;

/** Servers that people run on their own machine, at an address that is known beforehand. */
export const localProviders: readonly Provider[] = known.filter(
  ({ defaultPlan, fields }) =>
    defaultPlan === 'local' &&
    fields.some(({ name, default: address = '' }) => name === 'baseUrl' && loopback.test(address)),
);
