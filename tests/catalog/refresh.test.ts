// What npm run catalog finds and writes, for lists in both shapes.
import { expect, describe, test } from 'vitest';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { providers } from '#catalog/index.ts';
import imports from '#catalog/imports.json' with { type: 'json' };
import sources from '#catalog/sources.json' with { type: 'json' };
import { providerSchema } from '#shared/catalog.ts';
import type { Model, Provider } from '#shared/catalog.ts';
import type { Evidence } from '#shared/pools.ts';
import { applyFindings } from '../../scripts/catalog/apply.ts';
import { findChanges, type Finding, type Import } from '../../scripts/catalog/findings.ts';
import { parseLive, parseSnapshot, type ImportedModel } from '../../scripts/catalog/imported.ts';
import { isFault, toReport } from '../../scripts/catalog/report.ts';
import { toTidyJson } from '../../scripts/catalog/tidy-json.ts';

const todayMs = Date.UTC(2026, 10, 21);
const evidence: Evidence = { source: ['list'], asOf: '2026-11-01', confidence: 'medium' };
const vouched: Evidence = { ...evidence, source: ['list', 'docs'] };

const base: Model = {
  id: 'm1',
  kind: 'chat',
  family: 'm1',
  context: 131_072,
  maxOutput: 8192,
  capabilities: ['tools'],
  price: { inputPerMillionUsd: 1, outputPerMillionUsd: 4, evidence },
  evidence,
};

function toProvider(models: readonly Model[], more: Partial<Provider> = {}): Provider {
  return {
    id: 'acme',
    name: 'Acme',
    status: 'active',
    wire: 'openai-chat',
    dialect: 'generic',
    baseUrl: 'https://acme.example/v1',
    paths: {},
    auth: { scheme: 'bearer' },
    fields: [],
    quirks: [],
    defaultPlan: 'free',
    cardRequired: false,
    terms: { commercial: true, serveOthers: true, trainsOnPrompts: false, hardStopsBeforePaid: true, evidence },
    models: [...models],
    retiredModels: [{ id: 'old', since: '2026-01-01' }],
    pools: [],
    notes: [],
    sources: [],
    asOf: '2026-11',
    ...more,
  };
}

const listed: ImportedModel = {
  provider: 'acme',
  id: 'm1',
  context: 131_072,
  maxOutput: 8192,
  inputUsd: 1,
  outputUsd: 4,
  capabilities: { tools: true },
};
const toImport = (models: readonly ImportedModel[], asOf = '2026-11-10'): Import => ({
  source: 'list',
  asOf,
  lineage: ['origin'],
  models,
});
const find = (model: Partial<Model>, imported: Partial<ImportedModel>, asOf?: string): Finding[] =>
  findChanges([toProvider([{ ...base, ...model }])], toImport([{ ...listed, ...imported }], asOf), todayMs);
const place = { provider: 'acme', model: 'm1' };

