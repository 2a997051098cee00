// API keys: made, bounded, rolled and revoked; their limits kept exactly when many ask at once, in every store.
import { describe, expect, it } from 'vitest';
import { createKeyLimits } from '#lambda/gateway/key-limits.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import type { CallerError } from '#shared/failures.ts';
import type { Headers } from '#lambda/ports.ts';
import type { ApiKeyGrant } from '#shared/people.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { bearer, createHouse, owner, type Answer, type House } from './house.ts';
import { stores } from './stores.ts';

const paidModel = {
  id: 'm1',
  kind: 'chat',
  context: 131_072,
  maxOutput: 1_024,
  size: 'large',
  capabilities: ['tools' as const],
  price: { inputPerMillionUsd: 0, outputPerMillionUsd: 1_000 },
} as const;
const paidEntry = { tier: 'paid' as const, models: [{ ...paidModel, capabilities: [...paidModel.capabilities] }] };

async function make(
  house: House,
  body: Record<string, unknown>,
): Promise<{ id: string; headers: ReturnType<typeof bearer> }> {
  const { status, json, text } = await house.ask('POST /api/keys', { headers: owner, body: { name: 'bot', ...body } });
  expect(status, text).toBe(201);
  return { id: String(json['id']), headers: bearer(String(json['key'])) };
}

const nothing = (): void => undefined;
const noAlerts = { raise: nothing, flush: async () => undefined, list: async () => [] };
const grant: ApiKeyGrant = {
  id: 'key1',
  name: 'bot',
  scopes: ['inference'],
  models: null,
  tier: 'any',
  privacy: 'any',
  limits: { requestsPerMinute: 20, usd: null },
  expiresAtMs: null,
};

const asker = { key: grant, person: { id: 'owner', name: 'the owner', budget: null, quota: null }, everybody: null };

const statuses = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

