import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { providers } from '#catalog/index.ts';
import { newCredentialSchema } from '#shared/api/credentials.ts';
import { migrate } from '#shared/migrate/migrate.ts';

const folder = new URL('../fixtures/settings/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const parse = (text: string): unknown => {
  try {
    return parseYaml(text);
  } catch {
    return undefined;
  }
};
const found = (text: string) => {
  const migration = migrate(text, providers, parse);
  if (migration === null) throw new Error('nothing was found');
  return migration;
};
const inputs = (text: string) => found(text).credentials.map(({ input }) => input);

/** Every text and number of a document, by where it stands last. */
function leaves(value: unknown): string[] {
  if (typeof value === 'string' && /^[[{]/.test(value)) return leaves(JSON.parse(value));
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return value === '' || value === null || value === undefined ? [] : [String(value)];
}

describe('migration', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.json')))(
    '%s: nothing is lost, and every credential can be saved',
    (name) => {
      const text = read(name);
      const migration = found(text);
      expect(migration.credentials.length).toBeGreaterThan(0);
      for (const { input } of migration.credentials) expect(newCredentialSchema.safeParse(input).error).toBeUndefined();
      const told = JSON.stringify(migration);
      const secret = /^(?:ya29|tvly-|t$|s3cret|\{"email)/;
      // What says only how the settings were written has no place of its own.
      const form = new Set(['2.0.0', 'true', 'false', 'undefined', 'gsk_OLD']);
      for (const leaf of leaves(JSON.parse(text)).filter((value) => !secret.test(value) && !form.has(value))) {
        const bare = leaf.replace(/-free$/, '');
        const own = ['6e0f4f0e', 'p1', 'p2', 'a'].some(
          (id) => leaf.startsWith(id) && leaf.length <= 40 && !leaf.includes('@'),
        );
        const isAddress = /^https?:/.test(leaf);
        if (!own && !isAddress) expect(told, leaf).toContain(JSON.stringify(bare).slice(1, -1).split(',')[0]);
      }
      // Twice is the same as once.
      expect(migrate(text, providers, parse)).toEqual(migration);
    },
  );

  it('keeps the address and all model choices of the first generation', () => {
    const migration = found(read('gen1a-app_settings.localstorage.json'));
    expect(migration.credentials).toMatchObject([
      { input: { provider: 'groq', fields: { apiKey: 'gsk_EXAMPLE_not_a_key' } } },
    ]);
    expect(migration.settings).toEqual([
      { from: 'app_settings.smallModel', to: 'preferences.models.small', value: 'llama-3.1-8b-instant' },
      {
        from: 'app_settings.largeModel',
        to: 'preferences.models.large',
        value: 'meta-llama/llama-4-scout-17b-16e-instruct',
      },
      { from: 'app_settings.reasoningModel', to: 'preferences.models.reasoning', value: 'openai/gpt-oss-120b' },
    ]);
  });

  it('takes several of one type, custom endpoints with their limits, and the plan that a name told', () => {
    expect(inputs(read('gen2-app_settings-2.0.0.localstorage.json'))).toMatchObject([
      { provider: 'groq', plan: 'free', fields: { apiKey: 'gsk_EXAMPLE_not_a_key' } },
      { provider: 'groq', plan: 'free', fields: { apiKey: 'gsk_EXAMPLE_not_a_key2' } },
      {
        provider: 'openai-compatible',
        base_url: 'http://localhost:1234/v1',
        models: [{ id: 'local-model' }],
        pools: [{ unit: 'tokens', max: 100_000 }],
      },
      { provider: 'gemini', plan: 'free' },
    ]);
  });

  it('takes what the first generation left beside the list of the second', () => {
    expect(inputs(read('gen2-mixed-v1-leftovers.localstorage.json'))).toMatchObject([
      { provider: 'groq', fields: { apiKey: 'gsk_OLD' } },
      { provider: 'together', fields: { apiKey: 'tg' } },
    ]);
  });

  it('sends nothing to the older proxy itself, but tells that its address was there', () => {
    const migration = found(read('gen1b-app_settings-tavily.localstorage.json'));
    expect(migration.credentials[0]?.input).not.toHaveProperty('base_url');
    expect(migration.unknown).toHaveProperty('app_settings.apiEndpoint');
  });

  it('reads numbered variables with gaps, and names what the rest is called today', () => {
    const migration = found(read('env-gen2-LLAMDA.json'));
    expect(migration.credentials.map(({ from, input }) => [from, input.provider, input.priority])).toEqual([
      ['LLAMDA_LLM_PROXY_PROVIDER_TYPE_0', 'groq', 10],
      ['LLAMDA_LLM_PROXY_PROVIDER_TYPE_3', 'together', undefined],
      ['LLAMDA_LLM_PROXY_PROVIDER_TYPE_6', 'openai-compatible', undefined],
    ]);
    expect(migration.settings).toEqual([{ from: 'ALLOWED_EMAILS', to: 'ALLOWED_EMAILS', value: 'ann@example.com' }]);
  });

  it('reads a .env file and LiteLLM configurations, keys by name included', () => {
    expect(inputs('GROQ_API_KEY=gsk_one_0123456789\nexport OPENAI_API_KEY="sk-EXAMPLE"\n')).toMatchObject([
      { provider: 'groq' },
      { provider: 'openai' },
    ]);
    const yaml = `model_list:\n  - model_name: fast\n    litellm_params:\n      model: groq/llama-3.1-8b-instant\n      api_key: gsk_one\n      rpm: 30\n  - model_name: named\n    litellm_params:\n      model: openai/gpt-4o\n      api_key: os.environ/OPENAI_API_KEY\nrouter_settings:\n  routing_strategy: simple-shuffle\n`;
    const migration = found(yaml);
    expect(migration.credentials.map(({ input }) => input)).toMatchObject([
      {
        provider: 'groq',
        name: 'fast',
        allowed_models: ['llama-3.1-8b-instant'],
        pools: [{ unit: 'requests', max: 30 }],
      },
    ]);
    expect(migration.notes).toEqual([expect.stringContaining('OPENAI_API_KEY')]);
    expect(migration.unknown).toHaveProperty('router_settings');
  });

  it('reads lists of keys as other routers write them', () => {
    expect(
      inputs(
        JSON.stringify({
          keys: [
            { platform: 'groq', key: 'gsk_one', label: 'mine', enabled: false },
            { platform: 'cohere', key: 'co' },
          ],
        }),
      ),
    ).toMatchObject([{ provider: 'groq', name: 'mine', enabled: false }, { provider: 'cohere' }]);
  });

  it.each(['', 'just words', '[]', '{}', '{"a": 1}'])('finds nothing in %j', (text) =>
    expect(migrate(text, providers, parse)).toBeNull(),
  );
});
