// Compares the catalog with an imported list and with the calendar: what drifted, came, went, or grew old. Pure.
import type { Capability, Model, Provider } from '#shared/catalog.ts';
import type { Evidence } from '#shared/pools.ts';
import { dearestPrice } from '#lambda/routing/price-at.ts';
import type { ImportedModel, Tier } from './imported.ts';

/** A list that was read, by its key in sources.json; `lineage` are the keys of works it shares its origin with. */
export interface Import {
  readonly source: string;
  /** ISO date. */
  readonly asOf: string;
  readonly lineage: readonly string[];
  readonly models: readonly ImportedModel[];
}

export const numberFields = [
  'inputPerMillionUsd',
  'outputPerMillionUsd',
  'cachedInputPerMillionUsd',
  'cacheWritePerMillionUsd',
  'context',
  'maxOutput',
] as const;
export type NumberField = (typeof numberFields)[number];

/** What has a price of its own above an edge. */
const tierFields = [
  'inputPerMillionUsd',
  'outputPerMillionUsd',
  'cachedInputPerMillionUsd',
  'cacheWritePerMillionUsd',
] as const;
export type TierField = (typeof tierFields)[number];

interface Place {
  readonly provider: string;
  readonly model: string;
}

/**
 * - `drift`: the source says another number, and may be followed. `conflict`: a price that other sources vouch for differs by
 *   more than a fifth, or one that changes with time differs at all; a person must decide. `confirmed`: the price still holds.
 * - `tier`: a price of calls with more input than `above` tokens differs; null: there is none. `capability`: the source says it can or can't. `gone`: no longer listed. `new`: listed, but not in the catalog.
 * - `ended`: it is not served any more, since `on`. `ending`: it will not be after `on`, within 60 days.
 * - `stale`: evidence older than 60 days; `what` names the part, `days` its age.
 */
export type Finding =
  | (Place & {
      readonly kind: 'drift' | 'conflict';
      readonly field: NumberField;
      readonly from: number | null;
      readonly to: number;
    })
  | (Place & { readonly kind: 'confirmed' | 'gone' | 'new' })
  | (Place & {
      readonly kind: 'tier';
      readonly above: number;
      readonly field: TierField;
      readonly from: number | null;
      readonly to: number | null;
    })
  | (Place & { readonly kind: 'capability'; readonly capability: Capability; readonly to: boolean })
  | (Place & { readonly kind: 'ended' | 'ending'; readonly on: string })
  | { readonly kind: 'stale'; readonly provider: string; readonly what: string; readonly days: number };

const CONFLICT_SHARE = 0.2;
const STALE_DAYS = 60;
const ENDING_DAYS = 60;
const dayMs = 86_400_000;

const isPrice = (field: NumberField): boolean => field.endsWith('Usd');

function ours(model: Model, field: NumberField): number | undefined {
  if (field === 'context' || field === 'maxOutput') return model[field];
  return model.price?.[field];
}

/** The model at the price that a list of that day tells: lists know of one price alone, and of several they tell the dearest. */
const asListed = (model: Model, asOf: string): Model =>
  model.price === undefined ? model : { ...model, price: dearestPrice(model.price, toEndMs(asOf)) ?? undefined };

/** Whether the number is one of several, which a list can't tell apart. */
const isOneOfSeveral = ({ price }: Model): boolean => (price?.changes ?? price?.peaks) !== undefined;

function theirs(imported: ImportedModel, field: NumberField): number | undefined {
  switch (field) {
    case 'inputPerMillionUsd':
      return imported.inputUsd;
    case 'outputPerMillionUsd':
      return imported.outputUsd;
    case 'cachedInputPerMillionUsd':
      return imported.cachedUsd;
    case 'cacheWritePerMillionUsd':
      return imported.writtenUsd;
    default:
      return imported[field];
  }
}

/** Whether the number stands only on works of the source's own origin, so that a change there is a change, not a quarrel. */
const sharesOrigin = (evidence: Evidence | undefined, { source, lineage }: Import): boolean =>
  evidence === undefined || evidence.source.every((key) => key === source || lineage.includes(key));

function compareNumber(
  model: Model,
  imported: ImportedModel,
  field: NumberField,
): { from: number | null; to: number } | null {
  const to = theirs(imported, field);
  const from = ours(model, field);
  if (to === undefined || to === from) return null;
  // Some lists give the end of the base price as the context; the catalog holds the whole window and a tier.
  if (field === 'context' && model.price?.tiers?.some(({ inputTokensAbove }) => inputTokensAbove === to)) return null;
  return { from: from ?? null, to };
}

/** Prices above an edge that differ. A list that tells no prices of a model is silent of its tiers, too. */
function compareTiers(place: Place, { price }: Model, { tiers: theirTiers }: ImportedModel): Finding[] {
  if (theirTiers === undefined) return [];
  const ourTiers = price?.tiers ?? [];
  const edges = new Set([...ourTiers, ...theirTiers].map(({ inputTokensAbove }) => inputTokensAbove));
  return [...edges].flatMap((above) => {
    const at = (tiers: readonly Tier[]): Tier | undefined =>
      tiers.find(({ inputTokensAbove }) => inputTokensAbove === above);
    const [own, listed] = [at(ourTiers), at(theirTiers)];
    return tierFields.flatMap((field): Finding[] => {
      const [from = null, to = null] = [own?.[field], listed?.[field]];
      return from === to ? [] : [{ kind: 'tier', ...place, above, field, from, to }];
    });
  });
}

