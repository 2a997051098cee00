// Variables of older versions are read as they were meant.
import { describe, expect, it } from 'vitest';
import { readConfig, type Config, type Environment } from '#lambda/config.ts';
import { mayHoldOlder } from '#lambda/config-input.ts';
import { LAST_NUMBER, readOlderVariables, spellings } from '#lambda/config-older.ts';
import { providers } from '#catalog/index.ts';

function read(env: Environment): Config {
  const older = mayHoldOlder(env) ? readOlderVariables({ env, providers }) : [];
  return readConfig({ env, providers, readText: () => '', older });
}

describe('older spellings', () => {
  it.each(spellings.flatMap(({ type }) => [type(0), type(LAST_NUMBER)]))('%s is reason enough to read them', (name) => {
    expect(mayHoldOlder({ [name]: 'groq' })).toBe(true);
    expect(mayHoldOlder({ [name.replace(/\d+$/, '')]: 'groq', PATH: '/bin', GROQ_API_KEY: 'gsk_x' })).toBe(false);
  });

  it.each([
    [
      'LLAMDA_LLM_PROXY_PROVIDER_TYPE_0',
      'LLAMDA_LLM_PROXY_PROVIDER_KEY_0',
      'LLAMDA_LLM_PROXY_PROVIDER_PRIORITY_0',
      'LLAMDA_LLM_PROXY_PROVIDER_RATE_LIMIT_0',
    ],
    ['P_T0', 'P_K0', 'P_P0', 'P_RL0'],
    ['LP_TYPE_0', 'LP_KEY_0', 'LP_PRIORITY_0', 'LP_RATE_LIMIT_0'],
  ])('%s', (type, key, priority, rateLimit) => {
    const [entry] = read({ [type]: 'groq-free', [key]: 'gsk_x', [priority]: '5', [rateLimit]: '6000' }).entries;
    expect(entry).toMatchObject({
      provider: 'groq',
      tier: 'free',
      apiKey: 'gsk_x',
      priority: 5,
      pools: [{ unit: 'tokens', max: 6000 }],
    });
  });

  it('takes numbers with gaps, and custom endpoints', () => {
    const { entries } = read({
      P_T3: 'openai',
      P_K3: 'sk',
      P_T42: 'speaches',
      P_K42: 'k',
      P_E42: 'http://127.0.0.1:8000/v1',
      P_M42: 'm',
    });
    expect(entries.map(({ provider, baseUrl }) => [provider, baseUrl])).toEqual([
      ['openai', undefined],
      ['openai-compatible', 'http://127.0.0.1:8000/v1'],
    ]);
  });

  it('takes what is left empty as not given', () => {
    const { entries } = read({
      LP_TYPE_1: 'groq',
      LP_KEY_1: 'k',
      LP_PRIORITY_1: '',
      LP_RATE_LIMIT_1: '',
      LP_MODEL_1: ' ',
    });
    expect(entries).toMatchObject([{ provider: 'groq', priority: 100 }]);
    expect(entries[0]).not.toHaveProperty('pools');
    expect(entries[0]).not.toHaveProperty('models');
  });

  it('asks custom endpoints without models for theirs, and leaves out those without an address', () => {
    const { entries } = read({
      LP_TYPE_1: 'openai-compatible',
      LP_KEY_1: 'k',
      LP_ENDPOINT_1: 'http://127.0.0.1:8000/v1',
      LP_TYPE_2: 'openai-compatible',
      LP_KEY_2: 'k',
      LP_TYPE_3: 'speaches',
      LP_KEY_3: 'k',
      LP_ENDPOINT_3: 'http://127.0.0.1:8001/v1',
    });
    expect(entries.map(({ name, provider, discover }) => [name, provider, discover])).toEqual([
      ['openai-compatible-1', 'openai-compatible', true],
      ['speaches-3', 'openai-compatible', true],
    ]);
  });

  it('takes endpoints of one’s own without a key, and other types not', () => {
    const { entries } = read({
      P_T1: 'speaches',
      P_E1: 'http://127.0.0.1:8000/v1',
      P_T2: 'ollama',
      P_E2: 'http://127.0.0.1:11434/v1',
      P_T3: 'groq',
      P_E3: 'http://127.0.0.1:8001/v1',
    });
    expect(entries.map(({ name, provider, apiKey }) => [name, provider, apiKey])).toEqual([
      ['speaches-1', 'openai-compatible', undefined],
      ['ollama-2', 'ollama', undefined],
    ]);
  });

  it('reads the older names of sign-in, also where the newer ones are left empty', () => {
    const older = { GGL_CID: 'c', ALLOW_EM: 'ada@example.com' };
    const google = { clientId: 'c', allowedEmails: ['ada@example.com'] };
    expect(read(older).google).toMatchObject(google);
    expect(read({ ...older, GOOGLE_CLIENT_ID: '', ALLOWED_EMAILS: ' ' }).google).toMatchObject(google);
  });

  it('narrows to the allowed models', () => {
    expect(read({ P_T1: 'groq', P_K1: 'k', P_AM1: 'a, b' }).entries[0]?.allowedModels).toEqual(['a', 'b']);
  });
});
