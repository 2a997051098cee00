// Sign-in with Google: Google's own library against a local certificate server; every refusal has its sentence and stands in the audit.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createHouse as openHouse, ORIGIN, owner, bearer, type Answer, type House } from './house.ts';
import { CLIENT_ID, startIssuer, type Issuer, type Token } from './issuer.ts';

/** Tokens tell the real time, so this house keeps it, too. */
const createHouse: typeof openHouse = (input = {}) => openHouse({ clock: createFakeClock(Date.now()), ...input });

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterEach(() => issuer.fail(false));
afterAll(() => issuer.close());

const toEnv = (more: Record<string, string> = {}): Record<string, string> => ({
  GOOGLE_CLIENT_ID: CLIENT_ID,
  GOOGLE_CERTS_URL: issuer.certsUrl,
  ALLOWED_EMAILS: 'ada@example.com, *@school.example',
  ADMIN_EMAILS: 'root@example.com',
  ...more,
});

const nonceOf = async (house: House): Promise<string> => String((await house.ask('GET /api/session')).json['nonce']);

async function signIn(house: House, token: Token = {}, more: Record<string, unknown> = {}): Promise<Answer> {
  const nonce = await nonceOf(house);
  const credential = issuer.sign({ ...token, claims: { nonce, ...token.claims } });
  return house.ask('POST /api/session/google', { body: { credential, ...more }, headers: { origin: ORIGIN } });
}

const cookieOf = ({ headers }: Answer): string => (headers['set-cookie'] ?? '').split(';')[0] ?? '';

async function lastRefusal(house: House): Promise<Record<string, unknown>> {
  const { json } = await house.ask('GET /api/audit', { headers: owner, query: 'action=sign_in_refused&limit=1' });
  return (json['data'] as Record<string, unknown>[])[0] ?? {};
}

