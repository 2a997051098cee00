// Which models are listed, under which names: each name a request may use stands there once, as an id or beside one.
import { modelSizes } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import type { Principal } from '#shared/people.ts';
import type { ModelAlias } from '../routing/aliases.ts';
import { namesOf } from '../routing/selector.ts';
import type { Candidate } from '../routing/types.ts';
import type { Fleet } from '../gateway/fleet.ts';
import { permits } from './permitted.ts';
import { toSelector } from './ask.ts';

/** One name of the list, and whom it means. */
export interface ListedModel {
  readonly id: string;
  /** `freeway` where the name chooses among providers, else the provider's id. */
  readonly owner: string;
  readonly candidates: readonly Candidate[];
  /** Other names that lead to the same models, or to some of them: ids at their providers, and pins. */
  readonly names: readonly string[];
}

const autoNames = ['auto', 'auto:small', 'auto:large', 'auto:reasoning', 'auto:fast', 'auto:cheap', 'auto:long'];

/** A size is demanded by its name, which nobody can be called by where all are smaller. */
function toAuto(id: string, chats: readonly Candidate[]): ListedModel[] {
  const rank = modelSizes.findIndex((size) => id === `auto:${size}`);
  const candidates = chats.filter(({ roleRank, onlyByName }) => roleRank >= rank && !onlyByName);
  return candidates.length === 0 ? [] : [{ id, owner: 'freeway', candidates, names: [] }];
}

function groupBy(candidates: readonly Candidate[], toKey: (candidate: Candidate) => string): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = toKey(candidate);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return groups;
}

/** Takes each name once, whatever its case. */
function createOnce(taken: Iterable<string>): (names: readonly string[]) => string[] {
  const seen = new Set([...taken].map((name) => name.toLowerCase()));
  return (names) =>
    names.filter((name) => {
      const key = name.toLowerCase();
      return !seen.has(key) && seen.add(key);
    });
}

/** Whom somebody may use, and who is still served. */
export const servedTo = (principal: Principal, { candidates }: Fleet, nowMs: number): Candidate[] =>
  candidates.filter((one) => permits(principal, one) && (one.retiredAtMs ?? Infinity) > nowMs);

/** Every model: `auto` and its modes, then families, whoever serves them, then what is pinned to a provider. */
export function listModels(candidates: readonly Candidate[]): readonly ListedModel[] {
  const chats = candidates.filter(({ kind }) => kind === 'chat');
  const routes = groupBy(candidates, ({ route }) => route);
  const families = [...groupBy(candidates, ({ family }) => family)].filter(([family]) => !routes.has(family));
  const once = createOnce([...autoNames, ...routes.keys(), ...families.map(([family]) => family)]);
  // Pins of one credential stand beside its provider's; all other names lead to whoever bears them.
  const isPin = ({ credential, modelId }: Candidate, name: string): boolean => name === `${credential}/${modelId}`;
  return [
    ...autoNames.flatMap((id) => toAuto(id, chats)),
    ...families.map(([id, group]) => {
      const names = group.flatMap((one) => namesOf(one).filter((name) => !isPin(one, name)));
      return { id, owner: 'freeway', candidates: group, names: once(names) };
    }),
    ...[...routes].map(([id, group]) => ({
      id,
      owner: group[0]?.providerId ?? '',
      candidates: group,
      names: once(group.flatMap(namesOf)),
    })),
  ];
}

/** Who is asked, and who may be. */
interface Sought {
  readonly fleet: Fleet;
  readonly aliases: readonly ModelAlias[];
  readonly permitted: readonly Candidate[];
}

/** The model of any name a request may use. Rejects with CallerError `model_not_found` with near names. */
export async function findModel(id: string, { fleet, aliases, permitted }: Sought): Promise<ListedModel> {
  const listed = listModels(permitted).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const { among, freeOnly, mode } = await toSelector({ model: id, models: [] }, fleet, aliases);
  const meant = among === null ? null : new Set(among.map((index) => fleet.candidates[index]));
  const rank = modelSizes.findIndex((size) => size === mode);
  const candidates = permitted.filter(
    (one) =>
      (meant === null ? one.kind === 'chat' && one.roleRank >= rank && !one.onlyByName : meant.has(one)) &&
      !(freeOnly && one.tier === 'paid'),
  );
  const [first] = candidates;
  if (first === undefined)
    throw new CallerError('model_not_found', `Nobody serves "${id.slice(0, 80)}" to you. See GET /v1/models.`, {
      param: 'model',
    });
  return { id, owner: among === null ? 'freeway' : first.providerId, candidates, names: [] };
}