describe('an API key', () => {
  it('is shown once, and known again by its ends', async () => {
    const house = await createHouse();
    const made = await house.ask('POST /api/keys', { headers: owner, body: { name: 'bot' } });
    const key = String(made.json['key']);
    expect(key).toMatch(/^fwy_[0-9A-Za-z]{54}$/);
    const listed = await house.ask('GET /api/keys', { headers: owner });
    expect(listed.text).not.toContain(key);
    expect(listed.json['data']).toMatchObject([
      { start: key.slice(0, 8), last4: key.slice(-4), status: 'active', last_used_at: null },
    ]);
    await house.ask('GET /v1/models', { headers: bearer(key) });
    const used = (await house.ask('GET /api/keys', { headers: owner })).json['data'];
    expect(used).toMatchObject([{ last_used_at: new Date(house.clock.now()).toISOString() }]);
    const everything = JSON.stringify(
      await Promise.all(['api-keys', 'audit', 'api-key-use'].map((pk) => house.store.query(pk))),
    );
    expect(everything).not.toContain(key.slice(16, 50));
  });

  it('that is changed by one sign is refused without asking the store', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const house = await createHouse({ clock, store });
    const { headers } = await house.key();
    const text = headers['authorization'] ?? '';
    const wrong = `${text.slice(0, -1)}${text.endsWith('x') ? 'y' : 'x'}`;
    const before = store.counts.reads;
    expect((await house.ask('GET /v1/models', { headers: { authorization: wrong } })).status).toBe(401);
    expect(store.counts.reads).toBe(before);
  });

  it('is looked up once for all who present it at the same time', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const house = await createHouse({ clock, store });
    const { headers } = await house.key();
    const before = store.counts.reads;
    const answers = await Promise.all(Array.from({ length: 50 }, () => house.ask('GET /v1/models', { headers })));
    expect(statuses(answers, 200)).toBe(50);
    // The key, its person, the settings in force and the providers that were added: each once.
    expect(store.counts.reads - before).toBeLessThanOrEqual(4);
  });

  it('works at once, from every header clients use, until it expires', async () => {
    const house = await createHouse();
    const expires = new Date(house.clock.now() + 60_000).toISOString();
    const { headers } = await make(house, { expires_at: expires });
    const key = (headers['authorization'] ?? '').slice('Bearer '.length);
    for (const one of [headers, { 'x-api-key': key }, { 'x-goog-api-key': key }] as Record<string, string>[])
      expect((await house.ask('GET /v1/models', { headers: one })).status).toBe(200);
    await house.clock.advance(60_000);
    const late = await house.ask('GET /v1/models', { headers });
    expect(late.status).toBe(401);
    expect(late.message).toMatch(/"bot" has expired/);
  });

  it('ends at once where it is revoked, and within five seconds elsewhere', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const here = await createHouse({ clock, store });
    const there = await createHouse({ clock, store });
    const { id, headers } = await make(here, {});
    for (const house of [here, there]) expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    expect((await here.ask(`DELETE /api/keys/${id}`, { headers: owner })).status).toBe(204);
    expect((await here.ask('GET /v1/models', { headers })).status).toBe(401);
    await clock.advance(4_999);
    expect((await there.ask('GET /v1/models', { headers })).status).toBe(401);
  });

  it('is rolled with an overlap', async () => {
    const house = await createHouse();
    const { id, headers } = await make(house, {});
    const rolled = await house.ask(`POST /api/keys/${id}/roll`, { headers: owner, body: { overlap_seconds: 60 } });
    const next = bearer(String(rolled.json['key']));
    expect(rolled.json['previous_until']).toBe(new Date(house.clock.now() + 60_000).toISOString());
    for (const one of [headers, next]) expect((await house.ask('GET /v1/models', { headers: one })).status).toBe(200);
    await house.clock.advance(60_000);
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(401);
    expect((await house.ask('GET /v1/models', { headers: next })).status).toBe(200);
  });

  it('is not remembered beyond its end, nor beyond that of its overlap', async () => {
    const house = await createHouse();
    const ending = await make(house, { expires_at: new Date(house.clock.now() + 60_000).toISOString() });
    const rolled = await make(house, {});
    await house.ask(`POST /api/keys/${rolled.id}/roll`, { headers: owner, body: { overlap_seconds: 60 } });
    const ask = async (): Promise<number[]> =>
      Promise.all([ending, rolled].map(async ({ headers }) => (await house.ask('GET /v1/models', { headers })).status));
    await house.clock.advance(59_999);
    expect(await ask()).toEqual([200, 200]);
    await house.clock.advance(1);
    expect(await ask()).toEqual([401, 401]);
  });

  it('manages only with its scope, and reaches no further than itself', async () => {
    const house = await createHouse();
    const manager = await make(house, { scopes: ['manage'] });
    const bounded = await make(house, { scopes: ['manage', 'inference'], models: ['m1'] });
    const wide = await make(house, { scopes: ['inference'] });
    const body = { name: 'child' };
    const further = await house.ask('POST /api/keys', { headers: manager.headers, body });
    expect(further.status).toBe(403);
    expect(further.message).toMatch(/scope inference, which it does not have/);
    expect(
      (await house.ask('POST /api/keys', { headers: manager.headers, body: { ...body, scopes: ['manage'] } })).status,
    ).toBe(201);
    expect((await house.ask(`POST /api/keys/${wide.id}/roll`, { headers: manager.headers, body: {} })).status).toBe(
      403,
    );
    const freed = await house.ask(`PATCH /api/keys/${bounded.id}`, {
      headers: bounded.headers,
      body: { models: null },
    });
    expect(freed.status).toBe(403);
    expect((await house.ask('GET /v1/models', { headers: manager.headers })).status).toBe(403);
    expect((await house.ask('GET /api/sessions', { headers: manager.headers })).status).toBe(403);
  });

  it('that expires makes, changes and rolls nothing that outlives it', async () => {
    const house = await createHouse();
    const soon = house.clock.now() + 60_000;
    const until = (ms: number): string => new Date(ms).toISOString();
    const manager = await make(house, { scopes: ['manage'], expires_at: until(soon) });
    const lasting = await make(house, { scopes: ['manage'] });
    const { headers } = manager;
    const child = { name: 'child', scopes: ['manage'] };
    const refused = await house.ask('POST /api/keys', { headers, body: child });
    expect([refused.status, refused.message]).toEqual([403, expect.stringMatching(/outlive it/)]);
    const tries: readonly [string, unknown][] = [
      ['POST /api/keys', { ...child, expires_at: until(soon + 1) }],
      [`PATCH /api/keys/${manager.id}`, { expires_at: null }],
      [`PATCH /api/keys/${manager.id}`, { expires_at: until(soon + 60_000) }],
      [`POST /api/keys/${lasting.id}/roll`, {}],
      [`PATCH /api/keys/${lasting.id}`, { name: 'other' }],
    ];
    for (const [line, body] of tries)
      expect([line, (await house.ask(line, { headers, body })).status]).toEqual([line, 403]);
    const within = await house.ask('POST /api/keys', { headers, body: { ...child, expires_at: until(soon) } });
    expect(within.status).toBe(201);
    expect(
      (await house.ask(`PATCH /api/keys/${lasting.id}`, { headers, body: { expires_at: until(soon) } })).status,
    ).toBe(403);
    expect((await house.ask(`DELETE /api/keys/${lasting.id}`, { headers })).status).toBe(204);
  });

  it('keeps to its models, whatever name it asks by', async () => {
    const house = await createHouse();
    const { headers } = await make(house, { models: ['*/m2'] });
    const listed = (await house.ask('GET /v1/models', { headers })).json['data'] as { id: string }[];
    expect(listed.map(({ id }) => id)).toContain('openai-compatible/m2');
    expect(listed.filter(({ id }) => id.includes('m1'))).toEqual([]);
    const auto = await house.chat(headers);
    expect([auto.status, auto.headers['x-freeway-route']]).toEqual([200, 'openai-compatible/m2']);
    const other = await house.chat(headers, { model: 'm1' });
    expect(other.status).toBe(403);
    expect(other.message).toMatch(/may not use "m1", only: \*\/m2/);
    expect((await house.chat(headers, { model: 'm1', models: ['m1', 'm2'] })).headers['x-freeway-route']).toMatch(
      /m2$/,
    );
  });

  it('keeps to an endpoint by the name that the configuration gives it, and not by one that somebody gives a key of theirs', async () => {
    const house = await createHouse();
    const { headers } = await make(house, { models: ['alpha/*'] });
    const asked = [await house.chat(headers), await house.chat(headers, { model: 'alpha/m1' })];
    expect(asked.map(({ status }) => status)).toEqual([200, 200]);
    const { headers: bounded } = await make(house, { models: ['gamma/*'] });
    const own = {
      provider: 'openai-compatible',
      name: 'gamma',
      base_url: 'http://alpha.test/v1',
      fields: { apiKey: 'k' },
    };
    const body = { ...own, models: [{ id: 'm2' }] };
    const given = await house.clock.runUntil(house.ask('POST /api/credentials', { headers: owner, body }));
    expect(given.status).toBe(201);
    expect((await house.chat(owner, { model: 'gamma/m2' })).status).toBe(200);
    expect((await house.chat(bounded, { model: 'gamma/m2' })).status).toBe(403);
  });

  it('that is for free models never pays', async () => {
    const house = await createHouse({ entry: paidEntry });
    const { headers } = await make(house, { tier: 'free' });
    expect((await house.chat(headers, { freeway: { tier: 'any', max_wait_ms: 0 } })).status).toBe(422);
    expect((await house.chat(owner)).status).toBe(200);
  });

  it('that is private goes only where nothing is learned from prompts', async () => {
    const house = await createHouse();
    const { headers } = await make(house, { privacy: 'no_training' });
    expect((await house.chat(headers, { freeway: { privacy: 'any' } })).status).toBe(422);
    const known = await createHouse({ entry: { trainsOnPrompts: false } });
    expect((await known.chat((await make(known, { privacy: 'no_training' })).headers)).status).toBe(200);
  });

  it('has its own order of candidates: nearer than its person, further than a request', async () => {
    const house = await createHouse();
    const { id, headers } = await make(house, { strategy: 'latency' });
    const told = async (asker: Headers, more: object = {}): Promise<unknown> => {
      const body = { model: 'm1', messages: [{ role: 'user', content: 'x' }], ...more };
      return (await house.ask('POST /v1/explain', { headers: asker, body })).json['policy'];
    };
    expect((await house.ask('GET /api/key', { headers })).json['strategy']).toBe('latency');
    const mine = { headers: owner, body: { strategy: 'cost' } };
    expect((await house.ask('PATCH /api/settings/mine', mine)).status).toBe(200);
    expect(await told(owner)).toMatchObject({ strategy: 'cost' });
    expect(await told(headers)).toMatchObject({ strategy: 'latency', paid: 'fallback' });
    expect(await told(headers, { freeway: { strategy: 'weighted' } })).toMatchObject({ strategy: 'weighted' });
    const change = (strategy: unknown) => house.ask(`PATCH /api/keys/${id}`, { headers: owner, body: { strategy } });
    expect((await change('luck')).status).toBe(400);
    expect((await change('priority')).json['strategy']).toBe('priority');
    expect(await told(headers)).toMatchObject({ strategy: 'priority' });
    expect((await change(null)).json['strategy']).toBeNull();
    expect(await told(headers)).toMatchObject({ strategy: 'cost' });
  });

  it('is told of a decision in the words in which requests ask', async () => {
    const house = await createHouse();
    const freeway = { max_wait_ms: 7, max_cost_usd: 2, content_filter: 'failover', privacy: 'no_training' };
    const body = { model: 'm1', messages: [{ role: 'user', content: 'x' }], freeway: { ...freeway, tier: 'free' } };
    const { json } = await house.ask('POST /v1/explain', { headers: owner, body });
    expect(json['policy']).toMatchObject({
      paid: 'never',
      strategy: 'free-first',
      no_training: true,
      max_wait_ms: 7,
      max_cost_usd: 2,
      content_filter: 'failover',
    });
    expect(Object.keys(json['policy'] as object).filter((name) => /[A-Z]/.test(name))).toEqual([]);
  });

  it('goes with its person', async () => {
    const house = await createHouse({ env: { GOOGLE_CLIENT_ID: 'client' } });
    const invited = await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    const id = String(invited.json['id']);
    const { headers } = await house.key({ personId: id, email: 'ada@example.com' });
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    await house.ask(`PATCH /api/people/${id}`, { headers: owner, body: { blocked: true } });
    expect((await house.ask('GET /v1/models', { headers })).message).toMatch(/has been blocked/);
    await house.ask(`DELETE /api/people/${id}`, { headers: owner });
    await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(401);
  });

  it.each([
    ['2001:db8::', '2001:db8:0:1::1'],
    ['2001:db8:0:7::', '2001:db8:0:8::1'],
    ['2001:DB8:1:2:3:4:5:', '2001:db8:1:3::1'],
  ])('is guessed in vain from all of an IPv6 network, however its addresses are written: %s', async (start, other) => {
    const house = await createHouse();
    const guess = (address: string): Promise<Answer> =>
      house.ask('GET /v1/models', { headers: bearer('fwy_guess'), address });
    for (let i = 1; i <= 60; i++) expect((await guess(`${start}${i.toString(16)}`)).status).toBe(401);
    expect((await guess(`${start}ffff`)).status).toBe(429);
    expect((await guess(other)).status).toBe(401);
  });

  it('is guessed in vain: an address that tries too often has to wait, right keys do not', async () => {
    const house = await createHouse();
    const { headers } = await house.key();
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    const guess = (): Promise<Answer> => house.ask('GET /v1/models', { headers: bearer('fwy_guess') });
    for (let i = 0; i < 60; i++) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
    await house.clock.advance(10_000);
    const fresh = (await house.key()).headers;
    for (const known of [headers, fresh, owner])
      expect((await house.ask('GET /v1/models', { headers: known })).status).toBe(200);
    for (let i = 0; i < 540; i++) await guess();
    const late = (await house.key()).headers;
    expect((await house.ask('GET /v1/models', { headers: late })).status).toBe(429);
    expect((await house.ask('GET /v1/models', { headers: fresh })).status).toBe(200);
    const { json } = await house.ask('GET /api/audit', { headers: owner, query: 'action=key_guessing' });
    expect(json['data']).toMatchObject([{ target: '127.0.0.1' }]);
  });
});

