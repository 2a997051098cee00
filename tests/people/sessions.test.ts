// Sessions and the link of this machine: how long they last, who can use them from where, and how they end.
import { describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createHouse, ORIGIN, owner, OWNER_KEY, type Answer, type House } from './house.ts';

const HOUR_MS = 3_600_000;
const google = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: 'ada@example.com', ADMIN_EMAILS: 'root@example.com' };

const redeem = (house: House, token: string, headers: Headers = {}, address = '127.0.0.1'): Promise<Answer> =>
  house.ask('POST /api/session/local', { body: { token }, headers, address });

async function openLocal(): Promise<{ house: House; headers: Headers }> {
  const house = await createHouse({ local: true });
  const { headers } = await redeem(house, house.local?.token ?? '');
  return { house, headers: { cookie: (headers['set-cookie'] ?? '').split(';')[0] ?? '' } };
}

describe('the link of this machine', () => {
  it('signs the owner in, once; the owner key does so again', async () => {
    const { house, headers } = await openLocal();
    const { json } = await house.ask('GET /api/session', { headers });
    expect(json).toMatchObject({ mode: 'local', nonce: null, person: { id: 'owner', role: 'owner', via: 'local' } });
    const again = await redeem(house, house.local?.token ?? '');
    expect(again.status).toBe(401);
    expect(again.message).toMatch(/used already/);
    expect((await redeem(house, 'wrong')).status).toBe(401);
    await house.clock.advance(1_000);
    expect((await redeem(house, OWNER_KEY)).status).toBe(200);
    const audit = await house.ask('GET /api/audit?action=sign_in', { headers });
    expect((audit.json['data'] as { detail: string }[]).map(({ detail }) => detail)).toEqual([
      'by the owner key',
      'by the link of this machine',
    ]);
  });

  interface Surroundings {
    readonly where: string;
    readonly more: Headers;
    readonly address?: string;
  }
  const surroundings: readonly Surroundings[] = [
    { where: 'another host name, bound to this machine', more: { host: 'evil.example:8787' } },
    { where: 'a page of another origin', more: { origin: 'https://evil.example' } },
    { where: 'a page of another site', more: { 'sec-fetch-site': 'cross-site' } },
    { where: 'a page of another port', more: { 'sec-fetch-site': 'same-site' } },
    { where: 'a proxy', more: { 'x-forwarded-for': '203.0.113.9' } },
    { where: 'a proxy by the standard', more: { forwarded: 'for=203.0.113.9' } },
    { where: 'a proxy that names itself', more: { via: '1.1 proxy' } },
    {
      where: 'a proxy that hides itself',
      more: { origin: 'https://public.example', 'sec-fetch-site': 'same-origin' },
    },
    { where: 'another machine', more: {}, address: '203.0.113.9' },
  ];
  it.each(surroundings)('is closed to $where, even with the right token', async ({ more, address }) => {
    const house = await createHouse({ local: true });
    const token = house.local?.token ?? '';
    expect((await redeem(house, token, more, address)).status).toBe(403);
    expect((await redeem(house, token)).status).toBe(200);
  });

  it.each(surroundings)('opens sessions that are closed to $where', async ({ more, address = '127.0.0.1' }) => {
    const { house, headers } = await openLocal();
    const asking = { headers: { ...headers, ...more }, address };
    expect((await house.ask('GET /api/keys', asking)).status).toBe(403);
    expect((await house.ask('GET /api/keys', { headers })).status).toBe(200);
  });

  it('is not there when others may sign in, or none was made', async () => {
    const house = await createHouse({ env: google });
    const answer = await redeem(house, OWNER_KEY);
    expect(answer.status).toBe(403);
    expect(answer.message).toMatch(/only on the machine/);
    const closed = await createHouse();
    expect((await closed.ask('GET /api/session')).json['mode']).toBe('api_only');
  });

  it('ends with Google sign-in: its sessions are of no use from then on', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const before = await createHouse({ clock, store, local: true });
    const { headers } = await redeem(before, before.local?.token ?? '');
    const cookie = (headers['set-cookie'] ?? '').split(';')[0] ?? '';
    const after = await createHouse({ clock, store, env: google });
    expect((await after.ask('GET /api/keys', { headers: { cookie } })).status).toBe(401);
  });
});

