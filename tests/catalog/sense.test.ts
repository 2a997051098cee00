// Holds the numbers of the catalog to what makes sense: ends that come, names that lead somewhere, prices in their order, sizes that fit.
import { describe, expect, test } from 'vitest';
import { modelAliases } from '#catalog/aliases.ts';
import { providers } from '#catalog/index.ts';

const active = providers.filter(({ status }) => status === 'active');

describe('retirement', () => {
  const leaving = active.flatMap(({ id, models, asOf }) =>
    models.flatMap(({ id: modelId, retiresOn }) => (retiresOn === undefined ? [] : [{ id, modelId, retiresOn, asOf }])),
  );

  test('is told by days that exist, after the provider was looked at last', () => {
    const odd = leaving.filter(({ retiresOn, asOf }) => {
      const day = new Date(`${retiresOn}T00:00:00Z`);
      return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== retiresOn || retiresOn < asOf;
    });
    expect(odd).toEqual([]);
  });

  test('is told of those that leave in the weeks to come', () => {
    const soon = leaving.filter(({ retiresOn }) => retiresOn < '2026-12-31').map(({ modelId }) => modelId);
    expect(soon.toSorted()).toEqual([
      'claude-sonnet-4-5',
      'gemini-2.5-flash',
      'gemini-2.5-pro',
      'gpt-5-mini',
      'gpt-5-nano',
      'gpt-image-1-mini',
      'gpt-image-1.5',
    ]);
  });
});

describe('names that stand for others', () => {
  const known = new Set(
    active.flatMap(({ id, models }) =>
      models.flatMap(({ id: modelId, family = '' }) => [modelId, family, `${id}/${modelId}`]),
    ),
  );
  test.each(modelAliases)('%s stands for %s, which exists', (_, target) => {
    expect(/^auto(:(small|large|reasoning|fast|cheap|long))?(:free)?$/.test(target) || known.has(target)).toBe(true);
  });
});

describe('prices', () => {
  const priced = active.flatMap(({ id, models }) =>
    models.flatMap(({ id: modelId, price }) => (price === undefined ? [] : [{ id, modelId, price }])),
  );
  const levels = priced.flatMap(({ id, modelId, price }) =>
    [price, ...(price.tiers ?? [])].map((level) => ({ name: `${id}/${modelId}`, ...level })),
  );
  const namesOf = (found: readonly { readonly name: string }[]): string[] => found.map(({ name }) => name);

  test('of reading from a cache are no higher than those of input, and those of writing to it no lower', () => {
    const odd = levels.filter(({ inputPerMillionUsd: input = 0, ...level }) => {
      const { cachedInputPerMillionUsd: read = input, cacheWritePerMillionUsd: write = input } = level;
      const { longCacheWritePerMillionUsd: longWrite = write } = level;
      return read > input || write < input || longWrite < write;
    });
    expect(namesOf(odd)).toEqual([]);
  });

  test('rise with the length of the input, and say of longer calls all that they say of short ones', () => {
    const odd = priced.filter(({ price: { tiers = [], ...base } }) => {
      const edges = tiers.map(({ inputTokensAbove }) => inputTokensAbove);
      const steps = [base, ...tiers];
      const fields = Object.keys(base).filter((field) => field.endsWith('PerMillionUsd'));
      const rises = tiers.every(
        (tier, at) =>
          (tier.inputPerMillionUsd ?? 0) > (steps[at]?.inputPerMillionUsd ?? Infinity) &&
          (tier.outputPerMillionUsd ?? 0) >= (steps[at]?.outputPerMillionUsd ?? Infinity),
      );
      const says = tiers.every((tier) => fields.every((field) => field in tier));
      return !rises || !says || edges.some((edge, at) => edge <= (edges[at - 1] ?? 0));
    });
    expect(odd.map(({ modelId }) => modelId)).toEqual([]);
  });

  test('that change name days and hours that exist, in their order', () => {
    const odd = priced.filter(({ price: { changes = [], peaks = [] } }) => {
      const days = changes.map(({ from }) => from);
      const isDay = (day: string): boolean => new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;
      return (
        !days.every(isDay) || days.toSorted().join() !== days.join() || peaks.some(({ from, until }) => from >= until)
      );
    });
    expect(odd.map(({ modelId }) => modelId)).toEqual([]);
  });

  test('that change on a day say of all tokens what they said before', () => {
    const odd = priced.filter(({ price: { changes = [], ...base } }) =>
      changes.some((change) =>
        Object.keys(base).some((field) => (field.endsWith('PerMillionUsd') || field === 'tiers') && !(field in change)),
      ),
    );
    expect(odd.map(({ modelId }) => modelId)).toEqual([]);
  });

  test('of tokens are told for both ways', () => {
    const odd = active.flatMap(({ models }) =>
      models.filter(
        ({ kind, price }) =>
          kind === 'chat' &&
          price !== undefined &&
          (price.inputPerMillionUsd === undefined) !== (price.outputPerMillionUsd === undefined),
      ),
    );
    expect(odd.map(({ id }) => id)).toEqual([]);
  });
});

describe('sizes', () => {
  const all = active.flatMap(({ id, models }) => models.map((known) => ({ ...known, name: `${id}/${known.id}` })));

  test('of vectors are told of every model that makes some', () => {
    const silent = all.filter(({ kind, dimensions }) => kind === 'embedding' && !(dimensions && dimensions > 0));
    // Whoever runs it has chosen among its sizes.
    expect(silent.map(({ name }) => name)).toEqual(['ollama/qwen3-embedding']);
  });

  test('of answers are told of chats alone, and fit the context', () => {
    const odd = all.filter(
      ({ kind, context = Infinity, maxOutput = 0 }) => maxOutput > context || (kind !== 'chat' && maxOutput > 0),
    );
    expect(odd.map(({ name }) => name)).toEqual([]);
  });
});
