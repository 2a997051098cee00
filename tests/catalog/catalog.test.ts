// Holds every file of the catalog to the schema and to the rules that a schema can't say.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { providers } from '#catalog/index.ts';
import sources from '#catalog/sources.json' with { type: 'json' };
import { matchesAny, matchesPattern } from '#shared/patterns.ts';
import { toTidyJson } from '../../scripts/catalog/tidy-json.ts';
import { providerSchema } from '#shared/catalog.ts';
import type { Model, Provider } from '#shared/catalog.ts';
import type { Price } from '#shared/price.ts';
import type { Evidence } from '#shared/pools.ts';

const folder = new URL('../../catalog/', import.meta.url);
const files = readdirSync(new URL('providers/', folder)).toSorted();
const readText = (file: string): string => readFileSync(new URL(`providers/${file}`, folder), 'utf8');
const active = providers.filter(({ status }) => status === 'active');
const byId = new Map(providers.map((provider) => [provider.id, provider]));

function provider(id: string): Provider {
  const found = byId.get(id);
  if (!found) throw new Error(`no provider "${id}"`);
  return found;
}

function model(id: string, modelId: string): Model {
  const found = provider(id).models.find((known) => known.id === modelId);
  if (!found) throw new Error(`no model "${modelId}" at "${id}"`);
  return found;
}

describe.each(files)('%s', (file) => {
  const json: unknown = JSON.parse(readText(file));
  const parsed = z.safeParse(providerSchema, json);

  test('is what the schema says, with nothing unknown and nothing left to fill in', () => {
    expect(parsed.error?.issues).toBeUndefined();
    expect(parsed.data).toEqual(json);
  });

  test('is named after its id and exported once', () => {
    expect(file).toBe(`${parsed.data?.id}.json`);
    expect(providers.filter(({ id }) => `${id}.json` === file)).toHaveLength(1);
  });

  test('is tidy', () => {
    expect(readText(file)).toBe(toTidyJson(json));
  });
});

test('index lists exactly the files, by id', () => {
  const ids = providers.map(({ id }) => id);
  expect(ids.map((id) => `${id}.json`).toSorted()).toEqual(files);
  expect(ids).toEqual(ids.toSorted());
});

test('a quirk of an unknown kind or on an unknown field is refused', () => {
  const broken = (quirk: unknown) => z.safeParse(providerSchema, { ...provider('groq'), quirks: [quirk] }).success;
  expect(broken({ kind: 'drop', fields: ['logit_bais'] })).toBe(false);
  expect(broken({ kind: 'forget', fields: ['logit_bias'] })).toBe(false);
  expect(broken({ kind: 'drop', fields: ['logit_bias'] })).toBe(true);
});

/** Whether it says what lists of models do not tell. */
const isUnlisted = (price: Price | undefined): boolean =>
  (price?.perThousandSearchesUsd ??
    price?.perRequestUsd ??
    price?.audioInputPerMillionUsd ??
    price?.factors ??
    price?.peaks ??
    price?.changes) !== undefined;

describe('evidence', () => {
  const gaps = (given: Provider): string[] => [
    ...(given.terms.evidence ? [] : ['terms']),
    ...given.quirks.filter(({ kind, evidence }) => kind === 'midway' && !evidence).map(({ kind }) => `quirk ${kind}`),
    ...given.models.filter(({ evidence }) => !evidence).map(({ id }) => `model ${id}`),
    ...given.models.filter(({ price }) => price && !price.evidence).map(({ id }) => `price ${id}`),
    ...given.models.filter(({ price }) => isUnlisted(price) && !price?.otherEvidence).map(({ id }) => `more of ${id}`),
    ...given.pools.filter(({ evidence }) => !evidence).map(({ unit, models }) => `pool ${unit} ${models.join()}`),
  ];

  test.each(providers.map((given) => [given.id, given] as const))('%s gives a source for all of it', (_, given) => {
    expect(gaps(given)).toEqual([]);
  });

  test('names only sources that sources.json explains', () => {
    const cited = providers.flatMap(({ sources: keys, terms, models, pools, quirks }) => {
      const evidence = [terms, ...models, ...models.map(({ price }) => price), ...pools, ...quirks].map(
        (part) => part?.evidence,
      );
      evidence.push(...models.map(({ price }) => price?.otherEvidence));
      return [...keys, ...evidence.flatMap((found: Evidence | undefined) => found?.source ?? [])];
    });
    expect([...new Set(cited)].filter((key) => !(key in sources))).toEqual([]);
  });

  test('is not from the future', () => {
    const dates = providers.flatMap(({ asOf, pools, models }) => [
      asOf,
      ...[...pools, ...models].map(({ evidence }) => evidence?.asOf ?? asOf),
    ]);
    expect(dates.filter((date) => !/^20\d\d(-\d\d){0,2}$/.test(date) || date > '2027')).toEqual([]);
  });
});

