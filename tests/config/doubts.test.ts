// What is set and does nothing is told, with what was most likely meant; what is meant is not.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { readConfig, type Environment } from '#lambda/config.ts';
import { findDoubts, variables } from '#lambda/config-doubts.ts';
import { readOlderVariables } from '#lambda/config-older.ts';
import { namesIn, textOf } from '../docs/sources.ts';

function doubtsOf(env: Environment): string[] {
  const input = { env, providers, readText: () => '' };
  return findDoubts(readConfig({ ...input, older: readOlderVariables(input) }), input);
}

const google = { GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com' };
const entry = (more: object): string =>
  JSON.stringify([
    { provider: 'openai-compatible', name: 'alpha', baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'm' }], ...more },
  ]);

describe('a name of credentials', () => {
  const at = (port: number, more: object = {}): object => ({
    provider: 'openai-compatible',
    name: 'alpha',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    models: [{ id: 'm' }],
    ...more,
  });
  const doubts = (entries: readonly object[]): string[] => doubtsOf({ FREEWAY_PROVIDERS: JSON.stringify(entries) });

  it('that stands for two places is told', () => {
    expect(doubts([at(1), at(2), at(3, { name: 'beta' })])).toEqual([
      expect.stringMatching(/^The name "alpha" is that of credentials at 2 places: .* Give each a name of its own\.$/),
    ]);
  });

  it('is that of several keys of one place, or no name at all, without a word', () => {
    expect(doubts([at(1, { apiKey: 'a' }), at(1, { apiKey: 'b' })])).toEqual([]);
    expect(doubts([at(1, { name: undefined }), at(2, { name: undefined })])).toEqual([]);
  });
});

describe('a key that no model can be called with', () => {
  const at = (more: object): string[] => doubtsOf({ FREEWAY_PROVIDERS: entry(more) });

  it('is told where its plan has none', () => {
    const free = { ANTHROPIC_API_KEY: 'sk-ant-canary', ANTHROPIC_TIER: 'free' };
    expect(doubtsOf(free)).toEqual([
      'The credential "anthropic" has the tier "free", but none of its models is free: it serves nothing. Leave the tier out, or write "paid".',
    ]);
    expect(doubtsOf({ ...free, ANTHROPIC_TIER: 'paid' })).toEqual([]);
    expect(doubtsOf({ GROQ_API_KEY: 'gsk_canary', GROQ_TIER: 'free' })).toEqual([]);
    expect(doubtsOf({ OPENROUTER_API_KEY: 'sk-or-canary', OPENROUTER_TIER: 'free' })).toEqual([]);
  });
  it('is told where none is allowed', () => {
    expect(at({ allowedModels: ['gpt-*'] })).toEqual([
      'The credential "alpha" serves nothing: "allowedModels" fits none of its models. Its models: m.',
    ]);
  });
  it('is none that is switched off, asked for its models, or free by what is said of it', () => {
    expect(at({ allowedModels: ['gpt-*'], enabled: false })).toEqual([]);
    expect(at({ models: undefined, discover: true })).toEqual([]);
    expect(at({ tier: 'free' })).toEqual([]);
    expect(at({ provider: 'anthropic', apiKey: 'k', tier: 'free' })).toEqual([]);
  });
});

