// Bounds of quotas: what is refused, changed, shown and kept of older ones; and that nothing is asked of the store where there are none.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { peopleSchema } from '#shared/api/people.ts';
import { settingsSchema } from '#shared/api/settings.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { owner } from './house.ts';
import { makeKey, openHouse, set } from './quota-house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

describe('bounds that are set', () => {
  const wrong = [0, -1, 1.5, 1e13, '5', true];
  it.each(wrong)('are refused when they are none: %j', async (value) => {
    const house = await openHouse();
    const { id } = await house.key();
    const asking = { headers: owner, body: { quota: { tokens_per_day: value } } };
    const answers = [
      await house.ask('POST /api/keys', { headers: owner, body: { name: 'x', tokens_per_day: value } }),
      await house.ask(`PATCH /api/keys/${id}`, { headers: owner, body: { requests_per_day: value } }),
      await house.ask('PATCH /api/settings/installation', asking),
      await house.ask('PATCH /api/people/person_x', asking),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    for (const { message } of answers) expect(message).toMatch(/tokens_per_day|requests_per_day/);
  });

  it('of a key are changed one at a time, shown with what is left, and taken away', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { requests_per_minute: 5, tokens_per_day: 9_000 });
    const [made] = (await house.ask('GET /api/keys', { headers: owner })).json['data'] as [{ id: string }];
    expect(made).toMatchObject({ requests_per_minute: 5, requests_per_day: null, tokens_per_day: 9_000 });
    const change = (body: unknown) => house.ask(`PATCH /api/keys/${made.id}`, { headers: owner, body });
    expect((await change({ requests_per_day: 7 })).json).toMatchObject({
      requests_per_minute: 5,
      requests_per_day: 7,
      tokens_per_day: 9_000,
    });
    await house.clock.advance(5_000);
    expect((await house.chat(headers)).status).toBe(200);
    await house.clock.advance(1_001);
    const { json } = await house.ask('GET /api/keys', { headers: owner });
    expect(json['data']).toMatchObject([
      { left: { requests_per_minute: { remaining: 4 }, requests_per_day: { remaining: 6 }, tokens_per_minute: null } },
    ]);
    const gone = await change({ requests_per_minute: null, requests_per_day: null, tokens_per_day: null });
    expect(gone.json).toMatchObject({ requests_per_minute: null, requests_per_day: null, tokens_per_day: null });
  });

  it('of keys and settings from before there were these are no bounds, and what is unknown of them stays', async () => {
    const clock = createFakeClock(Date.UTC(2026, 10, 22, 12));
    const store = createMemoryStore(clock);
    const house = await openHouse({ clock, store });
    const { id, headers } = await house.key();
    const stored = await store.get({ pk: 'api-keys', sk: id });
    const doc = JSON.parse(String(stored?.['doc'])) as { limits: object };
    const older = { ...doc, limits: { requestsPerMinute: 60, usd: null, imagesPerDay: 3 } };
    await store.put({ pk: 'api-keys', sk: id }, { ...stored, doc: JSON.stringify(older) });
    const settings = { budget: { usd_per_day: 5 }, quota: { requests_per_day: 100, images_per_day: 3 } };
    await store.put({ pk: 'settings', sk: 'installation' }, { json: JSON.stringify(settings), v: 1 });
    expect((await house.chat(headers)).status).toBe(200);
    expect((await house.ask('GET /api/key', { headers })).json).toMatchObject({
      requests_per_minute: { limit: 60, remaining: 59 },
      tokens_per_day: null,
    });
    await house.ask(`PATCH /api/keys/${id}`, { headers: owner, body: { tokens_per_day: 9 } });
    const after = JSON.parse(String((await store.get({ pk: 'api-keys', sk: id }))?.['doc'])) as { limits: object };
    expect(after.limits).toMatchObject({ requestsPerMinute: 60, imagesPerDay: 3, tokensPerDay: 9 });
    await set(house, { privacy: 'any' });
    const kept = JSON.parse(String((await store.get({ pk: 'settings', sk: 'installation' }))?.['json'])) as object;
    expect(kept).toMatchObject({ quota: { requests_per_day: 100, images_per_day: 3 } });
    await set(house, { quota: { tokens_per_day: 7 } });
    const changed = JSON.parse(String((await store.get({ pk: 'settings', sk: 'installation' }))?.['json'])) as object;
    expect(changed).toMatchObject({ quota: { requests_per_day: null, images_per_day: 3, tokens_per_day: 7 } });
  });

  it('are shown, as budgets are, also where a later version has set more of them than is known here', async () => {
    const store = createMemoryStore(createFakeClock(0));
    const house = await openHouse({ store });
    const budget = { usd_per_day: 5, usd_per_week: 9 };
    const settings = { budget, quota: { requests_per_day: 100, images_per_day: 3 } };
    await store.put({ pk: 'settings', sk: 'person#owner' }, { json: JSON.stringify(settings), v: 1 });
    const people = peopleSchema.parse((await house.ask('GET /api/people', { headers: owner })).json);
    expect(people.data[0]).toMatchObject(settings);
    const mine = settingsSchema.parse((await house.ask('GET /api/settings', { headers: owner })).json);
    expect([mine.budget, mine.quota_left]).toMatchObject([budget, { requests_per_day: { limit: 100 } }]);
  });

  it('bound what a key that manages keys may do, as other limits of it', async () => {
    const house = await openHouse();
    const manager = await makeKey(house, { scopes: ['manage'], tokens_per_day: 5 });
    const made = await house.ask('POST /api/keys', { headers: manager, body: { name: 'child', scopes: ['manage'] } });
    expect(made.status).toBe(403);
  });
});

describe('without quotas', () => {
  it.each([false, true])('no book of quotas is read or written; with one (%s) it is', async (isBounded) => {
    const clock = createFakeClock(Date.UTC(2026, 10, 22, 12));
    const store = createMemoryStore(clock);
    const touched = new Set<string>();
    const watched: Store = {
      ...store,
      batchGet: (keys) => {
        for (const { pk } of keys) touched.add(pk);
        return store.batchGet(keys);
      },
      update: (update) => {
        touched.add(update.key.pk);
        return store.update(update);
      },
    };
    const house = await openHouse({ clock, store: watched });
    await set(house, { quota: { requests_per_day: isBounded ? 5 : null }, person_quota: {} });
    expect((await house.chat((await house.key()).headers)).status).toBe(200);
    const quotas = [...touched].filter((pk) => /^book#(key|person|everybody|budget-told)/.test(pk));
    expect(quotas).toEqual(isBounded ? ['book#everybody'] : []);
  });
});
