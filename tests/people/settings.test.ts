// Settings: bounds of environment, installation and person hold together, the nearest wish counts, and what nobody knows is kept.
import { beforeAll, describe, expect, it } from 'vitest';
import { createSettings } from '#lambda/store/settings.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { bearer, createHouse, owner, type Answer, type House } from './house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const GOOGLE = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: 'ada@example.com', ADMIN_EMAILS: 'root@example.com' };

const change = async (house: House, path: string, body: unknown, headers = owner): Promise<Answer> => {
  const answer = await house.ask(`PATCH /api/settings/${path}`, { headers, body });
  expect(answer.status, answer.text).toBe(200);
  return answer;
};

describe('settings', () => {
  it('hold together: the tightest bound of all, the nearest wish', async () => {
    const house = await createHouse({ env: { ...GOOGLE, FREEWAY_PAID: 'fallback' } });
    const ada = await house.session('ada@example.com');
    await change(house, 'installation', {
      paid: 'allowed',
      strategy: 'latency',
      max_cost_usd: 1,
      regions: ['eu', 'us'],
    });
    const { json } = await change(house, 'mine', { strategy: 'cost', max_cost_usd: 5, regions: ['eu', 'ch'] }, ada);
    expect(json['in_force']).toEqual({ paid: 'fallback', strategy: 'cost', max_cost_usd: 1, regions: ['eu'] });
    // Others are not touched by what one person wants.
    const mine = (await house.ask('GET /api/settings', { headers: owner })).json['in_force'];
    expect(mine).toEqual({ paid: 'fallback', strategy: 'latency', max_cost_usd: 1, regions: ['eu', 'us'] });
  });

  it('are kept to by requests, which may ask for more of them but not for less', async () => {
    const house = await createHouse();
    expect((await house.chat(owner)).status).toBe(200);
    await change(house, 'installation', { privacy: 'no_training' });
    const refused = await house.chat(owner, { freeway: { privacy: 'any' } });
    expect([refused.status, refused.message]).toEqual([422, expect.stringContaining('out of training')]);
    await change(house, 'installation', { privacy: null });
    expect((await house.chat(owner)).status).toBe(200);
    await change(house, 'mine', { max_retention_days: 30 });
    expect((await house.chat(owner)).message).toContain('not known to forget prompts');
  });

  it('leave a part of long-lasting quota to people at a screen, and the rest to whoever comes', async () => {
    const pools = [
      {
        models: ['*'],
        scope: 'credential' as const,
        unit: 'requests' as const,
        max: 10,
        clock: { kind: 'calendar' as const, every: 'day' as const, zone: 'UTC' },
      },
    ];
    const house = await createHouse({ env: GOOGLE, entry: { pools } });
    await change(house, 'installation', { interactive_reserve_percent: 40 });
    const { headers } = await house.key();
    const served: number[] = [];
    for (let asked = 0; asked < 9; asked++)
      served.push((await house.chat(headers, { freeway: { max_wait_ms: 0 } })).status);
    expect(served.filter((status) => status === 200)).toHaveLength(6);
    const refused = await house.chat(headers, { freeway: { max_wait_ms: 0 } });
    expect([refused.status, refused.message]).toEqual([503, expect.stringContaining('kept for people')]);
    // Whoever sends the owner's key is a program, too.
    expect((await house.chat(owner, { freeway: { max_wait_ms: 0 } })).status).toBe(503);
    const root = await house.session('root@example.com');
    for (let asked = 0; asked < 4; asked++) expect((await house.chat(root)).status).toBe(200);
  });

  it('keep to regions and retention: unknown is out, known is in', async () => {
    const known = await createHouse({ entry: { regions: ['eu'], retentionDays: 0 } });
    expect((await known.chat(owner, { freeway: { regions: ['eu'], max_retention_days: 0 } })).status).toBe(200);
    expect((await known.chat(owner, { freeway: { regions: ['us'] } })).status).toBe(422);
    expect((await known.chat({ ...owner, 'x-freeway-regions': 'us, eu' })).status).toBe(200);
    const unknown = await createHouse();
    const refused = await unknown.chat(owner, { freeway: { regions: ['eu'] } });
    expect(refused.message).toContain('not known to stay within the regions');
  });

  it('refuse what is no setting, naming it, and change nothing then', async () => {
    const house = await createHouse();
    for (const body of [{ colour: 'red' }, { paid: 'sometimes' }, { max_cost_usd: -1 }, { regions: [] }]) {
      const answer = await house.ask('PATCH /api/settings/installation', { headers: owner, body });
      expect(answer.status).toBe(400);
    }
    const mail = await house.ask('PATCH /api/settings/installation', {
      headers: owner,
      body: { alerts: { email_to: ['a@example.com'] } },
    });
    expect(mail.message).toContain('address to send from');
    expect((await house.ask('GET /api/settings', { headers: owner })).json['installation']).toEqual({});
  });

  it('do not tell members where alerts go', async () => {
    const house = await createHouse({ env: GOOGLE });
    await change(house, 'installation', { alerts: { webhook_url: 'https://example.com/hook' }, paid: 'never' });
    const seen = await house.ask('GET /api/settings', { headers: await house.session('ada@example.com') });
    expect(seen.json['installation']).toEqual({ paid: 'never' });
    const admin = await house.ask('GET /api/settings', { headers: await house.session('root@example.com') });
    expect(admin.json['installation']).toMatchObject({ alerts: { webhook_url: 'https://example.com/hook' } });
  });

  it('of another version are kept through every change, and changes at once are both kept', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const json = JSON.stringify({ paid: 'never', from_the_future: { deep: [1] }, alerts: { sms: '+1' } });
    await store.put({ pk: 'settings', sk: 'installation' }, { json, v: 3 });
    const [one, two] = [createSettings(store, () => clock.now()), createSettings(store, () => clock.now())];
    await Promise.all([
      one.changeInstallation({ strategy: 'cost' }),
      two.changeInstallation({ alerts: { unusual_use: false } }),
    ]);
    const { installation } = await createSettings(store, () => clock.now()).of('owner');
    expect(installation).toEqual({
      paid: 'never',
      strategy: 'cost',
      from_the_future: { deep: [1] },
      alerts: { sms: '+1', unusual_use: false },
    });
  });

  it('changed on one instance are in force on the others with the request after the next five seconds', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const [one, two] = [createSettings(store, () => clock.now()), createSettings(store, () => clock.now())];
    await two.of('owner');
    await one.changeInstallation({ paid: 'never' });
    await clock.advance(5_001);
    await two.of('owner');
    await clock.advance(0);
    expect((await two.of('owner')).installation).toEqual({ paid: 'never' });
  });

  it('are exported with all that is kept of a person, and without a key', async () => {
    const house = await createHouse({ env: GOOGLE });
    const ada = await house.session('ada@example.com');
    await change(house, 'mine', { strategy: 'cost' }, ada);
    const credential = {
      provider: 'openai-compatible',
      name: 'mine',
      base_url: 'http://alpha.test/v1',
      fields: { apiKey: 'secret-of-ada-0123456789' },
    };
    await house.clock.runUntil(house.ask('POST /api/credentials', { headers: ada, body: credential }));
    const { json: key } = await house.ask('POST /api/keys', { headers: ada, body: { name: 'bot' } });
    await house.chat(ada);
    const answer = await house.ask('GET /api/export', { headers: ada });
    expect(answer.json).toMatchObject({
      freeway_export: 1,
      person: { email: 'ada@example.com', role: 'member' },
      settings: { strategy: 'cost' },
      installation: null,
      credentials: [{ name: 'mine', provider: 'openai-compatible' }],
      api_keys: [{ name: 'bot' }],
      usage: [{ requests: 1 }],
    });
    for (const secret of ['secret-of-ada', String(key['key']), 'sealed', 'hash'])
      expect(answer.text).not.toContain(secret);
    // Whoever may not read usage does not read it here either.
    const manager = { name: 'manager', scopes: ['manage'] };
    const { json: made } = await house.ask('POST /api/keys', { headers: ada, body: manager });
    const { json } = await house.ask('GET /api/export', { headers: bearer(String(made['key'])) });
    expect(json).toMatchObject({ settings: { strategy: 'cost' }, usage: null });
  });
});
