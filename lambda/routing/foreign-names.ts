// Names of models as users of other routers write them: by the maker, by another name of the provider, by the spelling of a third, with a variant at the end.
import type { Provider } from '#shared/catalog.ts';
import type { ModelNames, Selector } from './selector.ts';
import type { Candidate } from './types.ts';

/** Variants that users of OpenRouter write behind a name. What they ask for beside the model is read with the request, as far as we have a word for it. */
const variants: ReadonlySet<string> = new Set(['nitro', 'floor', 'online', 'exacto', 'extended', 'thinking', 'beta']);

/** A name without variants that are no part of it. `:free` stays at its end. */
export function toPlainName(name: string): string {
  const parts = name.split(':');
  const end = parts.at(-1)?.toLowerCase() === 'free' ? parts.splice(-1) : [];
  const last = parts.findLastIndex((part, at) => at === 0 || !variants.has(part.toLowerCase()));
  return [...parts.slice(0, last + 1), ...end].join(':');
}

/** What all spellings of one model have in common: no maker, no words for the way it was trained, no date, one kind of dash. */
const spell = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/:free$/, '')
    .replace(/[._]/g, '-')
    .replace(/-20\d\d-?[01]\d-?[0-3]\d$/, '')
    .replace(/-(?:instruct|it|latest)$/, '');

const familyOf = ({ id, family }: Provider['models'][number]): string => family ?? id;

/** Everything that is known by its spelling: who serves it here, and by which name the catalog knows it elsewhere. */
interface Spellings {
  readonly here: ReadonlyMap<string, ReadonlySet<number>>;
  /** Spellings of families, by spellings of ids. */
  readonly families: ReadonlyMap<string, string>;
  /** Makers of models, as providers other than themselves name them. */
  readonly makers: ReadonlySet<string>;
}

function toSpellings(candidates: readonly Candidate[], providers: readonly Provider[]): Spellings {
  const here = new Map<string, Set<number>>();
  const note = (name: string, index: number): void => {
    const known = here.get(spell(name));
    if (known === undefined) here.set(spell(name), new Set([index]));
    else known.add(index);
  };
  candidates.forEach(({ modelId, family }, index) => {
    note(modelId, index);
    note(family, index);
  });
  const families = new Map<string, string>();
  const makers = new Set<string>();
  for (const { id: own, aliases = [], models } of providers)
    for (const model of models) {
      families.set(spell(model.id), spell(familyOf(model)));
      const [maker = '', rest] = model.id.toLowerCase().split('/');
      if (rest !== undefined && maker !== own && !aliases.includes(maker)) makers.add(maker);
    }
  return { here, families, makers };
}

const known = new WeakMap<readonly Candidate[], Spellings>();

/** What is served here, and what is known of the world. */
export interface Served {
  readonly candidates: readonly Candidate[];
  readonly names: ModelNames;
  readonly providers: readonly Provider[];
}

/** The provider that a name's first part means, as far as somebody is asked there; null: none. */
function providerOf(first: string, { candidates, providers }: Served): string | null {
  const id = providers.find((provider) => provider.id === first || provider.aliases?.includes(first))?.id ?? null;
  return id !== null && candidates.some(({ providerId }) => providerId === id) ? id : null;
}

function findSpelled(bare: string, served: Served): readonly number[] {
  const { candidates, providers } = served;
  let spellings = known.get(candidates);
  if (spellings === undefined) known.set(candidates, (spellings = toSpellings(candidates, providers)));
  const { here, families, makers } = spellings;
  const spelling = spell(bare);
  const among = [...(here.get(spelling) ?? here.get(families.get(spelling) ?? '') ?? [])];
  const [first = '', rest] = bare.split('/');
  if (rest === undefined) return among;
  const provider = providerOf(first, served);
  const pinned = among.filter((index) => candidates[index]?.providerId === provider);
  // Whoever is named as the provider is not stood in for, but where the name may as well be the maker's.
  return pinned.length > 0 || !makers.has(first) ? pinned : among;
}

/** Whom a name means that is none of ours, but another's for the same model; null: nobody that is known. */
export function parseForeign(name: string, served: Served): Selector | null {
  const { names, providers } = served;
  const plain = toPlainName(name);
  const isFree = plain.toLowerCase().endsWith(':free');
  const bare = (isFree ? plain.slice(0, -':free'.length) : plain).toLowerCase();
  const [first = '', ...rest] = bare.split('/');
  const provider = providers.find(({ aliases }) => aliases?.includes(first))?.id ?? first;
  const named = names.parse(plain) ?? names.parse([provider, ...rest].join('/') + (isFree ? ':free' : ''));
  if (named !== null) return { ...named, name };
  const among = findSpelled(bare, served);
  return among.length === 0 ? null : { name, mode: null, freeOnly: isFree, among, listed: null };
}

/** The name without its maker; null: it names none. */
export const withoutMaker = (name: string): string | null => /^[^/]+\/([^/]+)$/.exec(toPlainName(name))?.[1] ?? null;
