// Reads the model lists of other works into one shape. Pure: the texts are fetched elsewhere.
import * as z from 'zod/mini';
import type { Price } from '#shared/price.ts';

/** Prices of calls with more input than `inputTokensAbove`, as the catalog writes them. */
export type Tier = NonNullable<Price['tiers']>[number];

/** One model as a source lists it. Absent is unknown; a price of 0 for both sides is taken as unknown, since lists write 0 for both. */
export interface ImportedModel {
  /** Catalog id of the provider. */
  readonly provider: string;
  /** Model id as the catalog writes it. */
  readonly id: string;
  readonly context?: number | undefined;
  readonly maxOutput?: number | undefined;
  /** US dollars per million tokens. */
  readonly inputUsd?: number | undefined;
  readonly outputUsd?: number | undefined;
  readonly cachedUsd?: number | undefined;
  readonly writtenUsd?: number | undefined;
  /** In the order of their edges; absent where the prices are unknown, empty where they are the same for any length. */
  readonly tiers?: readonly Tier[] | undefined;
  readonly capabilities: Readonly<Partial<Record<'tools' | 'vision' | 'json' | 'reasoning', boolean>>>;
}

/** Which of a source's providers stands for which of ours, and what its model ids lack at the front. */
export type SourceMap = Readonly<Record<string, { readonly provider: string; readonly prefix?: string }>>;

const count = z.optional(z.number().check(z.nonnegative()));
const tokenCost = {
  input: count,
  output: count,
  cacheRead: count,
  cache_read: count,
  cacheWrite: count,
  cache_write: count,
};
const edge = z.object({ type: z.optional(z.string()), size: count });
const tier = z.object({ ...tokenCost, inputTokensAbove: count, tier: z.optional(edge) });
const cost = z.object({ ...tokenCost, tiers: z.optional(z.array(tier)) });

const snapshotModel = z.object({
  id: z.string(),
  type: z.optional(z.string()),
  reasoning: z.optional(z.boolean()),
  input: z.optional(z.array(z.string())),
  cost: z.optional(cost),
  contextWindow: count,
  maxTokens: count,
});

const liveModel = z.object({
  id: z.string(),
  reasoning: z.optional(z.boolean()),
  tool_call: z.optional(z.boolean()),
  structured_output: z.optional(z.boolean()),
  modalities: z.optional(z.object({ input: z.optional(z.array(z.string())), output: z.optional(z.array(z.string())) })),
  cost: z.optional(cost),
  limit: z.optional(z.object({ context: count, output: count })),
});

const models = z.record(z.string(), z.unknown());
const snapshotFile = z.record(z.string(), models);
const liveFile = z.record(z.string(), z.object({ models: z.optional(models) }));

/** Lists write 0 for what has no price of its own. */
const toCached = (given: z.infer<typeof cost>): number | undefined =>
  (given.cacheRead ?? given.cache_read) || undefined;
const toWritten = (given: z.infer<typeof cost>): number | undefined =>
  (given.cacheWrite ?? given.cache_write) || undefined;

function toTier(given: z.infer<typeof tier>): Tier | null {
  const inputTokensAbove = given.inputTokensAbove ?? given.tier?.size;
  // Prices may go by other measures, too, such as the time of day.
  if (inputTokensAbove === undefined || (given.tier?.type ?? 'context') !== 'context') return null;
  return {
    inputTokensAbove,
    inputPerMillionUsd: given.input,
    outputPerMillionUsd: given.output,
    cachedInputPerMillionUsd: toCached(given),
    cacheWritePerMillionUsd: toWritten(given),
  };
}

function toPrices(given: z.infer<typeof cost> | undefined): Partial<ImportedModel> {
  const { input, output, tiers = [] } = given ?? {};
  if (given === undefined || input === undefined || output === undefined || (input === 0 && output === 0)) return {};
  const [cached, written] = [toCached(given), toWritten(given)];
  return {
    inputUsd: input,
    outputUsd: output,
    ...(cached === undefined ? {} : { cachedUsd: cached }),
    ...(written === undefined ? {} : { writtenUsd: written }),
    tiers: tiers
      .map(toTier)
      .filter((found) => found !== null)
      .toSorted((a, b) => a.inputTokensAbove - b.inputTokensAbove),
  };
}

/** Lists write 0 for what they do not know, and answers that are longer than the context, which none can be. */
function toSizes(
  context: number | undefined,
  output: number | undefined,
): Pick<ImportedModel, 'context' | 'maxOutput'> {
  return { context: context || undefined, maxOutput: output ? Math.min(output, context || output) : undefined };
}

function toSnapshotModel(json: unknown, provider: string, prefix: string): ImportedModel | null {
  const parsed = snapshotModel.safeParse(json);
  if (!parsed.success || (parsed.data.type ?? 'chat') !== 'chat') return null;
  const { id, reasoning, input, cost, contextWindow, maxTokens } = parsed.data;
  return {
    provider,
    id: prefix + id,
    ...toSizes(contextWindow, maxTokens),
    ...toPrices(cost),
    capabilities: {
      // The snapshot lists only models that take tools, so it says nothing of their absence.
      tools: true,
      ...(input ? { vision: input.includes('image') } : {}),
      ...(reasoning === undefined ? {} : { reasoning }),
    },
  };
}

function toLiveModel(json: unknown, provider: string, prefix: string): ImportedModel | null {
  const parsed = liveModel.safeParse(json);
  if (!parsed.success || !(parsed.data.modalities?.output ?? ['text']).includes('text')) return null;
  const { id, reasoning, tool_call, structured_output, modalities, cost, limit } = parsed.data;
  return {
    provider,
    id: prefix + id,
    ...toSizes(limit?.context, limit?.output),
    ...toPrices(cost),
    capabilities: {
      ...(tool_call === undefined ? {} : { tools: tool_call }),
      ...(modalities?.input ? { vision: modalities.input.includes('image') } : {}),
      ...(structured_output === undefined ? {} : { json: structured_output }),
      ...(reasoning === undefined ? {} : { reasoning }),
    },
  };
}

const isModel = (model: ImportedModel | null): model is ImportedModel => model !== null;

/** Models of the packaged snapshot; `files` holds its JSON by provider. Throws when a file has another shape. */
export function parseSnapshot(files: Readonly<Record<string, unknown>>, map: SourceMap): ImportedModel[] {
  return Object.entries(map).flatMap(([provider, { provider: theirs, prefix = '' }]) => {
    if (files[theirs] === undefined) return [];
    const byFormat = snapshotFile.parse(files[theirs]);
    const all = Object.values(byFormat).flatMap((list) => Object.values(list));
    return all.map((json) => toSnapshotModel(json, provider, prefix)).filter(isModel);
  });
}

/** Models of the live list (api.json of models.dev). Throws when it has another shape. */
export function parseLive(json: unknown, map: SourceMap): ImportedModel[] {
  const byProvider = liveFile.parse(json);
  return Object.entries(map).flatMap(([provider, { provider: theirs, prefix = '' }]) => {
    const list = Object.values(byProvider[theirs]?.models ?? {});
    return list.map((given) => toLiveModel(given, provider, prefix)).filter(isModel);
  });
}