describe('sign-in with Google', () => {
  it('lets the invited in, and keeps them in by a cookie that scripts can not read', async () => {
    const house = await createHouse({ env: toEnv() });
    const state = await house.ask('GET /api/session');
    expect(state.json).toMatchObject({ mode: 'google', client_id: CLIENT_ID, person: null });
    const answer = await signIn(house);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      person: { email: 'ada@example.com', role: 'member', via: 'session' },
      token: null,
    });
    expect(answer.headers['set-cookie']).toMatch(/^fw=fws_.*; HttpOnly; SameSite=Lax$/);
    const seen = await house.ask('GET /api/session', { headers: { cookie: cookieOf(answer) } });
    expect(seen.json).toMatchObject({ nonce: null, person: { email: 'ada@example.com' } });
    const { json } = await house.ask('GET /api/audit', { headers: owner, query: 'action=sign_in' });
    expect(json['data']).toMatchObject([{ action: 'sign_in', target: 'ada@example.com', address: '127.0.0.1' }]);
  });

  it('names the cookie so that only HTTPS of this very host carries it', async () => {
    const house = await createHouse({ env: toEnv() });
    const credential = issuer.sign({ claims: { nonce: await nonceOf(house) } });
    const headers = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const answer = await house.ask('POST /api/session/google', { body: { credential }, headers });
    expect(answer.headers['set-cookie']).toMatch(/^__Host-fw=.*; Secure$/);
  });

  it('is not taken in by a cookie of the plain name, which a page of a neighbouring host can set', async () => {
    const house = await createHouse({ env: toEnv() });
    const headers = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const sign = async (claims: Record<string, unknown>): Promise<string> => {
      const credential = issuer.sign({ claims: { ...claims, nonce: await nonceOf(house) } });
      const answer = await house.ask('POST /api/session/google', { body: { credential }, headers });
      return cookieOf(answer).slice('__Host-fw='.length);
    };
    const [own, planted] = [await sign({}), await sign({ email: 'eve@school.example', sub: 'eve' })];
    const who = async (cookie: string, more: Record<string, string>): Promise<unknown> =>
      (
        (await house.ask('GET /api/session', { headers: { cookie, ...more } })).json['person'] as {
          email: string;
        } | null
      )?.email;
    for (const more of [headers, {}]) {
      expect(await who(`fw=${planted}; __Host-fw=${own}`, more)).toBe('ada@example.com');
      expect(await who(`__Host-fw=${own}; fw=${planted}`, more)).toBe('ada@example.com');
    }
    expect(await who(`fw=${planted}`, headers)).toBeUndefined();
  });

  it('does not take one sign for another: only small and capital letters are the same', async () => {
    const house = await createHouse({ env: toEnv({ ALLOWED_EMAILS: 'mark@example.com' }) });
    // The sign of the unit kelvin, whose small letter is k.
    const other = await signIn(house, { claims: { email: 'mar\u212a@example.com', sub: 'other' } });
    expect([other.status, other.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await signIn(house, { claims: { email: 'Mark@Example.com', sub: 'mark' } })).status).toBe(200);
  });

  it('hands out the token only to whom asks to carry it', async () => {
    const house = await createHouse({ env: toEnv() });
    const answer = await signIn(house, {}, { carry: 'bearer' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    const seen = await house.ask('GET /api/session', { headers: bearer(String(answer.json['token'])) });
    expect(seen.json['person']).toMatchObject({ email: 'ada@example.com' });
  });

  it('ends the session that a new sign-in replaces', async () => {
    const house = await createHouse({ env: toEnv() });
    const first = { cookie: cookieOf(await signIn(house)) };
    // The nonce is for whoever is not signed in yet.
    const credential = issuer.sign({ claims: { nonce: await nonceOf(house) } });
    const again = await house.ask('POST /api/session/google', {
      body: { credential },
      headers: { ...first, origin: ORIGIN },
    });
    expect(cookieOf(again)).not.toBe(first.cookie);
    expect((await house.ask('GET /api/sessions', { headers: first })).status).toBe(401);
    expect((await house.ask('GET /api/sessions', { headers: { cookie: cookieOf(again) } })).json['data']).toHaveLength(
      1,
    );
  });

  const seconds = (): number => Math.floor(Date.now() / 1000);
  const refusals: readonly (readonly [string, () => Token, number, RegExp])[] = [
    ['wrong_audience', () => ({ claims: { aud: 'another-app' } }), 401, /another application/],
    ['wrong_issuer', () => ({ claims: { iss: 'https://evil.example' } }), 401, /not issued by accounts\.google\.com/],
    ['wrong_issuer', () => ({ claims: { iss: 'googleapis.com' } }), 401, /not issued by accounts\.google\.com/],
    ['expired', () => ({ claims: { iat: seconds() - 7200, exp: seconds() - 3600 } }), 401, /has expired/],
    ['expired', () => ({ claims: { iat: seconds() - 3700, exp: seconds() - 100 } }), 401, /has expired/],
    ['not_yet_valid', () => ({ claims: { iat: seconds() + 3000, exp: seconds() + 6000 } }), 401, /from the future/],
    ['not_yet_valid', () => ({ claims: { nbf: seconds() + 1000 } }), 401, /from the future/],
    ['unknown_signer', () => ({ kid: 'nobody' }), 401, /does not publish/],
    ['unknown_signer', () => ({ kid: 'constructor' }), 401, /does not publish/],
    ['forged', () => ({ forged: true }), 401, /signature of the ID token is wrong/],
    ['algorithm', () => ({ alg: 'none' }), 401, /RS256/],
    ['algorithm', () => ({ alg: 'HS256' }), 401, /RS256/],
    ['email_unverified', () => ({ claims: { email_verified: false } }), 403, /has not verified/],
    ['email_unverified', () => ({ claims: { email_verified: 'true' } }), 403, /has not verified/],
    ['nonce_missing', () => ({ claims: { nonce: undefined } }), 401, /carries no nonce/],
    ['nonce_unknown', () => ({ claims: { nonce: 'made-up' } }), 401, /click once more/],
    [
      'not_invited',
      () => ({ claims: { email: 'mallory@example.com' } }),
      403,
      /mallory@example\.com is not on the invite list/,
    ],
    ['not_invited', () => ({ claims: { email: 'ada@example.com.evil.example' } }), 403, /not on the invite list/],
    ['not_invited', () => ({ claims: { email: 'x@sub.school.example' } }), 403, /not on the invite list/],
  ];
  it.each(refusals)('refuses: %s %#', async (reason, toToken, status, sentence) => {
    const house = await createHouse({ env: toEnv() });
    const answer = await signIn(house, toToken());
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(sentence);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.text).not.toContain('eyJ');
    expect((await lastRefusal(house))['detail']).toMatch(new RegExp(`^${reason}: `));
  });

  it('refuses what is no token at all', async () => {
    const house = await createHouse({ env: toEnv() });
    for (const credential of ['x', 'a.b.c', '..', `${'a'.repeat(50)}.e30.e30`]) {
      const answer = await house.ask('POST /api/session/google', { body: { credential } });
      expect(answer.status).toBe(401);
      expect((await lastRefusal(house))['detail']).toMatch(/^malformed: /);
    }
  });

  it('takes only the nonce of the page that asks', async () => {
    const house = await createHouse({ env: toEnv() });
    const refused = await signIn(house, {}, { nonce: await nonceOf(house) });
    expect([refused.status, refused.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await lastRefusal(house))['detail']).toMatch(/^nonce_unknown: /);
  });

  it('takes a nonce once, and for ten minutes', async () => {
    const house = await createHouse({ env: toEnv() });
    const credential = issuer.sign({ claims: { nonce: await nonceOf(house) } });
    expect((await house.ask('POST /api/session/google', { body: { credential } })).status).toBe(200);
    const replayed = await house.ask('POST /api/session/google', { body: { credential } });
    expect(replayed.status).toBe(401);
    expect(replayed.message).toMatch(/used already/);
    const late = issuer.sign({ claims: { nonce: await nonceOf(house) } });
    await house.clock.advance(10 * 60_000 + 1_000);
    expect((await house.ask('POST /api/session/google', { body: { credential: late } })).message).toMatch(
      /took too long/,
    );
  });

  it('lets a whole domain in, and takes it out again within the minute', async () => {
    const house = await createHouse({ env: toEnv({ ALLOWED_EMAILS: '' }) });
    const invited = await house.ask('POST /api/people', { headers: owner, body: { email: '*@School.example' } });
    expect(invited.status).toBe(201);
    const answer = await signIn(house, { claims: { email: 'Kid@School.example', sub: 'google-kid' } });
    const headers = { cookie: cookieOf(answer) };
    expect((await house.ask('GET /v1/models', { headers })).status).toBe(200);
    await house.ask(`DELETE /api/people/${String(invited.json['id'])}`, { headers: owner });
    await house.clock.advance(60_000);
    const gone = await house.ask('GET /v1/models', { headers });
    expect(gone.status).toBe(403);
    expect(gone.message).toMatch(/kid@school\.example is not on the invite list/);
  });

  it('heeds expiry, blocks, and accounts that changed hands', async () => {
    const house = await createHouse({ env: toEnv({ ALLOWED_EMAILS: '' }) });
    const expires = new Date(house.clock.now() + 60_000).toISOString();
    const { json } = await house.ask('POST /api/people', {
      headers: owner,
      body: { email: 'ada@example.com', expires_at: expires },
    });
    const path = `PATCH /api/people/${String(json['id'])}`;
    expect((await signIn(house)).status).toBe(200);
    expect((await signIn(house, { claims: { sub: 'google-2' } })).message).toMatch(/another Google account/);
    await house.clock.advance(61_000);
    expect((await signIn(house)).message).toMatch(/invitation of ada@example\.com has expired/);
    await house.ask(path, { headers: owner, body: { expires_at: null, blocked: true } });
    expect((await signIn(house)).message).toMatch(/has been blocked/);
  });

  it('makes the first admin the owner only where nobody holds a key of the owner', async () => {
    const root = { claims: { email: 'root@example.com', sub: 'google-root' } };
    const withKey = await createHouse({ env: toEnv() });
    expect((await signIn(withKey, root)).json['person']).toMatchObject({ role: 'admin' });
    const withoutKey = await createHouse({ env: toEnv({ FREEWAY_OWNER_KEY: '' }) });
    expect((await signIn(withoutKey, root)).json['person']).toMatchObject({ id: 'owner', role: 'owner' });
  });

  it('makes admins by the environment for as long as it names them, even where their entry was saved again', async () => {
    const root = { claims: { email: 'root@example.com', sub: 'google-root' } };
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const before = await createHouse({ env: toEnv(), store, clock });
    expect((await signIn(before, root)).json['person']).toMatchObject({ role: 'admin' });
    // The web app sends the role that it shows, whatever was changed.
    const path = `PATCH /api/people/${before.people.idOf('root@example.com')}`;
    const saved = await before.ask(path, { headers: owner, body: { role: 'admin', models: ['m1'] } });
    expect(saved.json).toMatchObject({ role: 'admin', models: ['m1'] });
    const later = await createHouse({
      env: toEnv({ ADMIN_EMAILS: '', ALLOWED_EMAILS: 'root@example.com' }),
      store,
      clock,
    });
    expect((await signIn(later, root)).json['person']).toMatchObject({ role: 'member' });
    const named = await later.ask(path, { headers: owner, body: { role: 'admin' } });
    expect(named.json).toMatchObject({ role: 'admin' });
    expect((await signIn(later, root)).json['person']).toMatchObject({ role: 'admin' });
  });

  it('takes an ID token on the API too, for as long as it lasts', async () => {
    const house = await createHouse({ env: toEnv() });
    const token = bearer(issuer.sign());
    expect((await house.ask('GET /v1/models', { headers: token })).status).toBe(200);
    const stranger = await house.ask('GET /v1/models', {
      headers: bearer(issuer.sign({ claims: { email: 'eve@example.com' } })),
    });
    expect(stranger.status).toBe(403);
    expect((await house.ask('GET /v1/models', { headers: bearer(issuer.sign({ forged: true })) })).status).toBe(401);
    await house.clock.advance(3_700_000);
    expect((await house.ask('GET /v1/models', { headers: token })).status).toBe(401);
  });

  it('refuses pages of other sites', async () => {
    const house = await createHouse({ env: toEnv() });
    const credential = issuer.sign({ claims: { nonce: await nonceOf(house) } });
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const answer = await house.ask('POST /api/session/google', { body: { credential }, headers });
      expect(answer.status).toBe(403);
    }
    const form = { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' };
    expect((await house.ask('POST /api/session/google', { body: { credential }, headers: form })).status).toBe(400);
  });

  it('slows down an address that fails too often, and no other', async () => {
    const house = await createHouse({ env: toEnv() });
    const fail = (address: string): Promise<Answer> =>
      house.ask('POST /api/session/google', { body: { credential: 'a.b.c' }, address });
    for (let i = 0; i < 10; i++) expect((await fail('203.0.113.5')).status).toBe(401);
    const slowed = await fail('203.0.113.5');
    expect(slowed.status).toBe(429);
    expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(50);
    expect((await fail('203.0.113.6')).status).toBe(401);
    await house.clock.advance(61_000);
    expect((await fail('203.0.113.5')).status).toBe(401);
  });
});