describe.each(stores)('limits in %s', (_, open) => {
  it('let exactly so many requests a minute through, from two instances at once', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const keepers = [0, 1].map(() =>
      createKeyLimits({ store, clock, log: quiet, metrics: createMetrics(), alerts: noAlerts }),
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) => keepers[index % 2]!.admit(asker, { tokens: 0 })),
    );
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as CallerError] : [],
    );
    expect(refused).toHaveLength(40);
    for (const error of refused) {
      expect(error.message).toMatch(/"bot" may make 20 requests a minute/);
      expect(error.status).toBe(429);
      expect(error.retryAfterMs).toBeGreaterThan(0);
      expect(error.retryAfterMs).toBeLessThanOrEqual(66_000);
    }
    await clock.advance(1_000);
    expect((await keepers[1]!.remaining([grant]))[0]?.requests_per_minute).toMatchObject({ limit: 20, remaining: 0 });
    await clock.advance(66_000);
    await expect(keepers[0]!.admit(asker, { tokens: 0 })).resolves.toMatchObject({ purse: null });
    await store.close();
  });
});

describe('requests a minute', () => {
  it('are told with the time to come back, and count what was asked, not what was explained', async () => {
    const house = await createHouse();
    const { headers } = await make(house, { requests_per_minute: 2 });
    const body = { model: 'm1', messages: [{ role: 'user', content: 'hello' }] };
    for (let i = 0; i < 3; i++) expect((await house.ask('POST /v1/explain', { headers, body })).status).toBe(200);
    for (let i = 0; i < 2; i++) expect((await house.chat(headers)).status).toBe(200);
    const refused = await house.chat(headers);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(30);
    const { json } = await house.ask('GET /api/key', { headers });
    expect(json['requests_per_minute']).toMatchObject({ limit: 2, remaining: 0 });
    expect((await house.chat(owner)).status).toBe(200);
  });
});

