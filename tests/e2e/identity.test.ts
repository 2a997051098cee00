// People and their keys against the started server, over real HTTP: the printed link, an API key in the official client, Google sign-in by cookie.
import OpenAI, { AuthenticationError, PermissionDeniedError, RateLimitError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { CLIENT_ID, startIssuer, type Issuer } from '../people/issuer.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const messages = [{ role: 'user' as const, content: 'hello' }];

let fake: FakeServer;
let issuer: Issuer;
let server: Started | null = null;

beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 5_000 }];
  fake = await serveFakeProvider(createFakeProvider({ name: 'alpha', models }, { now: Date.now }));
  issuer = await startIssuer();
});
afterEach(async () => {
  await server?.stop();
  server = null;
});
afterAll(async () => {
  await fake.close();
  await issuer.close();
});

const open = async (env: Record<string, string> = {}): Promise<Started> =>
  (server = await startServer([toEntry('alpha', fake.baseUrl)], env));

const send = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const cookieOf = (reply: Response): string => reply.headers.getSetCookie()[0]?.split(';')[0] ?? '';

describe('the printed link', () => {
  it('signs in once, and the session makes keys that the official client works with until they are revoked', async () => {
    const { url, signInUrl, logs } = await open();
    const [page, token = ''] = (signInUrl ?? '').split('#token=');
    expect(page).toBe(`${url}/`);
    const entered = await send(`${url}/api/session/local`, { token }, { origin: url });
    expect(entered.status).toBe(200);
    expect((await send(`${url}/api/session/local`, { token })).status).toBe(401);
    const cookie = cookieOf(entered);
    const made = await send(`${url}/api/keys`, { name: 'bot', requests_per_minute: 2 }, { cookie, origin: url });
    const { id, key } = (await made.json()) as { id: string; key: string };
    const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
    const ask = () => client.chat.completions.create({ model: 'auto', messages });
    for (let i = 0; i < 2; i++) expect((await ask()).choices[0]?.message.content).not.toBe('');
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(Number((refused as RateLimitError).headers.get('retry-after'))).toBeGreaterThan(0);
    const managing = await client.get('/../api/keys').catch((error: unknown) => error);
    expect(managing).toBeInstanceOf(PermissionDeniedError);
    const revoked = await fetch(`${url}/api/keys/${id}`, { method: 'DELETE', headers: { cookie, origin: url } });
    expect(revoked.status).toBe(204);
    await expect(ask()).rejects.toBeInstanceOf(AuthenticationError);
    expect(logs.join('')).not.toContain(key);
    expect(logs.join('')).not.toContain(token);
  });

  it('chats with the session from its own pages, and from no other', async () => {
    const { url, signInUrl } = await open();
    const token = signInUrl?.split('#token=')[1] ?? '';
    const cookie = cookieOf(await send(`${url}/api/session/local`, { token }));
    const chat = (headers: Record<string, string>): Promise<Response> =>
      send(`${url}/v1/chat/completions`, { model: 'auto', messages }, { cookie, ...headers });
    expect((await chat({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await chat({ origin: 'http://evil.example' })).status).toBe(403);
    const reply = await fetch(`${url}/api/session`);
    for (const [name, value] of [
      ['content-security-policy', /default-src 'none'/],
      ['x-content-type-options', /nosniff/],
      ['x-frame-options', /DENY/],
      ['cache-control', /no-store/],
      ['strict-transport-security', /max-age/],
    ] as const)
      expect(reply.headers.get(name)).toMatch(value);
  });

  it.runIf(process.platform === 'linux')('signs in on any address of this machine alone', async () => {
    const { url, signInUrl } = await open({ HOST: '127.0.0.2' });
    expect(url).toContain('//127.0.0.2:');
    const token = signInUrl?.split('#token=')[1] ?? '';
    expect((await send(`${url}/api/session/local`, { token }, { origin: url })).status).toBe(200);
  });

  it('is not printed where others can reach the server, or sign in with Google', async () => {
    expect((await open({ HOST: '0.0.0.0' })).signInUrl).toBeNull();
    await server?.stop();
    expect((await open({ GOOGLE_CLIENT_ID: CLIENT_ID })).signInUrl).toBeNull();
  });
});

describe('Google', () => {
  it('lets the invited in, and out again when they are removed', async () => {
    const { url } = await open({
      GOOGLE_CLIENT_ID: CLIENT_ID,
      GOOGLE_CERTS_URL: issuer.certsUrl,
      ADMIN_EMAILS: 'ada@example.com',
    });
    const { nonce } = (await (await fetch(`${url}/api/session`)).json()) as { nonce: string };
    const credential = issuer.sign({ claims: { nonce } });
    const entered = await send(`${url}/api/session/google`, { credential, nonce }, { origin: url });
    expect(entered.status).toBe(200);
    const cookie = cookieOf(entered);
    const invited = await send(`${url}/api/people`, { email: 'bob@example.com' }, { cookie, origin: url });
    const { id } = (await invited.json()) as { id: string };
    const bob = { authorization: `Bearer ${issuer.sign({ claims: { email: 'bob@example.com', sub: 'google-bob' } })}` };
    expect((await fetch(`${url}/v1/models`, { headers: bob })).status).toBe(200);
    await fetch(`${url}/api/people/${id}`, { method: 'DELETE', headers: { cookie, origin: url } });
    expect((await fetch(`${url}/v1/models`, { headers: bob })).status).toBe(403);
    const audit = await fetch(`${url}/api/audit?limit=5`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
    const { data } = (await audit.json()) as { data: { action: string }[] };
    expect(data.map(({ action }) => action)).toEqual([
      'sign_in_refused',
      'person_removed',
      'person_invited',
      'sign_in',
    ]);
  });
});