describe('models', () => {
  test.each(active.map((given) => [given.id, given] as const))(
    '%s has no model twice, and none that is retired',
    (_, given) => {
      const ids = given.models.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => given.retiredModels.some((gone) => gone.id === id))).toEqual([]);
      const gone = given.retiredModels.flatMap(({ replacement }) => replacement ?? []);
      expect(gone.filter((id) => !ids.includes(id))).toEqual([]);
    },
  );

  test('each has a family, in lower case, without vendor or :free', () => {
    const odd = active
      .flatMap(({ models }) => models)
      .filter(({ family }) => !/^[a-z0-9][a-z0-9._-]*$/.test(family ?? ''));
    expect(odd).toEqual([]);
  });

  test.each<[string, readonly string[]]>([
    [
      'gpt-oss-120b',
      ['groq', 'cloudflare', 'cerebras', 'sambanova', 'ollama-cloud', 'ovhcloud', 'huggingface', 'together', 'bedrock'],
    ],
    ['gpt-oss-20b', ['groq', 'cloudflare', 'nvidia', 'huggingface', 'bedrock', 'ollama-cloud', 'ovhcloud']],
    ['llama-3.3-70b', ['cloudflare', 'sambanova', 'huggingface', 'ovhcloud', 'nebius']],
    ['qwen3.8-27b', ['groq', 'cerebras', 'cloudflare', 'huggingface', 'ovhcloud']],
    ['gemma-4-31b', ['gemini', 'openrouter', 'sambanova']],
    ['glm-5.3-flash', ['zai', 'nvidia', 'together', 'fireworks', 'ollama-cloud']],
    ['deepseek-v4.1-flash', ['deepseek', 'nvidia', 'together', 'fireworks', 'ollama-cloud']],
    ['claude-haiku-5-5', ['anthropic', 'bedrock']],
    ['gemini-3.8-flash', ['gemini', 'vertex']],
    ['gpt-6-luna', ['openai', 'azure-openai']],
    ['nemotron-3-ultra', ['nvidia', 'openrouter', 'ollama-cloud']],
    ['whisper-large-v3-turbo', ['groq', 'cloudflare', 'openrouter', 'fireworks', 'huggingface']],
    ['bge-m3', ['cloudflare', 'nvidia']],
  ])('%s is one family at all its providers', (family, ids) => {
    const serving = active.filter(({ models }) => models.some((known) => known.family === family)).map(({ id }) => id);
    expect(serving).toEqual(expect.arrayContaining([...ids]));
  });

  test('of one family are of one kind', () => {
    const kinds = new Map<string, Set<string>>();
    for (const { family, kind } of active.flatMap(({ models }) => models)) {
      kinds.set(family ?? '', (kinds.get(family ?? '') ?? new Set()).add(kind));
    }
    expect([...kinds].filter(([, found]) => found.size > 1)).toEqual([]);
  });

  test('of one family are of one size, and stand in for the same others where they can reason', () => {
    const chats = active.flatMap(({ models }) => models).filter(({ kind }) => kind === 'chat');
    const places = new Map<string, Set<string>>();
    for (const { family = '', size, roles = [], capabilities } of chats) {
      if (!capabilities.includes('reasoning')) continue;
      places.set(family, (places.get(family) ?? new Set()).add([size, ...roles].join()));
    }
    expect([...places].filter(([, found]) => found.size > 1)).toEqual([]);
    expect(chats.filter(({ size }) => size === undefined).map(({ id }) => id)).toEqual(['nex-agi/nex-n2-pro']);
  });

  test('that are small stand in for larger ones only where they were measured to be as good', () => {
    const families = active
      .flatMap(({ models }) => models)
      .filter(({ size, roles }) => size === 'small' && roles?.some((role) => role !== 'small'))
      .map(({ family }) => family);
    // 34 on the index of Artificial Analysis of October 2026, where Nemotron 3 Ultra has 23; gpt-oss-20b was ten of 58 points behind gpt-oss-120b.
    expect([...new Set(families)]).toEqual(['qwen3.8-27b']);
  });

  test('are never free with a price unknown to be zero on every plan', () => {
    const always = active
      .flatMap(({ models }) => models)
      .filter(({ free, kind }) => free === 'always' && kind === 'chat');
    expect(always.filter(({ price }) => price?.inputPerMillionUsd !== 0 || price.outputPerMillionUsd !== 0)).toEqual(
      [],
    );
  });

  test('keep what the facts insist on', () => {
    expect(model('anthropic', 'claude-sonnet-4-5').retiresOn).toBe('2026-11-30');
    expect(model('cloudflare', '@cf/meta/llama-3.3-70b-instruct-fp8-fast').context).toBe(24_000);
    expect(model('openai', 'gpt-6.1-sol').price?.tiers?.[0]?.inputTokensAbove).toBe(272_000);
    expect(model('groq', 'whisper-large-v3').price?.minimumSeconds).toBe(10);
    expect(provider('groq').retiredModels.map(({ id }) => id)).toContain('llama-3.3-70b-versatile');
  });
});

