// What the catalog's own sizes, contexts and limits lead to: whom the `auto` names choose, with a key for every provider that has a free plan.
import { beforeAll, describe, expect, test } from 'vitest';
import { providers } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import type { Model } from '#shared/catalog.ts';
import { createWorld, type World } from './harness.ts';

const free = providers.filter(({ status, defaultPlan }) => status === 'active' && defaultPlan === 'free');
const toEnv = (ids: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    providers
      .filter(({ id }) => ids.includes(id))
      .flatMap(({ fields }) => fields.flatMap(({ env }) => env.slice(0, 1).map((name) => [name, 'k'.repeat(32)]))),
  );

const models = new Map<string, Model>(
  providers.flatMap(({ id, models: own }) => own.map((model) => [`${id}/${model.id}`, model])),
);

interface Told {
  readonly plan: readonly { readonly route: string; readonly tier: string }[];
  readonly candidates: readonly { readonly route: string; readonly rejected: string | null }[];
}

function createAll(ids: readonly string[]): Promise<World> {
  const env = { FREEWAY_OWNER_KEY: 'o'.repeat(40), ...toEnv(ids) };
  return createWorld({ providers: [], entries: readConfig({ env, providers, readText: () => '', older: [] }).entries });
}

async function explain(world: World, model: string, content: string): Promise<Told> {
  const { text } = await world.ask({ model, messages: [{ role: 'user', content }] }, {}, '/v1/explain');
  return JSON.parse(text) as Told;
}

const prompts = {
  greeting: 'Hello! How are you?',
  proof: 'Prove step by step that there are infinitely many primes congruent to 3 modulo 4.',
  book: `Summarize this: ${'The quick brown fox jumps over the lazy dog. '.repeat(30_000)}`,
};
const FRONT = 5;
const routesOf = ({ plan }: Told): string[] => plan.slice(0, FRONT).map(({ route }) => route);
const all = ['auto', 'auto:small', 'auto:large', 'auto:reasoning', 'auto:fast', 'auto:cheap', 'auto:long'];

describe('with every free key', () => {
  let world: World;
  beforeAll(async () => {
    world = await createAll(free.map(({ id }) => id));
  });

  test('there is a choice among many', async () => {
    const { plan, candidates } = await explain(world, 'auto', prompts.greeting);
    expect(plan.length).toBeGreaterThan(40);
    expect(new Set(candidates.map(({ route }) => route.split('/')[0])).size).toBeGreaterThan(12);
  });

  test('a greeting goes to a small model', async () => {
    const sizes = routesOf(await explain(world, 'auto', prompts.greeting)).map((route) => models.get(route)?.size);
    expect(new Set(sizes)).toEqual(new Set(['small']));
  });

  test.each(['auto:large', 'auto:reasoning'])('%s leads to no small model that was not measured', async (name) => {
    const { plan } = await explain(world, name, prompts.greeting);
    const small = plan.map(({ route }) => models.get(route)).filter((model) => model?.size === 'small');
    expect([...new Set(small.map((model) => model?.family))].filter((family) => family !== 'qwen3.8-27b')).toEqual([]);
    expect(plan.length).toBeGreaterThan(10);
  });

  test.each(['auto', 'auto:reasoning'])('%s gives a proof to models that think', async (name) => {
    for (const route of routesOf(await explain(world, name, prompts.proof)))
      expect(models.get(route)).toMatchObject({ capabilities: expect.arrayContaining(['reasoning']) as unknown });
  });

  test.each(['auto', 'auto:large', 'auto:reasoning', 'auto:long'])(
    '%s gives a book to models that hold it',
    async (name) => {
      for (const route of routesOf(await explain(world, name, prompts.book)))
        expect(models.get(route)?.context).toBeGreaterThan(300_000);
    },
  );

  test('auto:long leads to the longest context first', async () => {
    const { plan } = await explain(world, 'auto:long', prompts.greeting);
    const contexts = plan.map(({ route }) => models.get(route)?.context ?? 0);
    expect(contexts[0]).toBe(Math.max(...contexts));
  });

  test.each(all)('%s never leads to models that only judge texts, nor to those without a plan', async (name) => {
    const { plan } = await explain(world, name, prompts.greeting);
    expect(plan.filter(({ route }) => models.get(route)?.onlyByName)).toEqual([]);
    expect(new Set(plan.map(({ tier }) => tier))).toEqual(new Set(['free']));
  });

  test.each(all)('%s never leads to models of less than two billion parameters', async (name) => {
    const { plan } = await explain(world, name, prompts.greeting);
    expect(plan.filter(({ route }) => /[/-][01](\.\d+)?b\b/.test(route))).toEqual([]);
  });

  test('whoever names such a model gets it', async () => {
    const { plan } = await explain(world, 'lfm-3-1.7b', prompts.greeting);
    expect(plan.map(({ route }) => route)).toEqual(['openrouter/liquid/lfm-3-1.7b:free']);
  });

  test('a list of names that ends with auto leads to none of them either', async () => {
    const body = {
      models: ['groq/openai/gpt-oss-120b', 'auto'],
      messages: [{ role: 'user', content: prompts.greeting }],
    };
    const { plan } = JSON.parse((await world.ask(body, {}, '/v1/explain')).text) as Told;
    expect(plan.length).toBeGreaterThan(40);
    expect(plan.filter(({ route }) => models.get(route)?.onlyByName)).toEqual([]);
  });

  test('whoever names one that judges texts gets it', async () => {
    const { plan } = await explain(world, 'gpt-oss-safeguard-20b', prompts.greeting);
    expect(plan.map(({ route }) => route)).toEqual(['groq/openai/gpt-oss-safeguard-20b']);
  });
});

describe('with paid keys beside them', () => {
  test.each(all)('%s asks all that is free before any that is paid', async (name) => {
    const world = await createAll([...free.map(({ id }) => id), 'openai', 'anthropic']);
    const tiers = (await explain(world, name, prompts.greeting)).plan.map(({ tier }) => tier);
    expect(tiers).toContain('paid');
    expect(tiers.indexOf('paid')).toBeGreaterThan(tiers.lastIndexOf('free'));
  });

  test('auto:cheap asks the cheapest of the paid ones first', async () => {
    const world = await createAll(['openai', 'anthropic']);
    const { plan } = await explain(world, 'auto:cheap', prompts.greeting);
    const prices = plan.map(({ route }) => models.get(route)?.price?.outputPerMillionUsd ?? Infinity);
    expect(prices[0]).toBe(Math.min(...prices));
    expect(new Set(prices).size).toBeGreaterThan(5);
  });
});