describe('a limit', () => {
  const rolling = { kind: 'rolling', seconds: 60 };
  const doubts = (pool: object, more: object = {}): string[] =>
    doubtsOf({
      FREEWAY_PROVIDERS: entry({
        models: [{ id: 'llama-large' }, { id: 'llama-small' }],
        pools: [{ unit: 'requests', max: 30, clock: rolling, ...pool }],
        discover: false,
        ...more,
      }),
    });

  it('of a model that is not there is told', () => {
    expect(doubts({ models: ['llama-large', 'lama-small'] })).toEqual([
      'The credential "alpha", pool 0, limits "lama-small", which none of its models is called: that does nothing. Did you mean llama-small?',
    ]);
    expect(doubts({ models: ['whisper-*'] })).toEqual([
      expect.stringContaining('Its models: llama-large, llama-small.'),
    ]);
  });

  it('of models by a pattern, of all, and where an address is asked for its models passes without a word', () => {
    expect(doubts({ models: ['*-small', 'llama-large'] })).toEqual([]);
    expect(doubts({})).toEqual([]);
    expect(doubts({ models: ['anything'] }, { discover: true })).toEqual([]);
    expect(
      doubts(
        { models: ['openai/gpt-oss-120b'] },
        { provider: 'groq', apiKey: 'k', models: undefined, discover: undefined },
      ),
    ).toEqual([]);
  });

  it('on what runs at once is told where its clock is another', () => {
    expect(doubts({ unit: 'concurrent' })).toEqual([
      expect.stringMatching(
        /pool 0, counts what runs at once, but by the clock "rolling": .* Write the unit "requests" for that, or the clock \{"kind": "concurrent"\}\.$/,
      ),
    ]);
    expect(doubts({ unit: 'concurrent', clock: { kind: 'concurrent' } })).toEqual([]);
    expect(doubts({ unit: 'requests', clock: { kind: 'concurrent' } })).toEqual([]);
  });
});

describe('a name that nothing reads', () => {
  it.each([
    ['FREEWAY_PIAD', 'never', /^FREEWAY_PIAD is set, but nothing reads it\. Did you mean FREEWAY_PAID\?$/],
    ['FREEWAY_BUDGET_USD_PER_DAYS', '1', /Did you mean FREEWAY_BUDGET_USD_PER_DAY\?$/],
    ['FREEWAY_SOMETHING_ELSE', '1', /docs\/configuration\.md lists what is read\.$/],
    ['GROK_API_KEY', 'k', /Did you mean GROQ_API_KEY\?$/],
    ['ADMIN_EMAIL', 'a@example.com', /Did you mean ADMIN_EMAILS\?$/],
    ['GROQ_API_KEY_1', 'k', /the first is GROQ_API_KEY, further ones are GROQ_API_KEY_2 to GROQ_API_KEY_99\.$/],
    ['GROQ_API_KEY_100', 'k', /GROQ_API_KEY_2 to GROQ_API_KEY_99\.$/],
  ])('%s', (name, value, expected) => {
    const doubts = doubtsOf({ [name]: value });
    expect(doubts).toHaveLength(1);
    expect(doubts[0]).toMatch(expected);
  });

  it('is told without what it holds', () => {
    expect(doubtsOf({ GROK_API_KEY: 'secret-value' }).join()).not.toContain('secret-value');
  });

  it.each([
    [{ FREEWAY_PIAD: '' }],
    [
      {
        GROQ_API_KEY: 'k',
        GROQ_API_KEY_2: 'k',
        GROQ_API_KEY_99: 'k',
        GROQ_BASE_URL: 'https://a.example',
        GROQ_TIER: 'free',
      },
    ],
    [
      {
        PORT: '0',
        HOST: '127.0.0.1',
        POST: '1',
        HOSTS: '1',
        PATH: '/bin',
        SHELL: '/bin/sh',
        TAVILY_API_KEY: 'k',
        AWS_REGION: 'eu-west-1',
      },
    ],
    [{ LLAMDA_LLM_PROXY_PROVIDER_TYPE_0: 'groq', LLAMDA_LLM_PROXY_PROVIDER_KEY_0: 'k', P_T1: 'groq', P_K1: 'k' }],
    [{ FREEWAY_KEY: 'k', FREEWAY_URL: 'http://127.0.0.1:1' }],
  ])('is none of %j', (env: Environment) => expect(doubtsOf(env)).toEqual([]));

  it('is none of those that the code reads', () => {
    const code = textOf('lambda', /^(?!config-doubts).*\.ts$/);
    const read = namesIn(code, /'((?:FREEWAY|GOOGLE|GGL|OTEL|ADMIN|ALLOWED|ALLOW)_[A-Z_0-9]+|PORT|HOST)'/g);
    expect([...variables].toSorted()).toEqual(read);
  });
});

describe('an address as other programs call it', () => {
  it.each(['OPENAI_API_BASE', 'GROQ_API_URL', 'MISTRAL_ENDPOINT'])('%s', (name) => {
    const meant = name.replace(/_(?:API_BASE|API_URL|ENDPOINT)$/, '_BASE_URL');
    expect(doubtsOf({ [name]: 'https://a.example/v1' })).toEqual([
      `${name} is set, but nothing reads it. Did you mean ${meant}?`,
    ]);
  });
});

