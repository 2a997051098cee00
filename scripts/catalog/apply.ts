// Writes findings into a provider's data: prices, context and output with the evidence of the import. Never a limit, never terms. Pure.
import type { Model, Provider } from '#shared/catalog.ts';
import type { Price } from '#shared/price.ts';
import type { Evidence } from '#shared/pools.ts';
import type { Finding, Import, NumberField } from './findings.ts';

type Drift = Extract<Finding, { field: NumberField }>;

const priceOrder = [
  'inputPerMillionUsd',
  'outputPerMillionUsd',
  'cachedInputPerMillionUsd',
  'cacheWritePerMillionUsd',
  'longCacheWritePerMillionUsd',
  'audioInputPerMillionUsd',
  'cachedAudioInputPerMillionUsd',
  'audioOutputPerMillionUsd',
  'imageOutputPerMillionUsd',
  'perMinuteUsd',
  'minimumSeconds',
  'perImageUsd',
  'perMillionCharactersUsd',
  'perRequestUsd',
  'perThousandSearchesUsd',
  'tiers',
  'factors',
  'peaks',
  'changes',
  'evidence',
  'otherEvidence',
] as const satisfies readonly (keyof Price)[];
const modelOrder = [
  'id', 'kind', 'family', 'context', 'maxOutput', 'size', 'roles', 'capabilities', 'price', 'free', 'tokenizer', 'dimensions', 'batch', 'formats',
  'maxBytes', 'maxSeconds', 'features', 'containers', 'ask', 'path', 'wire', 'auth', 'aimed', 'fim', 'retiresOn', 'onlyByName', 'note', 'evidence',
] as const; // prettier-ignore

function inOrder<T extends object>(value: T, order: readonly (keyof T)[]): T {
  const entries = order.filter((name) => value[name] !== undefined).map((name) => [name, value[name]]);
  return Object.fromEntries(entries) as T;
}

function applyToPrice(price: Price | undefined, changes: readonly Drift[], evidence: Evidence): Price {
  const changed = Object.fromEntries(changes.map(({ field, to }) => [field, to]));
  return inOrder({ ...price, ...changed, evidence }, priceOrder);
}

function applyToModel(model: Model, findings: readonly Finding[], evidence: Evidence): Model {
  const drifts = findings.filter((finding): finding is Drift => finding.kind === 'drift');
  const prices = drifts.filter(({ field }) => field.endsWith('Usd'));
  const sizes = drifts.filter(({ field }) => !field.endsWith('Usd'));
  // A price that others dispute keeps its old evidence until a person has decided.
  const disputed = findings.some(({ kind }) => kind === 'conflict');
  const priced = !disputed && (prices.length > 0 || findings.some(({ kind }) => kind === 'confirmed'));
  return inOrder(
    {
      ...model,
      ...Object.fromEntries(sizes.map(({ field, to }) => [field, to])),
      ...(priced ? { price: applyToPrice(model.price, prices, evidence) } : {}),
      ...(sizes.length > 0 ? { evidence } : {}),
    },
    modelOrder,
  );
}

/** The provider with its drifted numbers taken over. The same object when nothing changes. */
export function applyFindings(provider: Provider, findings: readonly Finding[], from: Import): Provider {
  const evidence: Evidence = { source: [from.source], asOf: from.asOf, confidence: 'medium' };
  const forModel = (id: string): Finding[] =>
    findings.filter(
      (finding) =>
        finding.provider === provider.id &&
        'model' in finding &&
        finding.model === id &&
        ['drift', 'conflict', 'confirmed'].includes(finding.kind),
    );
  const models = provider.models.map((model) => {
    const own = forModel(model.id);
    return own.length === 0 ? model : applyToModel(model, own, evidence);
  });
  const changed = models.some((model, index) => JSON.stringify(model) !== JSON.stringify(provider.models[index]));
  return changed ? { ...provider, models } : provider;
}