describe('a rule for a domain', () => {
  /** A house that believes Google's own issuer, whose certificates it has from its store. */
  async function createStrict(): Promise<House> {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const freshUntilMs = clock.now() + 3_600_000;
    const certificates = await (await fetch(issuer.certsUrl)).text();
    const item = { url: 'https://www.googleapis.com/oauth2/v1/certs', certificates, freshUntilMs };
    await store.put({ pk: 'config', sk: 'google-certificates' }, item);
    const { GOOGLE_CERTS_URL: _, ...env } = toEnv({ ALLOWED_EMAILS: 'ada@example.com, *@school.example, *@gmail.com' });
    return createHouse({ env, store, clock });
  }
  const toKid = (claims: Record<string, unknown> = {}): Token => ({
    claims: { email: 'kid@school.example', sub: 'google-kid', ...claims },
  });

  it('lets in accounts that the domain manages, not whoever once had an address there', async () => {
    const house = await createStrict();
    const refused = await signIn(house, toKid());
    expect(refused.status).toBe(403);
    expect(refused.message).toMatch(/kid@school\.example is a Google account that its domain does not manage/);
    expect((await lastRefusal(house))['detail']).toMatch(/^not_managed: /);
    expect((await house.ask('GET /v1/models', { headers: bearer(issuer.sign(toKid())) })).status).toBe(403);
    expect((await signIn(house, toKid({ hd: '' }))).status).toBe(403);
    // The address may be at another domain of the same organization.
    for (const hd of ['school.example', 'school-board.example'])
      expect((await signIn(house, toKid({ hd }))).status).toBe(200);
    expect((await house.ask('GET /v1/models', { headers: bearer(issuer.sign(toKid({ hd: 'a' }))) })).status).toBe(200);
  });

  it('is the same when an admin has made it, and asks nothing of those who are invited by their address', async () => {
    const house = await createStrict();
    await house.ask('POST /api/people', { headers: owner, body: { email: '*@club.example' } });
    expect((await signIn(house, toKid({ email: 'kid@club.example', sub: 'club-kid' }))).status).toBe(403);
    await house.ask('POST /api/people', { headers: owner, body: { email: 'kid@club.example' } });
    expect((await signIn(house, toKid({ email: 'kid@club.example', sub: 'club-kid' }))).status).toBe(200);
    expect((await signIn(house)).status).toBe(200);
  });

  it("takes Google's own addresses as they are", async () => {
    const house = await createStrict();
    expect((await signIn(house, toKid({ email: 'kid@gmail.com' }))).status).toBe(200);
  });
});

