// Whom a request means whose model is known here by no name of ours: the same model under another name, else an error that helps.
import { modelSizes, type Provider } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import type { Fleet } from '../gateway/fleet.ts';
import { findAlias, type ModelAlias } from '../routing/aliases.ts';
import { parseForeign, withoutMaker } from '../routing/foreign-names.ts';
import { joinSelectors, type Selector } from '../routing/selector.ts';

interface Sought {
  readonly names: readonly string[];
  /** What the names mean as they stand, in the same order; null: nothing. */
  readonly parsed: readonly (Selector | null)[];
  readonly fleet: Fleet;
  readonly aliases: readonly ModelAlias[];
}

/** Whoever asks for a model by habit is served by a smaller one rather than not at all: a tier is a wish here. */
function parseAlias(name: string, fleet: Fleet, aliases: readonly ModelAlias[]): Selector | null {
  const alias = findAlias(aliases, name);
  if (alias === null) return null;
  const tier = /^auto:(small|large|reasoning)(:free)?$/.exec(alias);
  const wish = modelSizes.find((size) => size === tier?.[1]);
  const selector = fleet.names.parse(wish === undefined ? alias : `auto${tier?.[2] ?? ''}`);
  return selector === null || wish === undefined ? selector : { ...selector, name: alias, wish };
}

/** What to tell whoever asks for a model that was served once; null: it never was. */
function findRetired(name: string, providers: readonly Provider[]): string | null {
  const wanted = name.toLowerCase();
  for (const provider of providers)
    for (const { id, since, replacement } of provider.retiredModels) {
      const names = [id, `${provider.id}/${id}`, id.replace(/^.*\//, '')];
      if (!names.some((known) => known.toLowerCase() === wanted)) continue;
      const advice =
        replacement === undefined ? 'See GET /v1/models for what is served today.' : `Use "${replacement}" instead.`;
      return `${provider.name} has retired "${id}" (${since}). ${advice}`;
    }
  return null;
}

/** So many names of a list are told that nobody serves. */
const MOST_SHOWN = 5;

function refuse(names: readonly string[], { names: known, providers }: Fleet): never {
  const [name = ''] = names;
  const retired = findRetired(name, providers);
  if (retired !== null) throw new CallerError('model_not_found', retired, { param: 'model' });
  const near = known.near(name);
  const shown = names.slice(0, MOST_SHOWN).map((one) => `"${one.length > 80 ? `${one.slice(0, 80)}...` : one}"`);
  const hint =
    near.length === 0
      ? 'See GET /v1/models for all names, or use "auto".'
      : `Did you mean ${near.map((one) => `"${one}"`).join(', ')}?`;
  throw new CallerError('model_not_found', `There is no model ${shown.join(' or ')} here. ${hint}`, { param: 'model' });
}

/** The very model under another name comes before what only stands for it. */
function parse(name: string, fleet: Fleet, aliases: readonly ModelAlias[]): Selector | null {
  const found = parseForeign(name, fleet) ?? parseAlias(name, fleet, aliases);
  const bare = found === null ? withoutMaker(name) : null;
  return bare === null ? found : parseAlias(bare, fleet, aliases);
}

/** The candidates that names mean of which not all are ours. Throws CallerError `model_not_found` with near names where none means anything. */
export function selectForeign({ names, parsed, fleet, aliases }: Sought): Selector {
  const selectors = names.map((name, at) => parsed[at] ?? parse(name, fleet, aliases));
  return joinSelectors(selectors, fleet.candidates) ?? refuse(names, fleet);
}
