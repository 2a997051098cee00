// The refresh of the catalog and prices that say more than lists of models can: what changes with time is a person's to decide, the rest is kept.
import { expect, test } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { Model, Provider } from '#shared/catalog.ts';
import type { Price } from '#shared/price.ts';
import { applyFindings } from '../../scripts/catalog/apply.ts';
import { findChanges, type Import } from '../../scripts/catalog/findings.ts';

const [known] = providers;
const evidence = { source: ['list'], asOf: '2026-11-01', confidence: 'medium' } as const;
const place = { provider: 'acme', model: 'm1' };
const nightly = { from: '00:00', until: '06:00', factor: 2 };

const toProvider = (price: Price): Provider => {
  const model: Model = { id: 'm1', kind: 'chat', capabilities: [], price, evidence: { ...evidence, source: ['list'] } };
  return { ...known!, id: 'acme', models: [model], pools: [], retiredModels: [] };
};
const toImport = (inputUsd: number): Import => ({
  source: 'list',
  asOf: '2026-11-10',
  lineage: [],
  models: [{ provider: 'acme', id: 'm1', inputUsd, outputUsd: 4, capabilities: {} }],
});
const find = (price: Price, inputUsd = 1) =>
  findChanges([toProvider(price)], toImport(inputUsd), Date.UTC(2026, 10, 12)).filter(({ kind }) => kind !== 'stale');

const held = { ...evidence, source: ['list'] };

test.each<[string, Price]>([
  ['in its peak', { inputPerMillionUsd: 0.5, outputPerMillionUsd: 2, peaks: [nightly], evidence: held }],
  [
    'since the day it was said to change',
    {
      inputPerMillionUsd: 0.5,
      outputPerMillionUsd: 2,
      changes: [{ from: '2026-11-01', inputPerMillionUsd: 1, outputPerMillionUsd: 4 }],
      evidence: held,
    },
  ],
])('a price that is what the list says %s is confirmed', (_name, price) => {
  expect(find(price)).toEqual([{ kind: 'confirmed', ...place }]);
});

test('a price of several that a list puts otherwise is left to a person', () => {
  const price: Price = { inputPerMillionUsd: 0.5, outputPerMillionUsd: 2, peaks: [nightly], evidence: held };
  expect(find(price, 1.1)).toEqual([{ kind: 'conflict', ...place, field: 'inputPerMillionUsd', from: 1, to: 1.1 }]);
});

test('what lists do not tell of a price is kept when its plain part moves', () => {
  const more = {
    audioInputPerMillionUsd: 2,
    cachedAudioInputPerMillionUsd: 0.2,
    perThousandSearchesUsd: 10,
    factors: { flex: 0.5 },
    otherEvidence: held,
  };
  const provider = toProvider({ inputPerMillionUsd: 1, outputPerMillionUsd: 4, ...more, evidence: held });
  const from = toImport(0.5);
  const next = applyFindings(provider, findChanges([provider], from, Date.UTC(2026, 10, 12)), from);
  expect(next.models[0]?.price).toMatchObject({ ...more, inputPerMillionUsd: 0.5 });
});
