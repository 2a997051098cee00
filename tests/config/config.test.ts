// The environment becomes one configuration, or one sentence that says what is wrong and shows no secret.
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, type Environment } from '#lambda/config.ts';
import { providers } from '#catalog/index.ts';

const SECRET = 'canary-key-0123456789-do-not-print';

function read(env: Environment, files: Readonly<Record<string, string>> = {}) {
  return readConfig({
    env,
    providers,
    older: [],
    readText: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('ENOENT: no such file or directory');
      return text;
    },
  });
}

function refusal(env: Environment): string {
  try {
    read(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
}

describe('what goes wrong unseen', () => {
  it('headers for the collector that are not percent-encoded are told, without what they hold', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=100%zz${SECRET}`,
    };
    expect(refusal(env)).toMatch(/OTEL_EXPORTER_OTLP_HEADERS .*percent-encoded/);
    expect(refusal(env)).not.toContain(SECRET);
  });

  it.each([
    [{}, { 'service.name': 'freeway' }],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod, service.name=a,team=a%2Cb' },
      { 'deployment.environment.name': 'prod', 'service.name': 'a', team: 'a,b' },
    ],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a', OTEL_SERVICE_NAME: 'freeway-prod' },
      { 'service.name': 'freeway-prod' },
    ],
  ])('traces tell whom they come from, by the standard variables: %j', (more, resource) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', ...more };
    expect(read(env).traces?.resource).toEqual(resource);
  });

  it('a level of the log that there is not is told', () => {
    expect(read({}).logLevel).toBe('info');
    expect(read({ FREEWAY_LOG: 'DEBUG' }).logLevel).toBe('debug');
    expect(refusal({ FREEWAY_LOG: 'verbose' })).toMatch(/FREEWAY_LOG is "verbose", but must be one of debug, info/);
  });
});

describe('HTTP/2', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['on', true],
    [' OFF ', false],
  ])('set to %j is %s', (value, spoken) => {
    expect(read(value === undefined ? {} : { FREEWAY_HTTP2: value }).http2).toBe(spoken);
  });

  it('is refused as anything else', () => {
    expect(refusal({ FREEWAY_HTTP2: 'no' })).toBe('FREEWAY_HTTP2 is "no", but must be one of on, off.');
  });
});

describe('origins of pages that may call', () => {
  it.each([
    [undefined, []],
    [' ', []],
    ['*', ['*']],
    [
      'https://chat.example.com, http://localhost:3000,app://obsidian.md',
      ['https://chat.example.com', 'http://localhost:3000', 'app://obsidian.md'],
    ],
  ])('%j are read', (value, origins) => {
    expect(read(value === undefined ? {} : { FREEWAY_ORIGINS: value }).origins).toEqual(origins);
  });

  it.each([
    'chat.example.com',
    'https://chat.example.com/',
    'https://Chat.example.com',
    'https://chat.example.com:443',
    'https://*.example.com',
    'https://user@example.com',
    'null',
  ])('%s is none', (origin) => {
    expect(refusal({ FREEWAY_ORIGINS: `*,${origin}` })).toMatch(/FREEWAY_ORIGINS names ".+", but must hold origins/);
  });
});

describe('the address to listen on', () => {
  it.each([
    ['[::1]', '::1'],
    ['::1', '::1'],
    [' localhost ', 'localhost'],
  ])('%j is %s', (value, host) => {
    expect(read({ HOST: value }).host).toBe(host);
  });
});

describe('defaults', () => {
  it('listens on loopback with an embedded store and no credentials', () => {
    expect(read({})).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      store: { kind: 'sqlite', folder: './.freeway' },
      ownerKey: null,
      google: null,
      paid: 'fallback',
      budgetUsdPerDay: null,
      budgetUsdPerMonth: null,
      demo: 'auto',
      entries: [],
    });
  });

  it('reads the store, the policy and the budget', () => {
    const config = read({
      FREEWAY_STORE: 'dynamodb:freeway-prod',
      FREEWAY_PAID: 'Never',
      FREEWAY_BUDGET_USD_PER_DAY: '2.5',
      PORT: '0',
    });
    expect(config).toMatchObject({
      store: { kind: 'dynamodb', table: 'freeway-prod' },
      paid: 'never',
      budgetUsdPerDay: 2.5,
      port: 0,
    });
  });
});

describe('single variables', () => {
  it('makes one credential of each key, with its own tier and address', () => {
    const { entries } = read({
      GROQ_API_KEY: 'gsk_one',
      GROQ_API_KEY_2: 'gsk_two',
      GROQ_API_KEY_7: 'gsk_seven',
      GROQ_TIER_2: 'paid',
      OPENAI_API_KEY: 'sk-x',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    });
    expect(entries.map(({ provider, name, apiKey, tier, baseUrl }) => [provider, name, apiKey, tier, baseUrl])).toEqual(
      [
        ['groq', 'groq', 'gsk_one', undefined, undefined],
        ['groq', 'groq-2', 'gsk_two', 'paid', undefined],
        ['groq', 'groq-7', 'gsk_seven', undefined, undefined],
        ['openai', 'openai', 'sk-x', undefined, 'http://127.0.0.1:9/v1'],
      ],
    );
  });

  it('reads well-known aliases', () => {
    expect(read({ GOOGLE_API_KEY: 'AIza-x' }).entries.map(({ provider }) => provider)).toEqual(['gemini']);
    expect(read({ HF_TOKEN: 'hf_x' }).entries.map(({ provider }) => provider)).toEqual(['huggingface']);
  });

  it('asks no more than an address of its own needs', () => {
    const baseUrl = 'http://127.0.0.1:9/v1';
    for (const name of ['AZURE_OPENAI', 'CLOUDFLARE', 'VERTEX', 'RUNPOD'])
      expect(read({ [`${name}_API_KEY`]: 'k', [`${name}_BASE_URL`]: baseUrl }).entries).toMatchObject([{ baseUrl }]);
    const entry = { provider: 'azure-openai', apiKey: 'k', baseUrl };
    expect(read({ FREEWAY_PROVIDERS: JSON.stringify([entry]) }).entries).toMatchObject([entry]);
    expect(refusal({ VERTEX_API_KEY: SECRET, VERTEX_BASE_URL: 'https://x.test/{project}' })).toMatch(
      /GOOGLE_CLOUD_PROJECT/,
    );
  });

  it('makes credentials for addresses that list their models themselves', () => {
    const { entries } = read({
      VLLM_BASE_URL: 'http://127.0.0.1:8000/v1',
      VLLM_BASE_URL_2: 'http://127.0.0.1:8001/v1',
      OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1',
      OPENAI_COMPATIBLE_API_KEY: 'k',
      OPENAI_COMPATIBLE_TIER: 'free',
      RUNPOD_API_KEY: 'k',
      RUNPOD_ENDPOINT_ID: 'e1',
    });
    expect(entries.map(({ provider, baseUrl, tier, discover }) => [provider, baseUrl, tier, discover])).toEqual([
      ['openai-compatible', 'http://127.0.0.1:9/v1', 'free', true],
      ['runpod', undefined, undefined, undefined],
      ['vllm', 'http://127.0.0.1:8000/v1', undefined, undefined],
      ['vllm', 'http://127.0.0.1:8001/v1', undefined, undefined],
    ]);
    expect(refusal({ OPENAI_COMPATIBLE_API_KEY: SECRET })).toMatch(/OPENAI_COMPATIBLE_BASE_URL/);
  });

  it('takes how much one call for vectors may hold', () => {
    const entryOf = (batch: unknown): string =>
      JSON.stringify([
        {
          provider: 'openai-compatible',
          baseUrl: 'http://127.0.0.1:9/v1',
          models: [{ id: 'e1', kind: 'embedding', batch }],
        },
      ]);
    const batch = { inputs: 32, tokens: 16_000 };
    expect(read({ FREEWAY_PROVIDERS: entryOf(batch) }).entries[0]?.models).toMatchObject([{ id: 'e1', batch }]);
    expect(refusal({ FREEWAY_PROVIDERS: entryOf({ inputs: 0 }) })).toMatch(/batch/);
  });

  it('says what else a provider needs', () => {
    expect(refusal({ CLOUDFLARE_API_KEY: SECRET })).toMatch(/CLOUDFLARE_ACCOUNT_ID/);
  });

  it('takes no cloud credential from what Lambda always sets', () => {
    expect(
      read({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'x', AWS_SESSION_TOKEN: 'y', AWS_REGION: 'eu-west-1' })
        .entries,
    ).toEqual([]);
  });
});

describe('FREEWAY_PROVIDERS', () => {
  it('takes the same models for each key that brings them, and others for the next', () => {
    const provider = 'openai-compatible';
    const models = [{ id: 'm1', kind: 'chat', context: 8_192 }];
    const entries = [models, models, [{ id: 'm2' }], models].map((own, index) => ({
      provider,
      name: `key-${index}`,
      baseUrl: 'http://127.0.0.1:9/v1',
      models: own,
    }));
    const taken = read({ FREEWAY_PROVIDERS: JSON.stringify(entries) }).entries;
    expect(taken).toMatchObject(entries);
    expect(taken.map((entry) => Object.keys(entry).toSorted())).toEqual(
      taken.map(() => Object.keys(taken[0] ?? {}).toSorted()),
    );
  });

  it('names what is wrong of a key whose models are known from another', () => {
    const entry = { provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'm1' }] };
    const wrong = [entry, { ...entry, name: 'second', weight: -1 }];
    expect(refusal({ FREEWAY_PROVIDERS: JSON.stringify(wrong) })).toMatch(/entry 1 \(.*second\): field "weight"/);
  });

  const entry = {
    provider: 'openai-compatible',
    name: 'alpha',
    baseUrl: 'http://127.0.0.1:9101/v1',
    apiKey: SECRET,
    models: [{ id: 'm1' }],
  };

  it('reads an array and a file alike', () => {
    const text = JSON.stringify([entry]);
    expect(read({ FREEWAY_PROVIDERS: text }).entries).toEqual(
      read({ FREEWAY_PROVIDERS: '@/etc/p.json' }, { '/etc/p.json': text }).entries,
    );
  });

  it('says more of a key than the variable that holds it, too', () => {
    const listed = { provider: 'groq', name: 'mine', apiKey: SECRET, models: [{ id: 'new-model' }] };
    const { entries } = read({
      GROQ_API_KEY: SECRET,
      GROQ_API_KEY_2: 'another',
      FREEWAY_PROVIDERS: JSON.stringify([listed]),
    });
    expect(entries.map(({ name, models }) => [name, models])).toEqual([
      ['groq-2', undefined],
      ['mine', [{ id: 'new-model' }]],
    ]);
  });

  it('fills in defaults', () => {
    expect(read({ FREEWAY_PROVIDERS: JSON.stringify([entry]) }).entries[0]).toMatchObject({
      enabled: true,
      priority: 100,
      weight: 1,
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['not JSON', `[{"apiKey": "${SECRET}",]`, /not valid JSON/],
    ['not an array', '{}', /must be a JSON array/],
    ['a missing file', '@/nowhere.json', /"\/nowhere.json".*can't be read/],
    ['what is no entry', [entry, 7], /entry 1: it is wrong; expected an object\./],
    ['an unknown provider', [{ ...entry, provider: 'opnai' }], /entry 0 \(opnai alpha\): field "provider"/],
    ['no provider', [{ apiKey: SECRET }], /entry 0: field "provider" is wrong; expected a string/],
    [
      'a wrong tier',
      [entry, { ...entry, tier: 'gratis' }],
      /entry 1 \(openai-compatible alpha\): field "tier" is wrong; expected one of free, paid, local\./,
    ],
    ['a wrong url', [{ ...entry, baseUrl: 'ftp://x' }], /field "baseUrl" is wrong; expected a URL such as https:/],
    ['a wrong priority', [{ ...entry, priority: -1 }], /field "priority" is wrong; expected a number of at least 0\./],
    ['a wrong weight', [{ ...entry, weight: 0 }], /field "weight" is wrong; expected a number of more than 0\./],
    ['a wrong switch', [{ ...entry, enabled: 'yes' }], /field "enabled" is wrong; expected true or false\./],
    [
      'half a token',
      [{ ...entry, models: [{ id: 'm1', context: 0.5 }] }],
      /field "models\[0\].context" is wrong; expected a whole number\./,
    ],
    [
      'a price below nothing',
      [{ ...entry, models: [{ id: 'm1', price: { inputPerMillionUsd: -1 } }] }],
      /field "models\[0\].price.inputPerMillionUsd" is wrong; expected a number of at least 0\./,
    ],
    ['an empty name', [{ ...entry, name: '' }], /field "name" is wrong; expected at least 1 character\./],
    [
      'a wrong pool',
      [{ ...entry, pools: [{ unit: 'requests', max: 'many', clock: { kind: 'rolling', seconds: 60 } }] }],
      /field "pools\[0\].max" is wrong; expected a number\./,
    ],
    [
      'a wrong clock',
      [{ ...entry, pools: [{ unit: 'requests', max: 1, clock: { kind: 'lunar' } }] }],
      /field "pools\[0\].clock.kind" is wrong; expected one of refill, rolling, calendar, once, session, concurrent\./,
    ],
    [
      'a zone that is none',
      [
        {
          ...entry,
          pools: [{ unit: 'requests', max: 1, clock: { kind: 'calendar', every: 'day', zone: 'Mars/Olympus' } }],
        },
      ],
      /clock.zone" is wrong; expected an IANA time zone such as UTC/,
    ],
    [
      'a word a clock does not know',
      [{ ...entry, pools: [{ unit: 'requests', max: 1, clock: { kind: 'rolling', seconds: 60, every: 'day' } }] }],
      /field "pools\[0\].clock" is wrong; expected no field "every"\./,
    ],
    ['no models where the catalog has none', [{ ...entry, models: undefined }], /field "models"/],
    ['a key that is no string', [{ ...entry, apiKey: 42 }], /field "apiKey"/],
    ['a key of two lines', [{ ...entry, apiKey: `${SECRET}\nX` }], /entry 0 .*field "apiKey" holds a line break/],
    [
      'a key that no header carries',
      [{ ...entry, apiKey: `${SECRET}€` }],
      /field "apiKey" holds a line break or another character/,
    ],
    [
      'an address with a query',
      [{ ...entry, baseUrl: `http://127.0.0.1:1/v1?key=${SECRET}` }],
      /entry 0 .*field "baseUrl" has a "\?" or "#"/,
    ],
    [
      'an address with a password',
      [{ ...entry, baseUrl: `http://me:${SECRET}@127.0.0.1:1/v1` }],
      /field "baseUrl" has a name or password/,
    ],
    ['a missing key', [{ provider: 'groq' }], /field "apiKey" .*missing/],
    ['a retired provider', [{ provider: 'github-models', apiKey: SECRET }], /entry 0 \(github-models\)/],
  ])('refuses %s, naming entry, field and what was expected', (_, value, expected) => {
    const message = refusal({ FREEWAY_PROVIDERS: typeof value === 'string' ? value : JSON.stringify(value) });
    expect(message).toMatch(expected);
    expect(message).not.toContain(SECRET);
  });
});

describe('keys', () => {
  it('are taken without the white space around them, and documents as they are', () => {
    const document = JSON.stringify({ type: 'service_account', private_key: 'a\nb', name: '€' }, null, 2);
    const keys = [`  ${SECRET}\n`, document];
    const base = { provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'm1' }] };
    const entries = keys.map((apiKey) => ({ ...base, apiKey }));
    expect(read({ FREEWAY_PROVIDERS: JSON.stringify(entries) }).entries).toMatchObject([
      { apiKey: SECRET },
      { apiKey: document },
    ]);
  });

  it('of single variables are refused by their name where no header can carry them', () => {
    const message = refusal({ GROQ_API_KEY_2: `${SECRET}\nX` });
    expect(message).toMatch(/^GROQ_API_KEY_2 holds a line break/);
    expect(message).not.toContain(SECRET);
  });
});

