// Candidates: tiers by plan, pools by owner, and books that hold overlapping pools together.
import { describe, expect, it } from 'vitest';
import type { Model, Provider } from '#shared/catalog.ts';
import type { Pool } from '#shared/pools.ts';
import { toCandidates } from '#lambda/routing/candidates.ts';
import type { RoutableCredential } from '#lambda/routing/credential.ts';

const model = (id: string, more: Partial<Model> = {}): Model => ({ id, kind: 'chat', capabilities: [], ...more });
const perMinute = (models: string[], more: Partial<Pool> = {}): Pool => ({
  models,
  scope: 'credential',
  unit: 'requests',
  max: 30,
  clock: { kind: 'rolling', seconds: 60 },
  ...more,
});

function toProvider(more: Partial<Provider>): Provider {
  return {
    id: 'acme',
    name: 'Acme',
    status: 'active',
    wire: 'openai-chat',
    dialect: 'generic',
    baseUrl: 'https://acme.test/v1',
    paths: {},
    auth: { scheme: 'bearer' },
    fields: [],
    quirks: [],
    defaultPlan: 'free',
    cardRequired: 'unknown',
    terms: { commercial: true, serveOthers: true, trainsOnPrompts: 'unknown', hardStopsBeforePaid: true },
    models: [],
    retiredModels: [],
    pools: [],
    notes: [],
    sources: [],
    asOf: '2026-11',
    ...more,
  };
}

const toCredential = (provider: Provider, more: Partial<RoutableCredential> = {}): RoutableCredential => ({
  id: 'c1',
  name: 'one',
  provider,
  plan: 'free',
  priority: 100,
  weight: 1,
  trainsOnPrompts: null,
  account: null,
  models: [],
  allowedModels: [],
  pools: [],
  ...more,
});
const any = () => true;

describe('tiers', () => {
  const provider = toProvider({
    models: [model('gift', { free: 'always' }), model('trial', { free: 'plan' }), model('dear')],
  });
  it.each([
    ['free', ['gift:free', 'trial:free']],
    ['paid', ['gift:free', 'trial:paid', 'dear:paid']],
    ['local', ['gift:local', 'trial:local', 'dear:local']],
  ] as const)('on the %s plan', (plan, expected) => {
    const candidates = toCandidates([toCredential(provider, { plan })], any);
    expect(candidates.map(({ modelId, tier }) => `${modelId}:${tier}`)).toEqual(expected);
  });

  it('end with the day on which a model retires', () => {
    const leaving = toProvider({
      models: [model('old', { free: 'always', retiresOn: '2026-11-30' }), model('new', { free: 'always' })],
    });
    const candidates = toCandidates([toCredential(leaving)], any);
    expect(candidates.map(({ retiredAtMs }) => retiredAtMs)).toEqual([Date.UTC(2026, 11, 1), undefined]);
  });

  it('has no end where somebody has written what is no day', () => {
    const leaving = toProvider({
      models: [model('old', { free: 'always', retiresOn: 'soon' }), model('new', { free: 'always' })],
    });
    const candidates = toCandidates([toCredential(leaving)], any);
    expect(candidates.map(({ retiredAtMs }) => retiredAtMs)).toEqual([undefined, undefined]);
  });

  it('leaves out models that we can not call', () => {
    expect(toCandidates([toCredential(provider)], ({ id }) => id === 'trial').map(({ modelId }) => modelId)).toEqual([
      'trial',
    ]);
  });

  it('narrows to allowed models', () => {
    expect(
      toCandidates([toCredential(provider, { allowedModels: ['tr*'] })], any).map(({ modelId }) => modelId),
    ).toEqual(['trial']);
  });
});