describe("Google's certificates", () => {
  it('are read once, shared by the store, and stand in for a day when Google is away', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    const before = issuer.fetched();
    const first = await createHouse({ env: toEnv(), store, clock });
    await Promise.all([signIn(first), signIn(first), signIn(first)]);
    expect(issuer.fetched() - before).toBe(1);
    issuer.fail(true);
    const second = await createHouse({ env: toEnv(), store, clock });
    expect((await signIn(second)).status).toBe(200);
    expect(issuer.fetched() - before).toBe(1);
  });

  it('are read again when Google signs with a new key, but not for every unknown one', async () => {
    const house = await createHouse({ env: toEnv() });
    expect((await signIn(house)).status).toBe(200);
    issuer.rotate('key-2');
    await house.clock.advance(61_000);
    expect((await signIn(house)).status).toBe(200);
    const before = issuer.fetched();
    for (let i = 0; i < 5; i++) await signIn(house, { kid: `unknown-${i}` });
    expect(issuer.fetched() - before).toBe(0);
  });

  it('are read again when Google signs with a new key after the clock was set back', async () => {
    const steady = createFakeClock(Date.now());
    let aheadMs = 30 * 60_000;
    const house = await createHouse({ env: toEnv(), clock: { ...steady, now: () => steady.now() + aheadMs } });
    expect((await signIn(house)).status).toBe(200);
    issuer.rotate('key-of-the-right-hour');
    aheadMs = 0;
    expect((await signIn(house)).status).toBe(200);
  });

  it('that a clock days ahead has kept are not taken for fresh once it is right', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    await createHouse({ env: toEnv(), store, clock }).then((house) => signIn(house));
    const key = { pk: 'config', sk: 'google-certificates' };
    const kept = await store.get(key);
    expect(kept).not.toBeNull();
    await store.put(key, { ...kept, freshUntilMs: clock.now() + 48 * 3_600_000 });
    const before = issuer.fetched();
    expect((await signIn(await createHouse({ env: toEnv(), store, clock }))).status).toBe(200);
    expect(issuer.fetched() - before).toBe(1);
  });

  it('that lie damaged in the store are read anew', async () => {
    const clock = createFakeClock(Date.now());
    const store = createMemoryStore(clock);
    await createHouse({ env: toEnv(), store, clock }).then((house) => signIn(house));
    const key = { pk: 'config', sk: 'google-certificates' };
    for (const certificates of ['{"key', 'null', '7']) {
      await store.put(key, { ...(await store.get(key)), certificates });
      expect((await signIn(await createHouse({ env: toEnv(), store, clock }))).status).toBe(200);
    }
  });

  it('that can not be read at all are told as such', async () => {
    issuer.fail(true);
    const house = await createHouse({ env: toEnv() });
    const answer = await signIn(house);
    expect(answer.status).toBe(503);
    expect(answer.message).toMatch(/certificates can't be read/);
  });
});