it('a key in quotes is told, and not shown', () => {
  const told = 'The key of "groq" stands in quotes, which are sent as a part of it. Write it without them.';
  expect(doubtsOf({ GROQ_API_KEY: '"gsk_canary"' })).toEqual([told]);
  expect(doubtsOf({ GROQ_API_KEY: "'gsk_canary'" })).toEqual([told]);
  expect(doubtsOf({ GROQ_API_KEY: 'gsk_canary' })).toEqual([]);
});

describe('what is set about keys that are not', () => {
  it.each<readonly [Environment, readonly string[]]>([
    [{ GROQ_TIER: 'free' }, ['GROQ_TIER is set, but GROQ_API_KEY is not: it does nothing.']],
    [{ GROQ_BASE_URL: 'https://a.example' }, ['GROQ_BASE_URL is set, but GROQ_API_KEY is not: it does nothing.']],
    [{ GROQ_TIER_2: 'free', GROQ_API_KEY: 'k' }, ['GROQ_TIER_2 is set, but GROQ_API_KEY_2 is not: it does nothing.']],
    [{ OLLAMA_TIER: 'local' }, ['OLLAMA_TIER is set, but OLLAMA_BASE_URL is not: it does nothing.']],
    // It holds for all that have none of their own.
    [{ GROQ_TIER: 'free', GROQ_BASE_URL: 'https://a.example', GROQ_API_KEY_3: 'k' }, []],
    [{ OLLAMA_BASE_URL: 'http://127.0.0.1:1', OLLAMA_TIER: 'local' }, []],
    [{ GOOGLE_API_KEY: 'k', GEMINI_TIER: 'paid' }, []],
  ])('%j', (env, expected) => expect(doubtsOf(env)).toEqual(expected));
});

describe('an older setting that makes no credential', () => {
  it.each<readonly [string, Environment, string]>([
    ['a type nobody knows, without an address', { P_T1: 'nobody', P_K1: 'k' }, 'P_T1 names no provider of the catalog, and P_E1 gives no address: it does nothing.'],
    ['a type without a key', { LP_TYPE_7: 'groq' }, 'LP_TYPE_7 is set, but LP_KEY_7 is not: it does nothing.'],
    ['a key without a type', { P_K3: 'k' }, 'P_K3 is set, but P_T3 is not: it does nothing.'],
    ['a number too far', { P_T100: 'groq', P_K100: 'k' }, 'P_T100 is set, but nothing reads it: numbers go from 0 to 99.'],
    ['a rate limit in words', { P_T0: 'groq', P_K0: 'k', P_RL0: '30k' }, 'P_RL0 is no number: no limit of tokens a minute holds.'],
    ['the quality of pictures', { P_T0: 'groq', P_K0: 'k', P_IQ0: '80' }, 'P_IQ0 is set, but nothing reads it: pictures are sent as they come.'],
    ['capabilities', { LP_TYPE_0: 'groq', LP_KEY_0: 'k', LP_CAPABILITIES_0: 'chat' }, 'LP_CAPABILITIES_0 is set, but nothing reads it: what models can do is known of the catalog, or said by the models of an entry of FREEWAY_PROVIDERS.'],
    ['a priority in words', { LP_TYPE_0: 'groq', LP_KEY_0: 'k', LP_PRIORITY_0: 'first' }, 'LP_PRIORITY_0 is no number from 0 on: 100 holds.'],
  ])('%s', (_, env, expected) => expect(doubtsOf(env)).toEqual([expected])); // prettier-ignore

  it('is none that makes one, with or without a key', () => {
    const local = { LLAMDA_LLM_PROXY_PROVIDER_TYPE_99: 'speaches', LLAMDA_LLM_PROXY_PROVIDER_ENDPOINT_99: 'http://127.0.0.1:1/v1' };
    expect(doubtsOf({ P_T0: 'groq-free', P_K0: 'k', P_P0: '', ...local })).toEqual([]);
  }); // prettier-ignore
});

