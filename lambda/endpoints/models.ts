// GET /v1/models and /v1/models/{id}: every name that can be called, with what it can do and what it costs, for clients of OpenAI and of Anthropic.
import { modelSizes } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import { explainMissing } from '../routing/capabilities.ts';
import { priceAt, pricedAt } from '../routing/price-at.ts';
import type { Candidate, Tier } from '../routing/types.ts';
import { toForeignFields } from './foreign-model-fields.ts';
import { findModel, listModels, servedTo, type ListedModel } from './model-list.ts';
import { principalOf, replyError, replyJson, type Endpoint, type EndpointDeps } from './endpoint.ts';

/** The models of others carry a date; ours are as old as the product. */
const CREATED_AT_MS = Date.UTC(2026, 10, 21);

const tierOrder: readonly Tier[] = ['free', 'local', 'paid'];

const largest = (amounts: readonly (number | null)[]): number | null => {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : Math.max(...known);
};

/** The names of a price as the API writes them: `inputPerMillionUsd` is `input_per_million_usd`. */
const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const toSnakes = (prices: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(prices).map(([name, value]) => [toSnake(name), value as unknown]));

/** What it costs at this moment, and how that changes; nothing of where it is known from. */
function toPrice({ price }: Candidate, nowMs: number): Record<string, unknown> | null {
  if (price === null) return null;
  const { tiers, evidence: _, otherEvidence: __, changes: ___, ...now } = priceAt(price, nowMs) ?? {};
  const changes = price.changes?.filter(({ from }) => Date.parse(from) > nowMs) ?? [];
  return {
    input_per_million_usd: null,
    output_per_million_usd: null,
    ...toSnakes(now),
    ...(tiers && { tiers: tiers.map(toSnakes) }),
    ...(price.peaks && { peaks: price.peaks }),
    ...(changes.length > 0 && {
      changes: changes.map(({ tiers: later, ...change }) => ({
        ...toSnakes(change),
        ...(later && { tiers: later.map(toSnakes) }),
      })),
    }),
  };
}

function toDocument({ id, owner, candidates, names }: ListedModel, nowMs: number): Record<string, unknown> {
  const tiers = tierOrder.filter((tier) => candidates.some((candidate) => candidate.tier === tier));
  const best = candidates.find(({ tier }) => tier === tiers[0]) ?? candidates[0];
  const context = largest(candidates.map((candidate) => candidate.context));
  const maxOutput = largest(candidates.map((candidate) => candidate.maxOutput));
  const capabilities = explainMissing(candidates.reduce((mask, candidate) => mask | candidate.capabilities, 0));
  return {
    id,
    object: 'model',
    created: CREATED_AT_MS / 1000,
    owned_by: owner,
    // What clients of Anthropic look for.
    type: 'model',
    display_name: id,
    created_at: new Date(CREATED_AT_MS).toISOString(),
    ...toForeignFields({ id, best: best && pricedAt(best, nowMs), context, maxOutput, capabilities }),
    freeway: {
      kind: best?.kind,
      tier: tiers[0] ?? null,
      tiers,
      family: best?.family,
      size: modelSizes[best?.sizeRank ?? 1],
      context,
      max_output: maxOutput,
      capabilities,
      price: best === undefined ? null : toPrice(best, nowMs),
      providers: [...new Set(candidates.map(({ providerId }) => providerId))],
      credentials: candidates.length,
      ...(names.length === 0 ? {} : { names }),
    },
  };
}

/** GET /v1/models, all in one page. */
export function createModelsEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const principal = principalOf(visit);
    const { fleet } = await deps.current(principal);
    const nowMs = deps.clock.now();
    const listed = listModels(servedTo(principal, fleet, nowMs));
    const page = {
      has_more: false,
      first_id: listed[0]?.id ?? null,
      last_id: listed.at(-1)?.id ?? null,
      total_count: listed.length,
      links: { next: null },
    };
    replyJson(visit, 200, { object: 'list', data: listed.map((one) => toDocument(one, nowMs)), ...page });
  };
}

/** GET /v1/models/{id}; any name a request may use is found. */
export function createModelEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const principal = principalOf(visit);
    const { fleet } = await deps.current(principal);
    const nowMs = deps.clock.now();
    const permitted = servedTo(principal, fleet, nowMs);
    try {
      const found = await findModel(visit.params['id'] ?? '', { fleet, aliases: deps.modelAliases, permitted });
      replyJson(visit, 200, toDocument(found, nowMs));
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
    }
  };
}