describe('sessions', () => {
  it.each(['/v1', '/api/v1', '/v1/v1', ''])('in a cookie ask models at "%s" for our own pages alone', async (base) => {
    const house = await createHouse({ env: google });
    const { authorization = '' } = await house.session('ada@example.com');
    const body = { model: 'm1', messages: [{ role: 'user', content: 'hi' }] };
    const ask = async (more: Headers): Promise<number> => {
      const headers = { cookie: authorization.replace('Bearer ', 'fw='), host: '127.0.0.1:8787', ...more };
      return (await house.clock.runUntil(house.ask(`POST ${base}/chat/completions`, { headers, body }))).status;
    };
    for (const more of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await ask(more)).toBe(403);
    expect(house.provider.books().total().accepted).toBe(0);
    expect(await ask({ 'sec-fetch-site': 'same-origin' })).toBe(200);
  });

  it('end twelve hours after their last use, and after a week in any case', async () => {
    const house = await createHouse({ env: google });
    const idle = await house.session('ada@example.com');
    const busy = await house.session('root@example.com');
    const isOpen = async (headers: Headers): Promise<boolean> =>
      (await house.ask('GET /api/sessions', { headers })).status === 200;
    for (let hour = 0; hour < 167; hour += 11) {
      await house.clock.advance(11 * HOUR_MS);
      expect(await isOpen(busy)).toBe(hour + 11 < 168);
    }
    expect(await isOpen(busy)).toBe(false);
    expect(await isOpen(idle)).toBe(false);
    const another = await house.session('ada@example.com');
    await house.clock.advance(12 * HOUR_MS + 1);
    const ended = await house.ask('GET /api/sessions', { headers: another });
    expect([ended.status, ended.message]).toEqual([401, 'Your session has ended. Sign in again.']);
  });

  it('are listed, ended one by one, and everywhere', async () => {
    const house = await createHouse({ env: google });
    const [here, there] = [await house.session('ada@example.com'), await house.session('ada@example.com')];
    const { json } = await house.ask('GET /api/sessions', { headers: here });
    const open = json['data'] as { id: string; current: boolean }[];
    expect(open.map(({ current }) => current).sort()).toEqual([false, true]);
    const other = open.find(({ current }) => !current)?.id ?? '';
    const stranger = await house.session('root@example.com');
    expect((await house.ask(`DELETE /api/sessions/${other}`, { headers: stranger })).status).toBe(404);
    expect((await house.ask(`DELETE /api/sessions/${other}`, { headers: here })).status).toBe(204);
    expect((await house.ask('GET /api/sessions', { headers: there })).status).toBe(401);
    const third = await house.session('ada@example.com');
    expect((await house.ask('DELETE /api/sessions', { headers: here })).status).toBe(204);
    for (const gone of [here, third])
      expect((await house.ask('GET /api/sessions', { headers: gone })).status).toBe(401);
    expect((await house.ask('GET /api/sessions', { headers: stranger })).status).toBe(200);
  });

  it('end with signing out, which takes the cookie away under both of its names', async () => {
    const { house, headers } = await openLocal();
    const out = await house.ask('DELETE /api/session', { headers: { ...headers, origin: ORIGIN } });
    expect(out.status).toBe(204);
    expect(out.headers['set-cookie']?.split('\n').map((cookie) => cookie.split('=')[0])).toEqual(['__Host-fw', 'fw']);
    expect((await house.ask('GET /api/sessions', { headers })).status).toBe(401);
  });

  it('are of no use to pages of other sites, neither for the API nor for chats', async () => {
    const { house, headers } = await openLocal();
    const foreign = { ...headers, origin: 'https://evil.example' };
    const body = { name: 'k' };
    expect((await house.ask('POST /api/keys', { headers: foreign, body })).status).toBe(403);
    expect((await house.ask('POST /v1/chat/completions', { headers: foreign, body: {} })).status).toBe(403);
    expect((await house.ask('POST /api/keys', { headers, body })).status).toBe(201);
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await house.ask('POST /api/keys', { headers: form, body })).status).toBe(400);
  });

  it('and keys outlive a store that is away for a moment, but no revocation does', async () => {
    const clock = createFakeClock(Date.now());
    const memory = createMemoryStore(clock);
    let away = false;
    const get: Store['get'] = async (key) => {
      if (away) throw new StoreUnavailable('away');
      return memory.get(key);
    };
    const house = await createHouse({ clock, store: { ...memory, get } });
    const { headers } = await house.key();
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    const fresh = await house.key();
    away = true;
    await clock.advance(30_000);
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    const unknown = await house.ask('GET /v1/models', { headers: fresh.headers });
    expect([unknown.status, unknown.headers['retry-after']]).toEqual([503, '2']);
    expect((await house.ask('GET /v1/models', { headers: owner })).status).toBe(200);
    await clock.advance(31_000);
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(503);
  });
});