interface Pair {
  readonly provider: string;
  readonly model: Model;
  readonly imported: ImportedModel;
}

/** Whether what the catalog holds was seen after the list was made. */
const isNewer = (evidence: Evidence | undefined, { asOf }: Import): boolean =>
  evidence !== undefined && evidence.asOf > asOf;

function compareModel({ provider, model: kept, imported }: Pair, from: Import): Finding[] {
  const model = asListed(kept, from.asOf);
  const place = { provider, model: model.id };
  const findings: Finding[] = [];
  for (const field of numberFields) {
    if (isNewer(isPrice(field) ? model.price?.evidence : model.evidence, from)) continue;
    const change = compareNumber(model, imported, field);
    if (change === null) continue;
    const share = change.from === null ? 0 : Math.abs(change.to - change.from) / Math.max(change.from, change.to);
    const isDisputed = share > CONFLICT_SHARE && !sharesOrigin(model.price?.evidence, from);
    const quarrel = isPrice(field) && (isDisputed || isOneOfSeveral(kept));
    findings.push({ kind: quarrel ? 'conflict' : 'drift', ...place, field, ...change });
  }
  const held = model.price?.evidence;
  if (!isNewer(held, from)) findings.push(...compareTiers(place, model, imported));
  const priced = imported.inputUsd !== undefined && held !== undefined && held.asOf < from.asOf;
  if (priced && !findings.some((finding) => 'field' in finding && finding.field.endsWith('Usd')))
    findings.push({ kind: 'confirmed', ...place });
  for (const [capability, to] of Object.entries(imported.capabilities) as [Capability, boolean][]) {
    if (model.capabilities.includes(capability) !== to) findings.push({ kind: 'capability', ...place, capability, to });
  }
  return findings;
}

function compareProvider(provider: Provider, from: Import): Finding[] {
  const listed = new Map(
    from.models.filter((model) => model.provider === provider.id).map((model) => [model.id, model]),
  );
  if (listed.size === 0) return [];
  const retired = new Set(provider.retiredModels.map(({ id }) => id));
  const known = new Set(provider.models.map(({ id }) => id));
  const findings = provider.models.flatMap((model): Finding[] => {
    const place = { provider: provider.id, model: model.id };
    const imported = listed.get(model.id);
    if (imported) return compareModel({ provider: provider.id, model, imported }, from);
    const wasListed = model.evidence !== undefined && sharesOrigin(model.evidence, from);
    return model.kind === 'chat' && wasListed ? [{ kind: 'gone', ...place }] : [];
  });
  const fresh = [...listed.keys()].filter((id) => !known.has(id) && !retired.has(id));
  return [...findings, ...fresh.map((model): Finding => ({ kind: 'new', provider: provider.id, model }))];
}

/** The last moment a date of day, month or year precision may mean. */
function toEndMs(date: string): number {
  const [year = 1970, month = 12, day] = date.split('-').map(Number);
  return day === undefined ? Date.UTC(year, month, 1) - dayMs : Date.UTC(year, month - 1, day);
}

function findStale(provider: Provider, todayMs: number): Finding[] {
  const parts: [string, Evidence | undefined][] = [
    ['terms', provider.terms.evidence],
    ...provider.pools.map((pool): [string, Evidence | undefined] => [
      `limit of ${pool.max} ${pool.unit} on ${pool.models.join(', ')}`,
      pool.evidence,
    ]),
    ...provider.models.flatMap((model): [string, Evidence | undefined][] => [
      [`model ${model.id}`, model.evidence],
      [`price of ${model.id}`, model.price?.evidence],
      [`further prices of ${model.id}`, model.price?.otherEvidence],
    ]),
  ];
  return parts.flatMap(([what, evidence]): Finding[] => {
    const days = evidence ? Math.floor((todayMs - toEndMs(evidence.asOf)) / dayMs) : 0;
    return days > STALE_DAYS ? [{ kind: 'stale', provider: provider.id, what, days }] : [];
  });
}

/** Models that have retired though the catalog still offers them, and those that will soon. */
function findEnds({ id: provider, models }: Provider, todayMs: number): Finding[] {
  return models.flatMap(({ id: model, retiresOn: on }): Finding[] => {
    if (on === undefined) return [];
    const days = Math.floor((toEndMs(on) - todayMs) / dayMs);
    if (days > ENDING_DAYS) return [];
    return [{ kind: days < 0 ? 'ended' : 'ending', provider, model, on }];
  });
}

/** All findings, in the order of the catalog. Retired providers are left alone. `todayMs` is the present, ms since the epoch. */
export function findChanges(providers: readonly Provider[], from: Import, todayMs: number): Finding[] {
  const active = providers.filter(({ status }) => status === 'active');
  return active.flatMap((provider) => [
    ...compareProvider(provider, from),
    ...findEnds(provider, todayMs),
    ...findStale(provider, todayMs),
  ]);
}