describe('money of a key', () => {
  it('is reserved before the call: many at once never spend more than one estimate beyond', async () => {
    const house = await createHouse({ entry: paidEntry });
    // A call may cost 1,000 tokens at $1,000 per million: one dollar at most.
    const { headers } = await make(house, { usd: { max: 20, per: 'day' } });
    const ask = (): Promise<Answer> => house.chat(headers, { max_tokens: 1_000, freeway: { max_wait_ms: 0 } });
    const asking = Promise.all(Array.from({ length: 200 }, ask));
    const answers = await house.clock.runUntil(asking);
    const served = statuses(answers, 200);
    expect(served).toBe(20);
    expect(served + statuses(answers, 429)).toBe(200);
    const refused = answers.find(({ status }) => status === 429);
    const { json } = await house.ask('GET /api/key', { headers });
    const { remaining } = json['usd'] as { remaining: number };
    expect((await house.ask('GET /api/keys', { headers: owner })).json['data']).toMatchObject([
      { usd_remaining: remaining },
    ]);
    expect(remaining).toBeGreaterThanOrEqual(0);
    expect(refused?.message).toMatch(/"bot" may spend \$20 a day/);
  });

  it('that is spent leaves free models, and begins anew', async () => {
    const house = await createHouse({ entry: paidEntry });
    const { headers } = await make(house, { usd: { max: 0.0001, per: 'day' } });
    const refused = await house.chat(headers, { freeway: { max_wait_ms: 0 } });
    expect(refused.status).toBe(429);
    expect(refused.message).toMatch(/nothing free can serve/);
    const free = await createHouse();
    expect((await free.chat((await make(free, { usd: { max: 0, per: 'month' } })).headers)).status).toBe(200);
  });
});

