// Builds the list of candidates (model x credential) with their tiers and pools from catalog and credentials.
import type { Model, ModelSize, Provider } from '#shared/catalog.ts';
import { modelSizes } from '#shared/catalog.ts';
import { matchesAny } from '#shared/patterns.ts';
import type { Pool } from '#shared/pools.ts';
import { toMask } from './capabilities.ts';
import type { RoutableCredential } from './credential.ts';
import { toFingerprint } from './fingerprint.ts';
import type { BoundPool, Candidate, Tier } from './types.ts';

/** What calling the model on this plan costs: free, paid or local; null when the plan can't call it. */
function toTier(model: Model, credential: RoutableCredential): Tier | null {
  if (credential.plan === 'local') return 'local';
  if (model.free === 'always') return 'free';
  if (credential.plan === 'paid') return 'paid';
  return model.free === 'plan' ? 'free' : null;
}

function toFamily(model: Model): string {
  return (
    model.family ??
    model.id
      .replace(/^.*\//, '')
      .replace(/:free$/, '')
      .toLowerCase()
  );
}

const DAY_MS = 86_400_000;

const sizeRank = (size: ModelSize | undefined): number => modelSizes.indexOf(size ?? 'large');

/** Catalog models with the credential's own laid over them, narrowed to those it allows. */
function modelsOf(credential: RoutableCredential): Model[] {
  const byId = new Map(credential.provider.models.map((model) => [model.id, model]));
  for (const model of credential.models) byId.set(model.id, { ...byId.get(model.id), ...model });
  const { allowedModels } = credential;
  return [...byId.values()].filter(({ id }) => allowedModels.length === 0 || matchesAny(allowedModels, id));
}

const poolIdentity = (pool: Pool): string =>
  `${pool.models.join(',')}|${pool.kinds?.join(',') ?? ''}|${pool.unit}|${JSON.stringify(pool.clock)}`;

/** Pools of the plan, with the credential's own laid over them, by identity. */
function poolsOf(credential: RoutableCredential): ReadonlyMap<string, Pool> {
  const byIdentity = new Map<string, Pool>();
  for (const pool of credential.provider.pools)
    if (pool.plan === undefined || pool.plan === credential.plan) byIdentity.set(poolIdentity(pool), pool);
  for (const pool of credential.pools) byIdentity.set(poolIdentity(pool), pool);
  return byIdentity;
}

/** Who shares the pool: two credentials with the same owner draw on the same state. */
function ownerOf(pool: Pool, credential: RoutableCredential): string {
  if (pool.scope === 'ip') return `ip:${credential.provider.id}`;
  if (pool.scope === 'credential') return credential.id;
  if (credential.account === null) return credential.head ?? credential.id;
  return `${pool.scope}:${credential.provider.id}:${credential.account}`;
}

const covers = (pool: Pool, model: Model): boolean =>
  (pool.kinds === undefined || pool.kinds.includes(model.kind)) && matchesAny(pool.models, model.id);

/** Ties pools to their state: one for all models that a pool covers, made once, or one for this model. */
function createBind(credential: RoutableCredential): (identity: string, pool: Pool, model: Model) => BoundPool {
  const shared = new Map<Pool, BoundPool>();
  return (identity, pool, model) => {
    const known = shared.get(pool);
    if (known !== undefined) return known;
    const only = pool.perModel ? `|${model.id}` : '';
    const bound = { ...pool, key: toFingerprint(`${ownerOf(pool, credential)}|${identity}${only}`) };
    if (!pool.perModel) shared.set(pool, bound);
    return bound;
  };
}

/** Whether Freeway can call the model: its wire and operation are ones it speaks. */
export type Serves = (model: Model, provider: Provider) => boolean;

interface Draft {
  readonly credential: RoutableCredential;
  readonly model: Model;
  readonly tier: Tier;
  readonly pools: readonly BoundPool[];
}

function toDrafts(credential: RoutableCredential, serves: Serves): Draft[] {
  const pools = poolsOf(credential);
  const bind = createBind(credential);
  const drafts: Draft[] = [];
  for (const model of modelsOf(credential)) {
    const tier = toTier(model, credential);
    if (tier === null || !serves(model, credential.provider)) continue;
    const own: BoundPool[] = [];
    for (const [identity, pool] of pools) if (covers(pool, model)) own.push(bind(identity, pool, model));
    drafts.push({ credential, model, tier, pools: own });
  }
  return drafts;
}

/** Candidates whose pools overlap must live in one book, so that one write can reserve over all of them: connected components. */
function toBooks(drafts: readonly Draft[]): string[] {
  const parent = new Map<string, string>();
  const find = (key: string): string => {
    let root = key;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    return root;
  };
  for (const draft of drafts) {
    const [first, ...rest] = draft.pools.map((pool) => pool.key);
    if (first === undefined) continue;
    // The smallest key becomes the root, so that the book's name does not depend on the order of credentials.
    for (const key of rest) {
      const [a, b] = [find(first), find(key)].sort();
      if (a !== undefined && b !== undefined) parent.set(b, a);
    }
  }
  return drafts.map(({ credential, pools }) => {
    const key = pools[0]?.key;
    return key === undefined ? credential.id : find(key);
  });
}

/** Where prompts go and how long they stay there, as far as it is known. */
function toPlaces({
  regions,
  retentionDays,
  provider,
}: RoutableCredential): Pick<Candidate, 'regions' | 'retentionDays'> {
  const known = regions ?? provider.terms.regions;
  const days = retentionDays ?? provider.terms.retentionDays;
  return { ...(known === undefined ? {} : { regions: known }), ...(days === undefined ? {} : { retentionDays: days }) };
}

/** The end of the last day; none where it is no day, which whoever lists models of their own may write. */
function toEnd({ retiresOn = '' }: Model): Pick<Candidate, 'retiredAtMs'> {
  const atMs = Date.parse(retiresOn);
  return Number.isNaN(atMs) ? {} : { retiredAtMs: atMs + DAY_MS };
}

/** All candidates of the given credentials, in their order. Models that the plan can't call, or that we can't, are left out. */
export function toCandidates(credentials: readonly RoutableCredential[], serves: Serves): readonly Candidate[] {
  const drafts = credentials.flatMap((credential) => toDrafts(credential, serves));
  const books = toBooks(drafts);
  return drafts.map(({ credential, model, tier, pools }, index): Candidate => {
    const rank = sizeRank(model.size);
    return {
      route: `${credential.provider.id}/${model.id}`,
      providerId: credential.provider.id,
      modelId: model.id,
      credentialId: credential.id,
      credential: credential.name,
      ...(credential.configured && { configured: true }),
      ...(credential.locked && { locked: credential.locked }),
      kind: model.kind,
      family: toFamily(model),
      tier,
      capabilities: toMask(model.capabilities),
      sizeRank: rank,
      roleRank: Math.max(rank, ...(model.roles ?? []).map(sizeRank)),
      context: model.context ?? null,
      maxOutput: model.maxOutput ?? null,
      price: model.price ?? null,
      ...(credential.provider.tellsCost && { tellsCost: true }),
      priority: credential.priority,
      weight: credential.weight,
      trainsOnPrompts: credential.trainsOnPrompts ?? credential.provider.terms.trainsOnPrompts,
      ...toPlaces(credential),
      ...toEnd(model),
      ...(model.onlyByName && { onlyByName: true }),
      pools,
      book: books[index] ?? credential.id,
      mark: toFingerprint(`${credential.id}|${model.id}`),
    };
  });
}