describe('who may come in', () => {
  it.each([
    [
      { ALLOWED_EMAILS: 'example.com' },
      /^ALLOWED_EMAILS holds "example\.com", which lets nobody in\..*\*@example\.com/,
    ],
    [{ ALLOWED_EMAILS: '*' }, /holds "\*"/],
    [{ ALLOWED_EMAILS: 'a@example.com b@example.com' }, /commas between them/],
    [{ ADMIN_EMAILS: '*@example.com' }, /^ADMIN_EMAILS holds "\*@example\.com".*whole addresses/],
    [{}, /neither ADMIN_EMAILS nor ALLOWED_EMAILS.*POST \/api\/people/],
  ])('%j', (env, expected) => {
    const doubts = doubtsOf({ ...google, ...env });
    expect(doubts).toHaveLength(1);
    expect(doubts[0]).toMatch(expected);
  });

  it('a list that nothing asks is told', () => {
    expect(doubtsOf({ ALLOWED_EMAILS: 'a@example.com' })).toEqual([expect.stringMatching(/GOOGLE_CLIENT_ID is not/)]);
  });

  it('lists that are meant are not told', () => {
    expect(
      doubtsOf({ ...google, ALLOWED_EMAILS: 'a@example.com, *@example.org', ADMIN_EMAILS: 'b@example.com' }),
    ).toEqual([]);
  });
});

describe('fields of credentials', () => {
  it.each([
    [{ pool: [] }, 'The credential "alpha", has a field "pool", which nothing reads. Did you mean pools?'],
    [
      { models: ['plain', { id: 'm', contxt: 1 }] },
      'The credential "alpha", model "m", has a field "contxt", which nothing reads. Did you mean context?',
    ],
    [
      { models: [{ id: 'm', price: { inputPerMilionUsd: 1, outputPerMillionUsd: 2 } }] },
      'The credential "alpha", model "m", price, has a field "inputPerMilionUsd", which nothing reads. Did you mean inputPerMillionUsd?',
    ],
    [
      { models: [{ id: 'm', price: { tiers: [{ inputTokensAbove: 9, inputPerMilionUsd: 1 }] } }] },
      'The credential "alpha", model "m", price, tier 0, has a field "inputPerMilionUsd", which nothing reads. Did you mean inputPerMillionUsd?',
    ],
    [
      { models: [{ id: 'm', price: { peaks: [{ from: '06:30', until: '12:00', factor: 2, day: [1] }] } }] },
      'The credential "alpha", model "m", price, peak 0, has a field "day", which nothing reads. Did you mean days?',
    ],
    [
      {
        models: [
          { id: 'm', price: { changes: [{ from: '2027-01-01', tiers: [{ inputTokensAbove: 9, outputPrice: 1 }] }] } },
        ],
      },
      'The credential "alpha", model "m", price, change 0, tier 0, has a field "outputPrice", which nothing reads. Known: inputTokensAbove, inputPerMillionUsd, outputPerMillionUsd, cachedInputPerMillionUsd, cacheWritePerMillionUsd, longCacheWritePerMillionUsd, audioInputPerMillionUsd, cachedAudioInputPerMillionUsd, audioOutputPerMillionUsd, imageOutputPerMillionUsd.',
    ],
    [
      { pools: [{ unit: 'requests', max: 1, clock: { kind: 'rolling', seconds: 60 }, scop: 'key' }] },
      'The credential "alpha", pool 0, has a field "scop", which nothing reads. Did you mean scope?',
    ],
  ])('%j', (more, expected) => expect(doubtsOf({ FREEWAY_PROVIDERS: entry(more) })).toEqual([expected]));

  it('all that are read are not told, those that only one provider has among them', () => {
    const azure = {
      provider: 'azure-openai',
      name: 'az',
      apiKey: 'k',
      resource: 'r',
      models: [{ id: 'm' }],
      regions: ['eu'],
      retentionDays: 0,
    };
    expect(doubtsOf({ FREEWAY_PROVIDERS: JSON.stringify([azure]) })).toEqual([]);
    expect(
      doubtsOf({
        FREEWAY_PROVIDERS: entry({
          pools: [
            { models: ['m'], scope: 'credential', unit: 'requests', max: 1, clock: { kind: 'rolling', seconds: 60 } },
          ],
        }),
      }),
    ).toEqual([]);
  });
});