it.each([
  [
    'POST /api/keys',
    { name: 'bot', modells: null },
    /^"body" is wrong: .*"modells".* Known are name, scopes, models, tier,/,
  ],
  ['PATCH /api/settings/mine', { ordering: 'cost' }, /^"body" is wrong: .*"ordering".* Known are .*strategy/],
  [
    'PATCH /api/settings/installation',
    { budget: { usd_a_day: 1 } },
    /^"budget" is wrong: .*"usd_a_day".* Known are usd_per_day, usd_per_month, mode\.$/,
  ],
])('%s: who writes a field that is none is told those that there are', async (route, body, told) => {
  const house = await createHouse();
  const { status, json } = await house.ask(route, { headers: owner, body });
  expect(status).toBe(400);
  expect((json['error'] as { message: string }).message).toMatch(told);
});

it.each([
  [{}, '"name" is missing: it must be a string.'],
  [{ name: '' }, '"name" is missing: it must have 1 character or more.'],
  [{ name: 5 }, '"name" must be a string.'],
  [{ name: 'a'.repeat(1_000) }, /^"name" must have \d+ characters at most\.$/],
  [{ name: 'a', requests_per_minute: 'x' }, '"requests_per_minute" must be a number.'],
  [{ name: 'a', requests_per_minute: -1 }, /^"requests_per_minute" must be (?:above )?\d+(?: or more)?\.$/],
  [{ name: 'a', scopes: ['x'] }, '"scopes.0" must be one of "inference", "usage", "manage".'],
  [{ name: 'a', scopes: 'usage' }, '"scopes" must be an array.'],
  [{ name: 'a', expires_at: 'tomorrow' }, '"expires_at" must be a time such as 2027-01-31T12:00:00Z.'],
  [[], '"body" must be an object.'],
])('who asks for a key with %j is told what it must be', async (body, told) => {
  const house = await createHouse();
  const { status, json } = await house.ask('POST /api/keys', { headers: owner, body });
  expect(status).toBe(400);
  const { message } = json['error'] as { message: string };
  if (typeof told === 'string') expect(message).toBe(told);
  else expect(message).toMatch(told);
});
