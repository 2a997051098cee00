// GET /v1/models and /v1/models/{id}: every name that can be called, with what it can do and what it costs.
import { CallerError } from '#shared/failures.ts';
import { explainMissing } from '../routing/capabilities.ts';
import type { Candidate, Tier } from '../routing/types.ts';
import { modelSizes } from '#shared/catalog.ts';
import { permits } from './permitted.ts';
import { principalOf, replyError, replyJson, type Endpoint, type EndpointDeps } from './endpoint.ts';

const autoNames = ['auto', 'auto:small', 'auto:large', 'auto:reasoning', 'auto:fast', 'auto:cheap', 'auto:long'];

/** The models of OpenAI carry a date; ours are as old as the product. */
const CREATED = Date.UTC(2026, 10, 21) / 1000;

const tierOrder: readonly Tier[] = ['free', 'local', 'paid'];

function toDocument(id: string, owner: string, candidates: readonly Candidate[]): Record<string, unknown> {
  const tiers = tierOrder.filter((tier) => candidates.some((candidate) => candidate.tier === tier));
  const contexts = candidates.map(({ context }) => context).filter((context) => context !== null);
  const outputs = candidates.map(({ maxOutput }) => maxOutput).filter((output) => output !== null);
  const best = candidates.find(({ tier }) => tier === tiers[0]) ?? candidates[0];
  return {
    id,
    object: 'model',
    created: CREATED,
    owned_by: owner,
    freeway: {
      kind: best?.kind,
      tier: tiers[0] ?? null,
      tiers,
      family: best?.family,
      size: modelSizes[best?.sizeRank ?? 1],
      context: contexts.length === 0 ? null : Math.max(...contexts),
      max_output: outputs.length === 0 ? null : Math.max(...outputs),
      capabilities: explainMissing(candidates.reduce((mask, candidate) => mask | candidate.capabilities, 0)),
      price:
        best?.price === null || best === undefined
          ? null
          : {
              input_per_million_usd: best.price.inputPerMillionUsd ?? null,
              output_per_million_usd: best.price.outputPerMillionUsd ?? null,
            },
      providers: [...new Set(candidates.map(({ providerId }) => providerId))],
      credentials: candidates.length,
    },
  };
}

function groupBy(candidates: readonly Candidate[], toKey: (candidate: Candidate) => string): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates)
    groups.set(toKey(candidate), [...(groups.get(toKey(candidate)) ?? []), candidate]);
  return groups;
}

/** Every name worth listing: `auto` and its modes, then pinned routes, then families that several providers serve. */
function listModels(candidates: readonly Candidate[]): Record<string, unknown>[] {
  const chats = candidates.filter(({ kind }) => kind === 'chat');
  const autos = autoNames.flatMap((name) => {
    // A size is demanded by its name, which nobody can be called by where all are smaller.
    const rank = modelSizes.findIndex((size) => name === `auto:${size}`);
    const able = chats.filter(({ roleRank }) => roleRank >= rank);
    return able.length === 0 ? [] : [toDocument(name, 'freeway', able)];
  });
  const routes = [...groupBy(candidates, ({ route }) => route)].map(([route, group]) =>
    toDocument(route, group[0]?.providerId ?? '', group),
  );
  const taken = new Set(candidates.map(({ route }) => route));
  const families = [...groupBy(candidates, ({ family }) => family)]
    .filter(([family]) => !taken.has(family))
    .map(([family, group]) => toDocument(family, 'freeway', group));
  return [...autos, ...families, ...routes];
}

/** GET /v1/models. */
export function createModelsEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const principal = principalOf(visit);
    const { fleet } = await deps.current(principal);
    const usable = fleet.candidates.filter((one) => permits(principal, one));
    replyJson(visit, 200, { object: 'list', data: listModels(usable) });
  };
}

/** GET /v1/models/{id}; any name a request may use is found. */
export function createModelEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const principal = principalOf(visit);
    const { fleet } = await deps.current(principal);
    const candidates = fleet.candidates.filter((one) => permits(principal, one));
    const id = visit.params['id'] ?? '';
    const listed = listModels(candidates).find((model) => model['id'] === id);
    const selector = listed ? null : fleet.names.parse(id);
    if (listed) return replyJson(visit, 200, listed);
    if (selector) {
      const group =
        selector.among === null
          ? candidates
          : candidates.filter((one) => selector.among?.includes(fleet.candidates.indexOf(one)));
      const usable = selector.freeOnly ? group.filter(({ tier }) => tier !== 'paid') : group;
      if (usable.length > 0) return replyJson(visit, 200, toDocument(id, usable[0]?.providerId ?? 'freeway', usable));
    }
    const near = fleet.names.near(id);
    const hint = near.length === 0 ? '' : ` Did you mean ${near.map((name) => `"${name}"`).join(', ')}?`;
    const error = new CallerError('model_not_found', `There is no model "${id.slice(0, 80)}" here.${hint}`, {
      param: 'model',
    });
    replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
  };
}