describe('the audit', () => {
  it('shows everybody their own, and admins all; as a table too, without formulas', async () => {
    const house = await createHouse({ env: google });
    const [ada, root] = [await house.session('ada@example.com'), await house.session('root@example.com')];
    await house.ask('POST /api/keys', { headers: ada, body: { name: '=HYPERLINK("x")' } });
    await house.ask('POST /api/keys', { headers: root, body: { name: 'of root' } });
    const own = (await house.ask('GET /api/audit', { headers: ada })).json['data'] as { email: string }[];
    expect(own.map(({ email }) => email)).toEqual(['ada@example.com']);
    expect((await house.ask('GET /api/audit', { headers: root })).json['data']).toHaveLength(2);
    const others = `person_id=${house.people.idOf('root@example.com')}`;
    expect((await house.ask('GET /api/audit', { headers: ada, query: others })).status).toBe(403);
    const table = await house.ask('GET /api/audit', { headers: root, query: 'format=csv' });
    expect(table.headers['content-type']).toMatch(/^text\/csv/);
    expect(table.text.split('\r\n')).toHaveLength(3);
    expect(table.text).not.toMatch(/(^|,)[=+@-]/m);
  });

  it('goes on where a page ended, and forgets after its time', async () => {
    const house = await createHouse({ env: { FREEWAY_AUDIT_DAYS: '2' } });
    for (let i = 0; i < 5; i++) {
      await house.clock.advance(1_000);
      await house.ask('POST /api/keys', { headers: owner, body: { name: `k${i}` } });
    }
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const query: string = `limit=2${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
      const { json } = await house.ask('GET /api/audit', { headers: owner, query });
      seen.push(...(json['data'] as { detail: string }[]).map(({ detail }) => detail.slice(1, 3)));
      after = json['next'] as string | null;
    }
    expect(seen).toEqual(['k4', 'k3', 'k2', 'k1', 'k0']);
    await house.clock.advance(49 * HOUR_MS);
    expect((await house.ask('GET /api/audit', { headers: owner })).json['data']).toEqual([]);
  });
});

describe('people', () => {
  it('are invited and looked after by admins, but admins by the owner alone', async () => {
    const house = await createHouse({ env: google });
    const root = await house.session('root@example.com');
    const invite = (headers: Headers, body: unknown): Promise<Answer> =>
      house.ask('POST /api/people', { headers, body });
    expect((await invite(root, { email: 'Bob@Example.com' })).json).toMatchObject({
      email: 'bob@example.com',
      role: 'member',
    });
    expect((await invite(root, { email: 'bob@example.com' })).message).toMatch(/on the list already/);
    expect((await invite(root, { email: 'eve@example.com', role: 'admin' })).status).toBe(403);
    expect((await invite(owner, { email: 'eve@example.com', role: 'admin' })).status).toBe(201);
    const bob = `PATCH /api/people/${house.people.idOf('bob@example.com')}`;
    expect((await house.ask(bob, { headers: root, body: { role: 'admin' } })).status).toBe(403);
    expect((await house.ask(bob, { headers: owner, body: { role: 'admin' } })).status).toBe(200);
    expect((await house.ask(bob, { headers: root, body: { role: 'member' } })).status).toBe(403);
    const self = `DELETE /api/people/${house.people.idOf('eve@example.com')}`;
    const eve = await house.session('eve@example.com');
    expect((await house.ask(self, { headers: eve })).status).toBe(403);
    for (const email of ['nobody', '*@*', '*', 'a@b', 'two@a.example,three@b.example'])
      expect((await invite(owner, { email })).status).toBe(400);
  });

  it('may be kept to some models', async () => {
    const house = await createHouse({ env: google });
    const body = { email: 'bob@example.com', models: ['m2'] };
    await house.ask('POST /api/people', { headers: owner, body });
    const bob = await house.session('bob@example.com');
    expect((await house.chat(bob)).headers['x-freeway-route']).toMatch(/m2$/);
    const refused = await house.chat(bob, { model: 'm1' });
    expect([refused.status, refused.message]).toEqual([403, 'You may not use "m1", only: m2.']);
    const key = await house.ask('POST /api/keys', { headers: bob, body: { name: 'k', models: ['*'] } });
    const headers = { authorization: `Bearer ${String(key.json['key'])}` };
    expect((await house.chat(headers, { model: 'm1' })).status).toBe(403);
  });
});

describe('the description', () => {
  it('tells every route with its schemas, for tools to read', async () => {
    const house = await createHouse();
    const { json } = await house.ask('GET /openapi.json', { headers: owner });
    const paths = json['paths'] as Record<string, Record<string, { requestBody?: unknown; security?: unknown }>>;
    expect(json['openapi']).toBe('3.1.0');
    expect(paths['/api/keys/{id}/roll']?.['post']?.requestBody).toMatchObject({ required: true });
    expect(paths['/api/session']?.['get']?.security).toEqual([]);
    const references = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target ?? '');
    expect(references.filter((target) => !target.startsWith('#/'))).toEqual([]);
  });
});
