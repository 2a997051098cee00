// What the audit says of changes: each value before and after, in words for tables, and never an address.
import { beforeAll, describe, expect, it } from 'vitest';
import { auditPageSchema, type AuditEvent } from '#shared/api/audit.ts';
import { toChanges } from '#lambda/endpoints/api/changes.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { owner, type House } from './house.ts';
import { openHouse } from './quota-house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const patch = async (house: House, path: string, body: unknown): Promise<void> => {
  // Acts of one moment stand in any order.
  await house.clock.advance(1_000);
  const { status, text } = await house.ask(`PATCH /api/${path}`, { headers: owner, body });
  expect(status, text).toBe(200);
};
const last = async (house: House): Promise<AuditEvent | undefined> =>
  auditPageSchema.parse((await house.ask('GET /api/audit?limit=1', { headers: owner })).json).data[0];

describe('the audit of changes', () => {
  it('of a person tells roles, quotas and budgets as they were and as they are', async () => {
    const house = await openHouse();
    const { json } = await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    const path = `people/${String(json['id'])}`;
    await patch(house, path, { role: 'admin', quota: { requests_per_day: 100 }, models: ['a', 'b'] });
    expect(await last(house)).toMatchObject({ action: 'person_changed', target: 'ada@example.com', detail: null });
    expect((await last(house))?.changes).toEqual([
      { name: 'role', before: 'member', after: 'admin' },
      { name: 'models', before: null, after: 'a, b' },
      { name: 'quota.requests_per_day', before: null, after: 100 },
    ]);
    await patch(house, path, { quota: { requests_per_day: 200, tokens_per_day: 5 }, budget: { usd_per_day: 2.5 } });
    expect((await last(house))?.changes).toEqual([
      { name: 'quota.requests_per_day', before: 100, after: 200 },
      { name: 'budget.usd_per_day', before: null, after: 2.5 },
      { name: 'budget.mode', before: null, after: 'hard' },
      { name: 'quota.tokens_per_day', before: null, after: 5 },
    ]);
    await patch(house, path, { quota: null, budget: null });
    expect((await last(house))?.changes).toContainEqual({ name: 'quota.requests_per_day', before: 200, after: null });
    const { text } = await house.ask('GET /api/audit?format=csv&action=person_changed', { headers: owner });
    expect(text).toContain('quota.requests_per_day: 100 -> 200; budget.usd_per_day: none -> 2.5');
    expect(text).not.toContain('{');
  });

  it('of a key and of settings tells them likewise, but of alerts no address', async () => {
    const house = await openHouse();
    const { id } = await house.key();
    await patch(house, `keys/${id}`, { requests_per_day: 7 });
    expect((await last(house))?.changes).toEqual([{ name: 'requests_per_day', before: null, after: 7 }]);
    await patch(house, 'settings/installation', {
      usage_days: 30,
      person_quota: { tokens_per_day: 9 },
      alerts: { webhook_url: 'https://hooks.test/secret-path', email_to: ['eve@example.com'], email_from: 'f@x.org' },
    });
    const told = await last(house);
    expect(told).toMatchObject({
      detail: 'where alerts go',
      changes: [
        { name: 'person_quota.tokens_per_day', before: null, after: 9 },
        { name: 'usage_days', before: null, after: 30 },
      ],
    });
    expect(JSON.stringify(told)).not.toMatch(/secret-path|eve@/);
    await patch(house, 'settings/mine', { strategy: 'cost' });
    await patch(house, 'settings/mine', { strategy: null });
    expect((await last(house))?.changes).toEqual([{ name: 'strategy', before: 'cost', after: null }]);
  });

  it('of settings tells what was there, whoever has written it, and however old is what is known here', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const [here, there] = await Promise.all([openHouse({ clock, store }), openHouse({ clock, store })]);
    // From now on both know that nothing is set.
    for (const house of [here, there]) await house.ask('GET /api/settings', { headers: owner });
    for (const path of ['installation', 'mine']) {
      await patch(there, `settings/${path}`, { strategy: 'latency' });
      await patch(here, `settings/${path}`, { strategy: 'cost' });
      expect((await last(here))?.changes).toEqual([{ name: 'strategy', before: 'latency', after: 'cost' }]);
    }
  });

  it('cuts what is long, and tells nothing of what stays', () => {
    const [change, ...more] = toChanges({ models: null, tier: 'any' }, { models: ['m'.repeat(500)], tier: 'any' });
    expect(more).toEqual([]);
    expect(change?.after).toHaveLength(201);
  });

  it('tells what differs far behind, where it differs', () => {
    const models = Array.from({ length: 100 }, (_, index) => `provider/model-${index}`);
    const changes = toChanges({ models }, { models: [...models, 'provider/added'] });
    expect(changes).toHaveLength(1);
    expect(changes[0]?.before).toMatch(/^….*model-99$/);
    expect(changes[0]?.after).toMatch(/^….*model-99, provider\/added$/);
  });
});