describe('findings', () => {
  test('a price that holds is confirmed, unless it was seen later than the list', () => {
    expect(find({}, {})).toEqual([{ kind: 'confirmed', ...place }]);
    expect(find({}, {}, '2026-10-01')).toEqual([]);
  });

  test.each<[string, Partial<Model>, Partial<ImportedModel>, Finding[]]>([
    [
      'a price that moved',
      {},
      { inputUsd: 1.1 },
      [{ kind: 'drift', ...place, field: 'inputPerMillionUsd', from: 1, to: 1.1 }],
    ],
    [
      'a price that halved at its only source',
      {},
      { outputUsd: 2 },
      [{ kind: 'drift', ...place, field: 'outputPerMillionUsd', from: 4, to: 2 }],
    ],
    [
      'a price that another source vouches for',
      { price: { ...base.price, evidence: vouched } },
      { outputUsd: 2 },
      [{ kind: 'conflict', ...place, field: 'outputPerMillionUsd', from: 4, to: 2 }],
    ],
    [
      'a small difference between sources',
      { price: { ...base.price, evidence: vouched } },
      { outputUsd: 3.3 },
      [{ kind: 'drift', ...place, field: 'outputPerMillionUsd', from: 4, to: 3.3 }],
    ],
    [
      'a price of the same origin',
      { price: { ...base.price, evidence: { ...evidence, source: ['origin'] } } },
      { outputUsd: 2 },
      [{ kind: 'drift', ...place, field: 'outputPerMillionUsd', from: 4, to: 2 }],
    ],
    [
      'a price that was unknown',
      { price: undefined },
      {},
      [
        { kind: 'drift', ...place, field: 'inputPerMillionUsd', from: null, to: 1 },
        { kind: 'drift', ...place, field: 'outputPerMillionUsd', from: null, to: 4 },
      ],
    ],
    [
      'a cached price that is new',
      {},
      { cachedUsd: 0.1 },
      [{ kind: 'drift', ...place, field: 'cachedInputPerMillionUsd', from: null, to: 0.1 }],
    ],
    [
      'a price of writing to a cache that moved',
      { price: { ...base.price, cacheWritePerMillionUsd: 1 } },
      { writtenUsd: 1.1 },
      [{ kind: 'drift', ...place, field: 'cacheWritePerMillionUsd', from: 1, to: 1.1 }],
    ],
    [
      'a tier that the catalog does not have',
      {},
      { tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 2, outputPerMillionUsd: 8 }] },
      [
        { kind: 'tier', ...place, above: 1000, field: 'inputPerMillionUsd', from: null, to: 2 },
        { kind: 'tier', ...place, above: 1000, field: 'outputPerMillionUsd', from: null, to: 8 },
      ],
    ],
    [
      'a tier that is no more',
      { price: { ...base.price, tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 2 }] } },
      { tiers: [] },
      [{ kind: 'tier', ...place, above: 1000, field: 'inputPerMillionUsd', from: 2, to: null }],
    ],
    [
      'a tier whose price moved',
      { price: { ...base.price, tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 2, outputPerMillionUsd: 8 }] } },
      { tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 2, outputPerMillionUsd: 9 }] },
      [{ kind: 'tier', ...place, above: 1000, field: 'outputPerMillionUsd', from: 8, to: 9 }],
    ],
    [
      'a tier of which the list is silent',
      { price: { ...base.price, tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 2, outputPerMillionUsd: 8 }] } },
      {},
      [{ kind: 'confirmed', ...place }],
    ],
    [
      'another context',
      {},
      { context: 65_536 },
      [
        { kind: 'drift', ...place, field: 'context', from: 131_072, to: 65_536 },
        { kind: 'confirmed', ...place },
      ],
    ],
    [
      'a capability that came',
      {},
      { capabilities: { tools: true, vision: true } },
      [
        { kind: 'confirmed', ...place },
        { kind: 'capability', ...place, capability: 'vision', to: true },
      ],
    ],
    [
      'a capability that went',
      {},
      { capabilities: { tools: false } },
      [
        { kind: 'confirmed', ...place },
        { kind: 'capability', ...place, capability: 'tools', to: false },
      ],
    ],
    [
      'nothing known',
      {},
      { context: undefined, maxOutput: undefined, inputUsd: undefined, outputUsd: undefined, capabilities: {} },
      [],
    ],
  ])('%s', (_, model, imported, expected) => {
    expect(find(model as Partial<Model>, imported)).toEqual(expected);
  });

  test('the end of the base price is no smaller context', () => {
    const tiers = [{ inputTokensAbove: 272_000, inputPerMillionUsd: 2, outputPerMillionUsd: 6 }];
    expect(find({ context: 1_050_000, price: { ...base.price, tiers } }, { context: 272_000 })).toEqual([
      { kind: 'confirmed', ...place },
    ]);
  });

  test('models come and go; retired ones that are still listed are left alone', () => {
    const from = toImport([
      { ...listed, id: 'm2' },
      { ...listed, id: 'old' },
    ]);
    expect(findChanges([toProvider([base])], from, todayMs)).toEqual([
      { kind: 'gone', ...place },
      { kind: 'new', provider: 'acme', model: 'm2' },
    ]);
  });

  test('a model that the list never had is not missed, and a provider without a list is not judged', () => {
    const own = toProvider([{ ...base, evidence: vouched }]);
    expect(findChanges([own], toImport([{ ...listed, id: 'm2' }]), todayMs)).toEqual([
      { kind: 'new', provider: 'acme', model: 'm2' },
    ]);
    expect(findChanges([own], toImport([]), todayMs)).toEqual([]);
  });

  test.each([
    ['2026-09-22', null],
    ['2026-09-21', 61],
    ['2026-09', null],
    ['2026-08', 82],
    ['2026', null],
    ['2025', 325],
  ])('evidence of %s is stale after 60 days: %s', (asOf, days) => {
    const old = { ...evidence, asOf };
    const pools: Provider['pools'] = [
      {
        models: ['*'],
        scope: 'account',
        unit: 'requests',
        max: 5,
        clock: { kind: 'rolling', seconds: 60 },
        evidence: old,
      },
    ];
    const found = findChanges([toProvider([], { pools })], toImport([]), todayMs);
    expect(found).toEqual(
      days === null ? [] : [{ kind: 'stale', provider: 'acme', what: 'limit of 5 requests on *', days }],
    );
  });

  test.each([
    ['2026-11-20', 'ended'],
    ['2026-11-21', 'ending'],
    ['2027-01-20', 'ending'],
    ['2027-01-21', null],
  ])('a model that is served until %s, on 2026-11-21: %s', (on, kind) => {
    const found = findChanges([toProvider([{ ...base, retiresOn: on }])], toImport([]), todayMs);
    expect(found).toEqual(kind === null ? [] : [{ kind, ...place, on }]);
  });

  test('retired providers are left alone', () => {
    expect(
      findChanges([toProvider([base], { status: 'retired' })], toImport([{ ...listed, inputUsd: 9 }]), todayMs),
    ).toEqual([]);
  });
});