describe('keys', () => {
  afterEach(() => issuer.publish('pem'));
  it('are read as a set of JSON Web Keys, too, and again after a change', async () => {
    issuer.publish('jwks');
    const house = await createHouse({ env: toEnv() });
    expect((await signIn(house)).json).toMatchObject({ person: { email: 'ada@example.com' } });
    expect((await signIn(house, { forged: true })).status).toBe(401);
    expect((await signIn(house, { kid: 'another' })).status).toBe(401);
    issuer.rotate('key-of-a-set');
    await house.clock.advance(61_000);
    expect((await signIn(house)).status).toBe(200);
  });
});

describe('settings for tests', () => {
  it.each(['GOOGLE_CERTS_URL', 'GOOGLE_ISSUER'])('%s is refused in production', async (name) => {
    const env = { GOOGLE_CLIENT_ID: CLIENT_ID, NODE_ENV: 'production', [name]: 'http://127.0.0.1:1/certs' };
    await expect(createHouse({ env })).rejects.toThrow(new RegExp(`${name} is for tests only`));
  });
});

describe('the audit of refusals', () => {
  const refusals = async (house: House): Promise<readonly Record<string, unknown>[]> => {
    const { json } = await house.ask('GET /api/audit', { headers: owner, query: 'action=sign_in_refused&limit=1000' });
    return json['data'] as Record<string, unknown>[];
  };
  const counted = async (house: House): Promise<number> => {
    const { text } = await house.ask('GET /metrics', { headers: owner });
    return Number(/^freeway_security_events_total\{kind="sign_in"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };

  it('is not filled by a stranger, from one address or from many; all of it is counted', async () => {
    const house = await createHouse({ env: toEnv() });
    const send = (address: string, index: number): Promise<Answer> =>
      house.ask('GET /v1/models', { headers: bearer(`no.token.${index}`), address });
    for (let i = 0; i < 50; i++) await send('203.0.113.9', i);
    const ofOne = await refusals(house);
    expect(ofOne).toHaveLength(10);
    const closing = ofOne.filter(({ detail }) => String(detail).includes('only counted'));
    expect(closing).toHaveLength(1);
    for (let i = 0; i < 500; i++) await send(`198.51.${100 + Math.floor(i / 200)}.${i % 200}`, i);
    const ofAll = await refusals(house);
    expect(ofAll).toHaveLength(200);
    expect(ofAll.filter(({ detail }) => String(detail).includes('only counted'))).toHaveLength(2);
    expect(await counted(house)).toBe(550);
    // Who signs in with a proven address is not lost among them, and the next hour has lines of its own.
    await house.ask('GET /v1/models', { headers: bearer(issuer.sign({ claims: { email: 'eve@evil.example' } })) });
    expect(await refusals(house)).toHaveLength(201);
    expect((await refusals(house)).map(({ target }) => target)).toContain('eve@evil.example');
    await house.clock.advance(3_600_000);
    await send('203.0.113.9', 0);
    expect(await refusals(house)).toHaveLength(202);
  });
});