describe('refusals', () => {
  it.each<[Environment, RegExp]>([
    [{ PORT: '99999' }, /PORT is "99999"/],
    [{ PORT: 'http' }, /PORT/],
    [{ FREEWAY_STORE: 'redis' }, /FREEWAY_STORE/],
    [{ FREEWAY_PAID: 'sometimes' }, /never, fallback, allowed/],
    [{ FREEWAY_BUDGET_USD_PER_DAY: '-1' }, /FREEWAY_BUDGET_USD_PER_DAY/],
    [{ FREEWAY_OWNER_KEY: 'short' }, /at least 32/],
    [{ NODE_ENV: 'production', GOOGLE_CERTS_URL: 'http://127.0.0.1:1/certs' }, /GOOGLE_CERTS_URL is for tests only/],
    [{ NODE_ENV: 'production', GOOGLE_ISSUER: 'http://127.0.0.1:1' }, /GOOGLE_ISSUER is for tests only/],
    [{ GROQ_API_KEY: 'k', GROQ_TIER: 'gratis' }, /GROQ_TIER is "gratis", but must be one of free, paid, local/],
    [
      { GROQ_API_KEY: 'k', GROQ_BASE_URL: 'api.groq.com' },
      /GROQ_BASE_URL must be an http or https URL, such as https:/,
    ],
  ])('%j', (env, expected) => {
    expect(refusal(env)).toMatch(expected);
  });
});