describe('pools and books', () => {
  const models = [model('a', { free: 'plan' }), model('b', { free: 'plan' }), model('c', { free: 'plan' })];

  it('keeps models apart that share no pool, and together those that do', () => {
    const provider = toProvider({ models, pools: [perMinute(['a']), perMinute(['b', 'c'])] });
    const [a, b, c] = toCandidates([toCredential(provider)], any).map(({ book }) => book);
    expect(b).toBe(c);
    expect(a).not.toBe(b);
  });

  it('gives each model its own pool when limits are per model', () => {
    const provider = toProvider({ models, pools: [perMinute(['*'], { perModel: true })] });
    const keys = toCandidates([toCredential(provider)], any).map(({ pools }) => pools[0]?.key);
    expect(new Set(keys).size).toBe(3);
  });

  it('joins a chain of overlapping pools into one book', () => {
    const provider = toProvider({ models, pools: [perMinute(['a', 'b']), perMinute(['b', 'c'])] });
    expect(new Set(toCandidates([toCredential(provider)], any).map(({ book }) => book)).size).toBe(1);
  });

  it('shares account pools among keys of one account only', () => {
    const provider = toProvider({ models: [models[0]!], pools: [perMinute(['*'], { scope: 'account' })] });
    const keys = [
      toCredential(provider, { id: 'c1', account: 'home' }),
      toCredential(provider, { id: 'c2', account: 'home' }),
      toCredential(provider, { id: 'c3', account: 'work' }),
      toCredential(provider, { id: 'c4' }),
    ];
    const [first, second, third, fourth] = toCandidates(keys, any);
    expect(first?.pools[0]?.key).toBe(second?.pools[0]?.key);
    expect(first?.book).toBe(second?.book);
    expect(new Set([first, third, fourth].map((candidate) => candidate?.book)).size).toBe(3);
  });

  it('names books and pools alike whatever the order of credentials', () => {
    const provider = toProvider({ models, pools: [perMinute(['a']), perMinute(['*'], { scope: 'account' })] });
    const one = toCredential(provider, { id: 'c1', account: 'x' });
    const two = toCredential(provider, { id: 'c2', account: 'x' });
    const books = (credentials: RoutableCredential[]) =>
      new Set(toCandidates(credentials, any).map(({ book }) => book));
    expect(books([one, two])).toEqual(books([two, one]));
  });

  it('drops pools of the other plan, and lets the credential replace a limit', () => {
    const provider = toProvider({
      models: [models[0]!],
      pools: [perMinute(['a'], { plan: 'free' }), perMinute(['a'], { plan: 'paid', unit: 'tokens' })],
    });
    const [candidate] = toCandidates([toCredential(provider, { pools: [perMinute(['a'], { max: 5 })] })], any);
    expect(candidate?.pools.map(({ unit, max }) => `${unit} ${max}`)).toEqual(['requests 5']);
  });

  it.each([
    ['keys whose account nobody knows', 'account', null, false],
    ['two keys of one account, where each key has limits of its own', 'credential', 'home', false],
    ['any two keys, where the limit is that of the address', 'ip', null, true],
  ] as const)('of %s: one pool or two', (_name, scope, account, isOne) => {
    const provider = toProvider({ models: [models[0]!], pools: [perMinute(['*'], { scope })] });
    const keys = ['c1', 'c2'].map((id) => toCredential(provider, { id, account }));
    const [first, second] = toCandidates(keys, any).map(({ pools }) => pools.map(({ key }) => key));
    expect([first?.length, second?.length]).toEqual([1, 1]);
    expect(first?.[0] === second?.[0]).toBe(isOne);
  });

  it('keeps the pools of its own plan, each with its own clock, unit and kinds', () => {
    const pools = [
      perMinute(['a'], { plan: 'free' }),
      perMinute(['a'], { kinds: ['chat'], max: 20 }),
      perMinute(['a'], { kinds: ['speech'], max: 10 }),
      perMinute(['b'], { max: 5 }),
    ];
    const provider = toProvider({
      models: [model('a', { free: 'plan' }), model('b', { free: 'plan', kind: 'speech' })],
      pools,
    });
    const candidates = toCandidates([toCredential(provider)], any);
    expect(candidates.map(({ pools: own }) => own.map(({ max }) => max))).toEqual([[30, 20], [5]]);
  });
});

describe('what is known of a candidate', () => {
  const terms = {
    commercial: true,
    serveOthers: true,
    trainsOnPrompts: true,
    hardStopsBeforePaid: true,
    regions: ['us'],
    retentionDays: 30,
  };
  const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 2 };
  const known = model('Org/Big-1:free', {
    free: 'always',
    size: 'small',
    roles: ['reasoning'],
    context: 1000,
    maxOutput: 100,
    price,
    onlyByName: true,
  });

  it('is what the catalog says of the model and of its provider', () => {
    const provider = toProvider({ models: [known], terms, tellsCost: true });
    expect(toCandidates([toCredential(provider)], any)).toEqual([
      expect.objectContaining({
        route: 'acme/Org/Big-1:free',
        family: 'big-1',
        sizeRank: 0,
        roleRank: 2,
        context: 1000,
        maxOutput: 100,
        price,
        tellsCost: true,
        onlyByName: true,
        trainsOnPrompts: true,
        regions: ['us'],
        retentionDays: 30,
      }),
    ]);
  });

  it('is what its key says before that: where prompts go, how long they stay, and whether they are learned from', () => {
    const provider = toProvider({ models: [known], terms });
    const own = { trainsOnPrompts: false, regions: ['eu'], retentionDays: 0 } as const;
    const models = [{ ...known, family: 'big' }];
    expect(toCandidates([toCredential(provider, { ...own, models })], any)).toEqual([
      expect.objectContaining({ ...own, family: 'big' }),
    ]);
  });

  it('is nothing where nobody says it', () => {
    const [candidate] = toCandidates([toCredential(toProvider({ models: [model('m', { free: 'always' })] }))], any);
    expect(candidate).toMatchObject({ sizeRank: 1, trainsOnPrompts: 'unknown' });
    expect(candidate).toMatchObject({ context: null, maxOutput: null, price: null });
    for (const name of ['regions', 'retentionDays', 'tellsCost', 'onlyByName', 'retiredAtMs', 'locked'])
      expect(candidate).not.toHaveProperty(name);
  });
});