describe('writing', () => {
  const write = (model: Model, imported: Partial<ImportedModel>): Provider => {
    const provider = toProvider([model]);
    const from = toImport([{ ...listed, ...imported }]);
    return applyFindings(provider, findChanges([provider], from, todayMs), from);
  };
  const fresh = { source: ['list'], asOf: '2026-11-10', confidence: 'medium' };

  test('takes prices and sizes over with the list as their evidence', () => {
    expect(write(base, { inputUsd: 0.5, cachedUsd: 0.1, context: 65_536 }).models[0]).toEqual({
      ...base,
      context: 65_536,
      price: { inputPerMillionUsd: 0.5, outputPerMillionUsd: 4, cachedInputPerMillionUsd: 0.1, evidence: fresh },
      evidence: fresh,
    });
  });

  test('dates a confirmed price anew and leaves the rest', () => {
    expect(write(base, {}).models[0]).toEqual({ ...base, price: { ...base.price, evidence: fresh } });
  });

  test('leaves a disputed price and its evidence', () => {
    const disputed = { ...base, price: { ...base.price, evidence: vouched } };
    expect(write(disputed, { inputUsd: 0.1, outputUsd: 4.1 }).models[0]?.price).toEqual(disputed.price);
  });

  test('never touches anything but models; without findings it is the same object', () => {
    fc.assert(
      fc.property(fc.constantFrom(...providers), fc.integer({ min: 1, max: 500 }), (provider, cents) => {
        const from = toImport(
          provider.models.map(({ id }) => ({
            ...listed,
            provider: provider.id,
            id,
            inputUsd: cents / 100,
            context: cents * 1000,
          })),
          '2026-12-01',
        );
        const { models, ...rest } = applyFindings(provider, findChanges([provider], from, todayMs), from);
        const { models: before, ...restBefore } = provider;
        expect(rest).toEqual(restBefore);
        const untouched = (list: readonly Model[]): unknown[] =>
          list.map((one) => ({ ...one, context: 0, maxOutput: 0, price: {}, evidence: {} }));
        expect(untouched(models)).toEqual(untouched(before));
        expect(z.safeParse(providerSchema, { ...rest, models }).error).toBeUndefined();
      }),
    );
    const quiet = toProvider([base]);
    expect(applyFindings(quiet, [], toImport([]))).toBe(quiet);
  });

  test('is over after one round: what was written is found to hold', () => {
    const from = toImport([{ ...listed, inputUsd: 0.5, context: 65_536, maxOutput: 4096 }]);
    const provider = toProvider([base]);
    const next = applyFindings(provider, findChanges([provider], from, todayMs), from);
    expect(findChanges([next], from, todayMs)).toEqual([]);
  });
});

