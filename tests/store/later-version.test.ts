// What a later version has written beside this one, during a rollout or before going back: it is read as far as it is known, hides nothing
// else, loosens no bound, and is left as it is.
import { beforeEach, expect, it } from 'vitest';
import type { AlertsOptions } from '#lambda/telemetry/alert-desk.ts';
import { createAlerts } from '#lambda/telemetry/alerts.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createAdmission } from '#lambda/http/auth-admission.ts';
import { toCallerError } from '#lambda/http/auth-refusal.ts';
import type { SignInRefused } from '#lambda/http/auth-refused.ts';
import type { Store } from '#lambda/ports.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createAudit } from '#lambda/store/audit.ts';
import { createCredentialBook } from '#lambda/store/credentials.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createRollout } from '#lambda/store/rollout.ts';
import { createSettings } from '#lambda/store/settings.ts';
import { fromUsageItem, toUsageItem } from '#lambda/store/usage-items.ts';
import type { UsageRecord } from '#shared/api/usage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const nothing = (): void => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
let clock: FakeClock;
let store: Store;
beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  store = createMemoryStore(clock);
});

/** Rewrites the JSON that this version has written under `attr`. */
async function rewrite(
  pk: string,
  attr: string,
  change: (json: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const { items } = await store.query(pk);
  for (const { key, item } of items) {
    const json = change(JSON.parse(String(item[attr])) as Record<string, unknown>);
    await store.put(key, { ...item, [attr]: JSON.stringify(json) });
  }
}
const documentsOf = async (pk: string, attr: string): Promise<Record<string, unknown>[]> =>
  (await store.query(pk)).items.map(({ item }) => JSON.parse(String(item[attr])) as Record<string, unknown>);

it('alerts: unknown kinds are listed with the others, unknown channels are left to who knows them', async () => {
  const sent: string[] = [];
  const options: AlertsOptions = {
    store,
    clock,
    log,
    metrics: createMetrics(),
    freezes: true,
    shares: () => null,
    channels: async () => new Map([['webhook', async ({ text }) => (sent.push(text), null)]] as const),
  };
  const earlier = createAlerts(options);
  earlier.raise({ kind: 'budget', subject: 'all', text: 'half' });
  await earlier.flush();
  const chat = { channel: 'chat', state: 'pending', attempts: 0, next_at: null, problem: null, room: 'ops' };
  await rewrite('alerts', 'json', (alert) => ({ ...alert, kind: 'disk', severity: 3, deliveries: [chat] }));
  await clock.advance(600_000);
  const alerts = createAlerts(options);
  alerts.raise({ kind: 'quota', subject: 'all', text: 'all of it' });
  await alerts.flush();
  expect((await alerts.list(10)).map(({ kind, deliveries }) => [kind, deliveries[0]?.state])).toEqual([
    ['quota', 'delivered'],
    ['disk', 'pending'],
  ]);
  expect(sent).toEqual(['half', 'all of it']);
  expect(await documentsOf('alerts', 'json')).toContainEqual(
    expect.objectContaining({ kind: 'disk', severity: 3, deliveries: [chat] }),
  );
});

it('the audit: unknown acts are listed with the others', async () => {
  const audit = createAudit({ store, clock, log, days: () => 30 });
  const origin = { principal: null, address: null, requestId: null };
  await audit.write({ action: 'sign_in', target: 'a', detail: null }, origin);
  await rewrite('audit', 'event', (event) => ({ ...event, action: 'passkey_added', device: 'phone' }));
  await clock.advance(1);
  await audit.write({ action: 'sign_out', target: 'a', detail: null }, origin);
  const { events } = await audit.page({ limit: 10 });
  expect(events.map(({ action }) => action)).toEqual(['sign_out', 'passkey_added']);
});

it('settings: of unknown words a bound is the tightest and a wish is none; a change leaves them as they are', async () => {
  const settings = createSettings(store, clock.now);
  await settings.changeInstallation({ paid: 'allowed', max_wait_ms: 5 });
  await rewrite('settings', 'json', (json) => ({
    ...json,
    paid: 'ask_first',
    privacy: 'sealed',
    strategy: 'greenest',
    budget: { usd_per_day: 3, mode: 'elastic' },
    power: 'low',
  }));
  const later = createSettings(store, clock.now);
  const { installation } = await later.of('p');
  expect(installation).toMatchObject({
    paid: 'never',
    privacy: 'no_training',
    budget: { mode: 'hard' },
    max_wait_ms: 5,
  });
  expect(installation.strategy).toBeUndefined();
  await later.changeInstallation({ max_wait_ms: 7 });
  expect(await documentsOf('settings', 'json')).toEqual([
    expect.objectContaining({
      paid: 'ask_first',
      privacy: 'sealed',
      strategy: 'greenest',
      power: 'low',
      max_wait_ms: 7,
    }),
  ]);
  await later.changePerson('p', { budget: { usd_per_day: 1, usd_per_month: null, mode: 'soft' } });
  await rewrite('settings', 'json', (json) => ({ ...json, paid: 'ask_first' }));
  expect((await later.bounds()).get('p')?.budget?.usd_per_day).toBe(1);
  // What is no word of any version is still told.
  await rewrite('settings', 'json', (json) => ({ ...json, max_cost_usd: 'much' }));
  await expect(createSettings(store, clock.now).of('p')).rejects.toThrow('max_cost_usd: Invalid input');
  // Whoever sets that anew mends it; whoever sets something else does not.
  await expect(later.changeInstallation({ max_wait_ms: 8 })).rejects.toThrow('Set that anew');
  const mended = await later.changeInstallation({ max_cost_usd: 2 });
  expect([mended.before.max_wait_ms, mended.after.max_cost_usd]).toEqual([7, 2]);
  expect((await createSettings(store, clock.now).of('q')).installation).toMatchObject({
    max_cost_usd: 2,
    paid: 'never',
  });
});

it('API keys: unknown words allow as little as any known one, and a change keeps them', async () => {
  const keys = createApiKeys(store, clock, nothing);
  const limits = { requestsPerMinute: null, usd: { max: 5, per: 'day', mode: 'soft' } } as const;
  const terms = { name: 'bot', scopes: ['inference'], models: null, tier: 'any', privacy: 'any', limits } as const;
  const { key, stored } = await keys.create({ ...terms, expiresAtMs: null, personId: 'p', email: null });
  await rewrite('api-keys', 'doc', (json) => ({
    ...json,
    scopes: ['inference', 'fine_tuning', 'usage'],
    tier: 'sponsored',
    privacy: 'sealed',
    strategy: 'greenest',
    limits: { ...limits, usd: { max: 5, per: 'fortnight', mode: 'elastic' } },
    regions: ['eu'],
  }));
  expect(await keys.find(key)).toMatchObject({
    scopes: ['inference', 'usage'],
    tier: 'free',
    privacy: 'no_training',
    strategy: null,
    limits: { usd: { max: 5, per: 'never', mode: 'hard' } },
  });
  expect(await keys.list()).toHaveLength(1);
  await keys.change(stored.id, (before) => ({ ...before, name: 'robot' }));
  expect(await documentsOf('api-keys', 'doc')).toEqual([
    expect.objectContaining({
      name: 'robot',
      scopes: ['inference', 'fine_tuning', 'usage'],
      tier: 'sponsored',
      regions: ['eu'],
    }),
  ]);
});

it('people: an unknown role lets nobody in, until somebody gives another', async () => {
  const people = createPeople(store, nothing);
  const person = {
    id: people.idOf('a@example.com'),
    email: 'a@example.com',
    role: 'admin',
    models: null,
    expiresAtMs: null,
    blocked: false,
  } as const;
  await people.create({ ...person, source: 'invited', createdAtMs: 1, lastSeenAtMs: null, googleId: null });
  await rewrite('people', 'doc', (json) => ({ ...json, role: 'auditor', source: 'directory', team: 'red' }));
  expect(await people.list()).toMatchObject([{ role: 'unknown', source: 'invited' }]);
  const admission = createAdmission({ people, clock, allowed: [], admins: [], ownerEmail: null });
  const refusal = await admission.standing('a@example.com').catch((error: unknown) => error);
  expect(toCallerError(refusal as SignInRefused).message).toMatch(
    /^a@example.com has a role here that a later version/,
  );
  await people.change(person.id, (before) => ({ ...before, blocked: true }));
  expect(await documentsOf('people', 'doc')).toEqual([
    expect.objectContaining({ role: 'auditor', blocked: true, team: 'red' }),
  ]);
  await people.change(person.id, (before) => ({ ...before, blocked: false, role: 'member' }));
  expect(await admission.standing('a@example.com')).toMatchObject({ role: 'member' });
});

it('experiments of an unknown kind, and credentials that can not be read, hide no others', async () => {
  const rollout = createRollout(store, clock.now);
  await rollout.writeExperiment({
    name: 'bandit', kind: 'split', enabled: true, percent: 10, models: [], by: 'caller', variant: { model: 'auto:large' },
  }); // prettier-ignore
  await rewrite('rollout', 'json', (json) => ({ ...json, kind: 'bandit' }));
  await rollout.writeFlag({ name: 'new', enabled: true, percent: 5, always: [] });
  const { experiments, flags } = await createRollout(store, clock.now).read();
  expect([experiments, flags.map(({ name }) => name)]).toEqual([[], ['new']]);
  await store.put({ pk: 'credentials', sk: 'p#c' }, { json: '{"id":"c","plan":"sponsored"}', version: 1 });
  expect((await createCredentialBook(store, clock.now).snapshot()).all).toEqual([]);
});

const record = (id: number): UsageRecord => ({
  request_id: `req_${id}`, at: '2026-11-22T12:00:00.000Z', person_id: 'p', key_id: null, operation: 'chat', outcome: 'ok',
  route: 'a/m', credential: 'c', tier: 'free', input_tokens: 1, output_tokens: 1, audio_seconds: null, cost_usd: 0, list_usd: 0,
  wait_ms: 0, duration_ms: 1, rescues: 0, attempts: [],
}); // prettier-ignore

it.each([1, 8])('usage, %i records in an item: unknown tiers count as paid, unknown columns as nothing', (count) => {
  const records = Array.from({ length: count }, (_, id) => ({
    ...record(id),
    tier: id === 0 ? 'sponsored' : 'free',
    outcome: 'half_ok',
    carbon_grams: id,
    places: ['x'],
  }));
  const { records: read } = fromUsageItem(toUsageItem(records as unknown as UsageRecord[]));
  expect(read.map(({ tier, outcome }) => [tier, outcome])).toEqual(
    records.map(({ tier }) => [tier === 'sponsored' ? 'paid' : 'free', 'half_ok']),
  );
});