describe('addresses', () => {
  test.each([
    [
      'cloudflare',
      '@cf/openai/whisper-large-v3-turbo',
      '/client/v4/accounts/{accountId}/ai/run/@cf/openai/whisper-large-v3-turbo',
    ],
    ['gemini', 'gemini-3.5-transcribe', '/v1beta/interactions'],
    ['cohere', 'cohere-transcribe-03-2026', '/v2/audio/transcriptions'],
    ['mistral', 'mistral-moderation-2603', '/v1/moderations'],
    ['xai', 'grok-stt-1.0', '/v1/stt'],
  ])('%s/%s is called where it is served', (id, modelId, path) => {
    const url = new URL(provider(id).baseUrl.replace('{region}', 'us-east-1') + (model(id, modelId).path ?? ''));
    expect(decodeURI(url.pathname)).toBe(path);
  });

  test('a format that is not spoken is only claimed by models and providers that say so in a note', () => {
    const silent = active.flatMap(({ id, wire, models, notes }) =>
      models
        .filter((known) => known.wire === 'native' && wire !== 'native' && !known.note && notes.length === 0)
        .map((known) => `${id}/${known.id}`),
    );
    expect(silent).toEqual([]);
  });
});

describe('pools', () => {
  const all = active.flatMap((given) => given.pools.map((pool) => [given.id, pool] as const));

  test('cover at least one model by every pattern', () => {
    const empty = all.flatMap(([id, pool]) =>
      pool.models
        .filter((pattern) => pattern !== '*' && !provider(id).models.some((known) => matchesPattern(pattern, known.id)))
        .map((pattern) => `${id} ${pattern}`),
    );
    expect(empty).toEqual([]);
  });

  test('of the free plan hold models that the free plan can call', () => {
    const idle = all.filter(
      ([id, pool]) =>
        pool.plan === 'free' &&
        !provider(id).models.some((known) => known.free !== undefined && matchesAny(pool.models, known.id)),
    );
    expect(idle).toEqual([]);
  });

  test('run by clocks that exist', () => {
    const zones = all.flatMap(([, { clock }]) => (clock.kind === 'calendar' ? clock.zone : []));
    expect(() => zones.map((timeZone) => new Intl.DateTimeFormat('en', { timeZone }))).not.toThrow();
    expect(all.filter(([, { clock, unit }]) => (clock.kind === 'concurrent') !== (unit === 'concurrent'))).toEqual([]);
  });

  test('in money have a price to count by', () => {
    const uncounted = all.flatMap(([id, pool]) =>
      pool.unit !== 'usd'
        ? []
        : provider(id)
            .models.filter(({ price, kind, wire, free }) => kind === 'chat' && wire === undefined && free && !price)
            .map((known) => `${id}/${known.id}`),
    );
    expect(uncounted).toEqual([
      'huggingface/zai-org/GLM-4.7-Flash',
      'hyperbolic/openai/gpt-oss-120b',
      'hyperbolic/meta-llama/Llama-3.3-70B-Instruct',
    ]);
  });

  test.each([
    ['groq', 'requests', 1000, { kind: 'refill', seconds: 86_400 }],
    ['groq', 'tokens', 8000, { kind: 'refill', seconds: 60 }],
    ['groq', 'audio_seconds', 7200, { kind: 'refill', seconds: 3600 }],
    ['gemini', 'requests', 20, { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' }],
    ['gemini', 'input_tokens', 250_000, { kind: 'rolling', seconds: 60 }],
    ['openrouter', 'requests', 50, { kind: 'calendar', every: 'day', zone: 'UTC' }],
    ['cloudflare', 'usd', 0.11, { kind: 'calendar', every: 'day', zone: 'UTC' }],
    ['cohere', 'requests', 1000, { kind: 'calendar', every: 'month', zone: 'UTC' }],
    ['mistral', 'requests', 60, { kind: 'rolling', seconds: 60 }],
    ['nvidia', 'requests', 40, { kind: 'rolling', seconds: 60 }],
    ['zai', 'concurrent', 1, { kind: 'concurrent' }],
    ['cerebras', 'usd', 5, { kind: 'once' }],
    ['huggingface', 'usd', 0.1, { kind: 'calendar', every: 'month', zone: 'UTC' }],
  ] as const)('%s counts %s up to %d by its own clock', (id, unit, max, clock) => {
    expect(provider(id).pools.find((pool) => pool.unit === unit && pool.max === max)?.clock).toEqual(clock);
  });
});

describe('credentials', () => {
  const sampleKeys: readonly (readonly [string, string])[] = [
    ['groq', `gsk_${'a'.repeat(52)}`],
    ['gemini', `AIza${'a'.repeat(35)}`],
    ['gemini', `AQ.${'a'.repeat(50)}`],
    ['mistral', 'a'.repeat(32)],
    ['cohere', 'B'.repeat(40)],
    ['cerebras', 'csk-abc'],
    ['sambanova', '0a1b2c3d-0000-4000-8000-000000000000'],
    ['openrouter', 'sk-or-v1-abc'],
    ['nvidia', 'nvapi-abc'],
    ['cloudflare', 'c'.repeat(40)],
    ['together', `tgp_v1_${'a'.repeat(43)}`],
    ['fireworks', 'fw_abc'],
    ['huggingface', `hf_${'a'.repeat(34)}`],
    ['deepseek', `sk-${'0'.repeat(32)}`],
    ['xai', 'xai-abc'],
    ['zai', `${'0'.repeat(32)}.${'A'.repeat(16)}`],
    ['openai', 'sk-proj-abc'],
    ['anthropic', 'sk-ant-api03-abc'],
    ['azure-openai', '0'.repeat(32)],
    ['bedrock', 'ABSKabc'],
    ['bedrock', 'bedrock-api-key-abc'],
    ['vercel', 'vck_abc'],
    ['replicate', 'r8_abc'],
  ];

  test.each(sampleKeys)('%s knows its keys', (id, key) => {
    expect(new RegExp(provider(id).keyHint ?? '(?!)').test(key)).toBe(true);
  });

  test('OpenAI does not claim the keys of others with the same beginning', () => {
    const hint = new RegExp(provider('openai').keyHint ?? '');
    expect(['sk-ant-abc', 'sk-or-v1-abc'].filter((key) => hint.test(key))).toEqual([]);
  });

  test('every hint is a regular expression that starts at the start', () => {
    for (const { keyHint } of providers) expect(() => new RegExp(keyHint ?? '^')).not.toThrow();
    expect(providers.filter(({ keyHint }) => keyHint !== undefined && !keyHint.startsWith('^'))).toEqual([]);
  });

  test('every variable belongs to one provider', () => {
    const owners = active.flatMap(({ id, fields }) => fields.flatMap(({ env }) => env.map((name) => `${name} ${id}`)));
    const names = [...new Set(owners)].map((owner) => owner.split(' ')[0]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('the first variable of a key is the id in upper case', () => {
    const odd = active.filter(({ id, fields }) => {
      const key = fields.find(({ name }) => name === 'apiKey');
      return key !== undefined && key.env[0] !== `${id.toUpperCase().replaceAll('-', '_')}_API_KEY`;
    });
    expect(odd.map(({ id }) => id)).toEqual([]);
  });

  test('addresses need no field that the form does not ask for', () => {
    const missing = active.flatMap(({ id, baseUrl, fields }) =>
      [...baseUrl.matchAll(/\{(\w+)\}/g)]
        .filter(([, name]) => !fields.some((known) => known.name === name))
        .map(([hole]) => `${id} ${hole}`),
    );
    expect(missing).toEqual([]);
    expect(
      active.filter(({ baseUrl }) => !/^(https:\/\/|\{baseUrl\}$)/.test(baseUrl) || baseUrl.endsWith('/')),
    ).toEqual([]);
  });

  test('keys are secret, other fields are not', () => {
    const fields = active.flatMap((given) => given.fields);
    expect(fields.filter(({ name, secret }) => (name === 'apiKey') !== secret)).toEqual([]);
  });
});

describe('the whole', () => {
  test('has every provider type that is asked for', () => {
    const needed = [
      'groq',
      'openai',
      'gemini',
      'cohere',
      'mistral',
      'anthropic',
      'azure-openai',
      'bedrock',
      'vertex',
      'together',
      'openrouter',
      'cloudflare',
      'cerebras',
      'sambanova',
      'nvidia',
      'zai',
      'huggingface',
      'fireworks',
      'deepseek',
      'xai',
      'nebius',
      'ollama',
      'ollama-cloud',
      'vllm',
      'openai-compatible',
      'ai21',
      'replicate',
      'runpod',
    ];
    expect(needed.filter((id) => byId.get(id)?.status !== 'active')).toEqual([]);
  });

  test('says of what is gone since when and what to do', () => {
    const gone = providers.filter(({ status }) => status === 'retired');
    expect(gone.map(({ id }) => id)).toEqual(['github-models']);
    for (const { retired, models } of gone) {
      expect(retired?.message).toMatch(/2026-07-30.*Remove/);
      expect(models).toEqual([]);
    }
    expect(active.filter(({ retired }) => retired !== undefined)).toEqual([]);
  });

  test('gives every provider that is free by default something to call for free', () => {
    const idle = active.filter(
      ({ defaultPlan, models }) => defaultPlan === 'free' && !models.some(({ free }) => free !== undefined),
    );
    expect(idle.map(({ id }) => id)).toEqual([]);
  });

  test('has a first provider without models and with an address: the custom endpoint', () => {
    expect(
      providers.find(({ models, fields }) => models.length === 0 && fields.some(({ name }) => name === 'baseUrl'))?.id,
    ).toBe('openai-compatible');
  });

  test('is frozen to the bottom', () => {
    const loose: unknown[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) loose.push(value);
      Object.values(value).forEach(visit);
    };
    visit(providers);
    expect(loose).toEqual([]);
    expect(() => Object.assign(provider('groq').models[0]!, { id: 'other' })).toThrow(TypeError);
  });

  test('explains every source, and every source in full', () => {
    for (const [key, source] of Object.entries(sources)) {
      expect(key).toMatch(/^[a-z0-9]+$/);
      expect(source).toEqual({
        name: expect.any(String),
        what: expect.any(String),
        licence: expect.any(String),
        asOf: expect.stringMatching(/^20\d\d/),
        importable: expect.any(Boolean),
      });
    }
  });
});