describe('lists', () => {
  const map = { acme: { provider: 'acme-inc' }, cloudy: { provider: 'acme-cloud', prefix: 'acme/' } };

  test('the snapshot is read over all its formats; other kinds of models and broken ones are left out', () => {
    const file = {
      'openai-completions': {
        a: {
          id: 'a',
          type: 'chat',
          reasoning: true,
          input: ['text', 'image'],
          cost: {
            input: 1,
            output: 2,
            cacheRead: 0.1,
            cacheWrite: 1.25,
            tiers: [
              { inputTokensAbove: 900, input: 3, output: 6, cacheRead: 0.3, cacheWrite: 0 },
              { inputTokensAbove: 500, input: 2, output: 4, cacheRead: 0.2, cacheWrite: 2.5 },
            ],
          },
          contextWindow: 1000,
          maxTokens: 100,
        },
        broken: { id: 7 },
      },
      'openai-images': { b: { id: 'b', type: 'image', cost: { input: 1, output: 2 } } },
    };
    expect(parseSnapshot({ 'acme-inc': file }, map)).toEqual([
      {
        provider: 'acme',
        id: 'a',
        context: 1000,
        maxOutput: 100,
        inputUsd: 1,
        outputUsd: 2,
        cachedUsd: 0.1,
        writtenUsd: 1.25,
        tiers: [
          {
            inputTokensAbove: 500,
            inputPerMillionUsd: 2,
            outputPerMillionUsd: 4,
            cachedInputPerMillionUsd: 0.2,
            cacheWritePerMillionUsd: 2.5,
          },
          { inputTokensAbove: 900, inputPerMillionUsd: 3, outputPerMillionUsd: 6, cachedInputPerMillionUsd: 0.3 },
        ],
        capabilities: { tools: true, vision: true, reasoning: true },
      },
    ]);
  });

  test('the live list is read by its own names, with the prefix that the catalog uses', () => {
    const json = {
      'acme-cloud': {
        id: 'acme-cloud',
        models: {
          a: {
            id: 'a',
            tool_call: true,
            structured_output: false,
            reasoning: false,
            modalities: { input: ['text'], output: ['text'] },
            cost: {
              input: 1,
              output: 2,
              cache_read: 0.5,
              cache_write: 1.5,
              tiers: [
                { tier: { type: 'context', size: 500 }, input: 2, output: 4, cache_write: 3 },
                { tier: { type: 'hours', size: 8 }, input: 9, output: 9 },
              ],
            },
            limit: { context: 1000, output: 100 },
          },
          painter: { id: 'painter', modalities: { input: ['text'], output: ['image'] } },
        },
      },
    };
    expect(parseLive(json, map)).toEqual([
      {
        provider: 'cloudy',
        id: 'acme/a',
        context: 1000,
        maxOutput: 100,
        inputUsd: 1,
        outputUsd: 2,
        cachedUsd: 0.5,
        writtenUsd: 1.5,
        tiers: [{ inputTokensAbove: 500, inputPerMillionUsd: 2, outputPerMillionUsd: 4, cacheWritePerMillionUsd: 3 }],
        capabilities: { tools: true, vision: false, json: false, reasoning: false },
      },
    ]);
  });

  test('zero for both prices, and for sizes, is unknown and not free', () => {
    const json = {
      'acme-inc': {
        models: { a: { id: 'a', cost: { input: 0, output: 0, cache_read: 0 }, limit: { context: 0, output: 0 } } },
      },
    };
    expect(parseLive(json, map)).toEqual([{ provider: 'acme', id: 'a', capabilities: {} }]);
  });

  test('an answer is no longer than the context', () => {
    const json = { 'acme-inc': { models: { a: { id: 'a', limit: { context: 1000, output: 2000 } } } } };
    expect(parseLive(json, map)).toMatchObject([{ context: 1000, maxOutput: 1000 }]);
  });

  test('another shape is refused', () => {
    expect(() => parseLive([], map)).toThrow();
    expect(() => parseSnapshot({ 'acme-inc': 'text' }, map)).toThrow();
  });

  test('imports.json speaks of providers and sources that exist', () => {
    const ids = new Set(providers.map(({ id }) => id));
    const named = [...Object.keys(imports.live.providers), ...Object.keys(imports.snapshot.providers)];
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
    expect(
      [...imports.lineage, imports.live.source, imports.snapshot.source].filter((key) => !(key in sources)),
    ).toEqual([]);
  });
});

describe('report', () => {
  test('tells faults first, cuts long lists, and knows what fails a check', () => {
    const fresh = Array.from({ length: 8 }, (_, index): Finding => ({
      kind: 'new',
      provider: 'acme',
      model: `n${index}`,
    }));
    const findings: Finding[] = [
      ...fresh,
      { kind: 'conflict', ...place, field: 'inputPerMillionUsd', from: 1, to: 2 },
      { kind: 'capability', ...place, capability: 'vision', to: false },
    ];
    const text = toReport(findings, toImport([listed]));
    expect(text).toContain('"list" as of 2026-11-10: 1 models');
    expect(text).toContain('acme: n0; n1; n2; n3; n4, and 3 more');
    expect(text).toContain("acme/m1: can't vision");
    expect(text.indexOf('acme/m1: inputPerMillionUsd 1 -> 2')).toBeLessThan(text.indexOf('n0'));
    expect(findings.filter(isFault)).toHaveLength(2);
    expect(toReport([], toImport([]))).toContain('Nothing to tell.');
  });

  test('says what to do with what it does not write itself', () => {
    const text = toReport([{ kind: 'gone', provider: 'acme', model: 'm1' }], toImport([listed]));
    expect(text).toContain('catalog/providers');
    expect(text).toContain('retiredModels');
  });
});

test('tidy JSON says the same as the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(toTidyJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(toTidyJson({ a: { b: [1, 2] }, gone: undefined, c: [] })).toBe('{\n  "a": { "b": [1, 2] },\n  "c": []\n}\n');
});
