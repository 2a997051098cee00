// Who may do what at every URL: a new route without a row fails, and so does a row that is not kept to.
import { beforeAll, describe, expect, it } from 'vitest';
import { notServedPaths } from '#lambda/app-paths.ts';
import { toRoutes, type AppDeps } from '#lambda/app.ts';
import type { Headers } from '#lambda/ports.ts';
import type { ApiDeps } from '#lambda/endpoints/api/route.ts';
import { toApiRoutes } from '#lambda/endpoints/api/routes.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createSessions } from '#lambda/store/sessions.ts';
import { faultsOf } from './described.ts';
import { bearer, createHouse, owner, type House } from './house.ts';

// Loaded by the first request otherwise, in real time.
beforeAll(() => Promise.all([import('#lambda/endpoints/api/app.ts'), import('#lambda/deps-sign-in.ts')]));

/** In the order of the columns below. */
const askers = [
  'nobody',
  'wrong',
  'member',
  'other',
  'admin',
  'owner',
  'inference',
  'revoked',
  'expired',
  'usage',
  'manage',
] as const;
type Asker = (typeof askers)[number];

const EMAILS = { member: 'ada@example.com', other: 'bob@example.com', admin: 'root@example.com' } as const;

interface Scene {
  readonly house: House;
  readonly headers: Readonly<Record<Asker, Headers>>;
  /** What placeholders stand for: things that belong to the member. */
  readonly ids: Readonly<Record<string, string>>;
}

async function setUp(): Promise<Scene> {
  const house = await createHouse({
    env: { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: `${EMAILS.member},${EMAILS.other}`, ADMIN_EMAILS: EMAILS.admin },
    entry: { models: [...chatModels, { id: 'w', kind: 'transcription', capabilities: [] }] },
  });
  const { people, clock, store } = house;
  const nothing = (): void => undefined;
  const personId = people.idOf(EMAILS.member);
  const who = { role: 'member', models: null, expiresAtMs: null, blocked: false, source: 'invited' } as const;
  await people.create({
    ...who,
    id: personId,
    email: EMAILS.member,
    createdAtMs: 1,
    lastSeenAtMs: null,
    googleId: null,
  });
  const sessions = createSessions(store, clock, nothing);
  const gone = await sessions.open({ personId, email: EMAILS.member, via: 'google', device: 'old' });
  const keys = createApiKeys(store, clock, nothing);
  const theirs = { personId, email: EMAILS.member };
  const inference = await house.key(theirs);
  const usage = await house.key({ ...theirs, scopes: ['usage'] });
  const manage = await house.key({ ...theirs, scopes: ['manage'] });
  const revoked = await house.key(theirs);
  await keys.remove(revoked.id);
  await sessions.close(personId, gone.session.id);
  const member = await house.session(EMAILS.member);
  const [session] = await sessions.list(personId);
  const given = await house.clock.runUntil(house.ask('POST /api/credentials', { headers: member, body: credential }));
  const job = await house.ask('POST /api/transcriptions', { headers: member, body: recording });
  const answered = await house.chat({ ...member, 'x-freeway-explain': '1' });
  return {
    house,
    ids: {
      '/api/transcriptions': String(job.json['id']),
      '/api/credentials': String(given.json['id']),
      '/api/people': personId,
      '/api/keys': inference.id,
      '/api/sessions': session?.id ?? '',
      '/api/receipts': answered.headers['x-freeway-request-id'] ?? '',
    },
    headers: {
      nobody: {},
      wrong: bearer('fwy_wrong'),
      member,
      other: await house.session(EMAILS.other),
      admin: await house.session(EMAILS.admin),
      owner,
      inference: inference.headers,
      revoked: revoked.headers,
      expired: bearer(gone.token),
      usage: usage.headers,
      manage: manage.headers,
    },
  };
}

const credential = {
  provider: 'openai-compatible',
  name: 'mine',
  base_url: 'http://alpha.test/v1',
  fields: { apiKey: 'secret-of-ada' },
};
const recording = { size_bytes: 1_000, options: { timestamps: 'none' } };
const chatModels = ['m1', 'm2'].map((id) => ({
  id,
  kind: 'chat' as const,
  context: 131_072,
  maxOutput: 1_024,
  size: 'large' as const,
  capabilities: ['tools' as const],
}));
const chat = { model: 'm1', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] };
const trial = { name: 'e', kind: 'split', percent: 10, variant: { model: 'm2' } };
const described = { name: 'Mine', base_url: 'https://api.example.com/v1' };
const template = { id: 'mine', ...described };
const invitation = { email: 'new@example.com' };
/** Statuses by asker. Where only the form of what is sent decides, anything goes that is neither 401 nor 403: 0. */
const rows: Readonly<Record<string, readonly [body: unknown, ...statuses: number[]]>> = {
  //                                        nobody wrong member other admin owner inference revoked expired usage manage
  'GET /health': [undefined, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  'GET /health/liveliness': [undefined, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  'GET /health/liveness': [undefined, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  'GET /health/readiness': [undefined, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  'GET /v1/models': [undefined, 401, 401, 200, 200, 200, 200, 200, 401, 401, 403, 403],
  'POST /v1/explain': [chat, 401, 401, 200, 200, 200, 200, 200, 401, 401, 403, 403],
  'GET /metrics': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'GET /openapi.json': [undefined, 401, 401, 200, 200, 200, 200, 200, 401, 401, 200, 200],
  'GET /api/session': [undefined, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  'POST /api/session/google': [{ credential: 'a.b.c' }, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401],
  'POST /api/session/local': [{ token: 'wrong' }, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403],
  'DELETE /api/session': [undefined, 204, 204, 204, 204, 204, 204, 204, 204, 204, 204, 204],
  'GET /api/sessions': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 403],
  'DELETE /api/sessions': [undefined, 401, 401, 204, 204, 204, 204, 403, 401, 401, 403, 403],
  'DELETE /api/sessions/:id': [undefined, 401, 401, 204, 404, 404, 404, 403, 401, 401, 403, 403],
  'GET /api/people': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/people': [invitation, 401, 401, 403, 403, 201, 201, 403, 401, 401, 403, 403],
  'PATCH /api/people/:id': [{ blocked: true }, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'DELETE /api/people/:id': [undefined, 401, 401, 403, 403, 400, 400, 403, 401, 401, 403, 403],
  'GET /api/keys': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/keys': [{ name: 'k' }, 401, 401, 201, 201, 201, 201, 403, 401, 401, 403, 403],
  'PATCH /api/keys/:id': [{ name: 'k' }, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 403],
  'DELETE /api/keys/:id': [undefined, 401, 401, 204, 404, 204, 204, 403, 401, 401, 403, 403],
  'POST /api/keys/:id/roll': [{}, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 403],
  'GET /api/key': [undefined, 401, 401, 404, 404, 404, 404, 200, 401, 401, 200, 200],
  'GET /api/credentials': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/credentials': [credential, 401, 401, 201, 201, 201, 201, 403, 401, 401, 403, 201],
  'POST /api/credentials/test': [credential, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'GET /api/credentials/:id': [undefined, 401, 401, 200, 404, 200, 200, 403, 401, 401, 403, 200],
  'PATCH /api/credentials/:id': [{ name: 'x' }, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 200],
  'PUT /api/credentials/:id/key': [{ fields: {} }, 401, 401, 0, 404, 403, 403, 403, 401, 401, 403, 200],
  'DELETE /api/credentials/:id': [undefined, 401, 401, 200, 404, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/credentials/:id/restore': [undefined, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 200],
  'POST /api/credentials/:id/test': [undefined, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 200],
  'GET /api/credentials/:id/models': [undefined, 401, 401, 200, 404, 403, 403, 403, 401, 401, 403, 200],
  'GET /api/limits': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 200, 403],
  'GET /api/invoke': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'PUT /api/invoke/endpoints': [{ name: 'e', model: 'm1' }, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'DELETE /api/invoke/endpoints': [undefined, 401, 401, 403, 403, 0, 0, 403, 401, 401, 403, 403],
  'GET /api/receipts/:id/decisions': [undefined, 401, 401, 200, 404, 200, 200, 403, 401, 401, 200, 403],
  'GET /api/rollout': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'PUT /api/rollout/flags': [{ name: 'f' }, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'GET /api/rollout/flags/:name': [undefined, 401, 401, 200, 200, 200, 200, 200, 401, 401, 403, 403],
  'DELETE /api/rollout/flags/:name': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'PUT /api/rollout/experiments': [trial, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'GET /api/rollout/experiments/:name': [undefined, 401, 401, 403, 403, 404, 404, 403, 401, 401, 403, 403],
  'DELETE /api/rollout/experiments/:name': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'PUT /api/invoke/assignments': [
    { agent: 'a', endpoint: 'e', enabled: false },
    401,
    401,
    403,
    403,
    200,
    200,
    403,
    401,
    401,
    403,
    403,
  ],
  'DELETE /api/invoke/assignments': [undefined, 401, 401, 403, 403, 0, 0, 403, 401, 401, 403, 403],
  'POST /api/import': [
    { text: 'GROQ_API_KEY=gsk_example_0123456789' },
    401,
    401,
    200,
    200,
    200,
    200,
    403,
    401,
    401,
    403,
    200,
  ],
  'GET /api/settings': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'PATCH /api/settings/installation': [{ paid: 'never' }, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'PATCH /api/settings/mine': [{ paid: 'never' }, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/settings/webhook-secret': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'GET /api/alerts': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'POST /api/alerts/test': [undefined, 401, 401, 403, 403, 200, 200, 403, 401, 401, 403, 403],
  'GET /api/export': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'GET /api/templates': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
  'POST /api/templates': [template, 401, 401, 403, 403, 201, 201, 403, 401, 401, 403, 403],
  'PUT /api/templates/:id': [described, 401, 401, 403, 403, 404, 404, 403, 401, 401, 403, 403],
  'DELETE /api/templates/:id': [undefined, 401, 401, 403, 403, 404, 404, 403, 401, 401, 403, 403],
  'POST /api/templates/:id/restore': [undefined, 401, 401, 403, 403, 404, 404, 403, 401, 401, 403, 403],
  'GET /api/usage': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 200, 403],
  'GET /api/usage/records': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 200, 403],
  'GET /api/receipts/:id': [undefined, 401, 401, 200, 404, 200, 200, 403, 401, 401, 200, 403],
  'GET /api/transcriptions': [undefined, 401, 401, 200, 200, 200, 200, 200, 401, 401, 403, 403],
  'GET /api/transcriptions/allowance': [undefined, 401, 401, 200, 200, 200, 200, 200, 401, 401, 403, 403],
  'POST /api/transcriptions': [recording, 401, 401, 201, 201, 201, 201, 201, 401, 401, 403, 403],
  // The key is one of the member's, so what is theirs is its own.
  'GET /api/transcriptions/:id': [undefined, 401, 401, 200, 404, 404, 404, 200, 401, 401, 403, 403],
  'GET /api/transcriptions/:id/events': [undefined, 401, 401, 200, 404, 404, 404, 200, 401, 401, 403, 403],
  'GET /api/transcriptions/:id/result': [undefined, 401, 401, 400, 404, 404, 404, 400, 401, 401, 403, 403],
  'POST /api/transcriptions/:id/start': [{}, 401, 401, 400, 404, 404, 404, 400, 401, 401, 403, 403],
  'POST /api/transcriptions/:id/pause': [undefined, 401, 401, 200, 404, 404, 404, 200, 401, 401, 403, 403],
  'POST /api/transcriptions/:id/cancel': [undefined, 401, 401, 200, 404, 404, 404, 200, 401, 401, 403, 403],
  'DELETE /api/transcriptions/:id': [undefined, 401, 401, 204, 404, 404, 404, 204, 401, 401, 403, 403],
  // Whoever holds a signed address may upload, and nobody else, whoever they are.
  'PUT /api/uploads/:part': [undefined, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403],
  'GET /api/audit': [undefined, 401, 401, 200, 200, 200, 200, 403, 401, 401, 403, 200],
};

/** Routes close over their services and ask nothing of them until they are called. */
const noDeps = new Proxy({}, { get: () => new Proxy({}, { get: () => ({}) }) });
const lean = toRoutes(noDeps as AppDeps);
/** Where an endpoint judges by itself who may do what, by any method. Below /api there are routes of their own. */
const judging = lean
  .filter(({ method, path }) => method === '*' && path !== '/api/:rest')
  .flatMap(({ path }) => ['GET', 'POST', 'DELETE'].map((method) => `${method} ${path}`));
const routes = [
  ...[...lean.filter(({ method }) => method !== '*'), ...toApiRoutes(noDeps as ApiDeps)].map(
    ({ method, path }) => `${method} ${path}`,
  ),
  ...judging,
];

/** What every way of asking a model keeps to, whatever its format: closed to strangers, open to people and their keys. */
const inference: readonly [body: unknown, ...statuses: number[]] = [chat, 401, 401, 0, 0, 0, 0, 0, 401, 401, 403, 403];
const isInference = (route: string): boolean => /^(POST|GET|DELETE) \/v1(beta)?\//.test(route);
/** What is not served is told to everybody alike. */
const nothing: readonly [body: unknown, ...statuses: number[]] = [undefined, ...askers.map(() => 404)];
const isNotServed = (route: string): boolean => notServedPaths.some(([path]) => route.endsWith(` ${path}`));
const rowOf = (route: string): readonly [body: unknown, ...statuses: number[]] | undefined =>
  rows[route] ?? (isNotServed(route) ? nothing : isInference(route) ? inference : undefined);

/** Uploads are not: their addresses come with the jobs they belong to. */
const isDescribed = (route: string): boolean => route.includes(' /api/') && !route.includes('/uploads/');

/** What is only read, or only refused, can be asked by all in one house. */
let shared: Promise<Scene> | null = null;
const sceneFor = (route: string): Promise<Scene> =>
  route.startsWith('GET ') || judging.includes(route) ? (shared ??= setUp()) : setUp();

describe('authorization', () => {
  it('has a row for every route: who may do what there, and who may not', () => {
    expect(routes.filter((route) => rowOf(route) === undefined)).toEqual([]);
  });

  it.each(['GET /api/audit', 'GET /api/usage/records'])('%s is described as a table, too', async (route) => {
    const { house, headers } = await sceneFor(route);
    const answer = await house.clock.runUntil(house.ask(route, { query: 'format=csv', headers: headers.owner }));
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': expect.stringContaining('text/csv') } });
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it.each(['inference', 'usage'] as const)('lets a key of the owner for %s do nothing else', async (scope) => {
    const { house } = await setUp();
    const { headers } = await house.key({ scopes: [scope] });
    // Figures of the installation are of use to the owner's.
    const closed = routes.filter(
      (route) => rowOf(route)?.[askers.indexOf(scope) + 1] === 403 && route !== 'GET /metrics',
    );
    expect(closed.length).toBeGreaterThan(50);
    for (const route of closed) {
      const { status } = await house.ask(route, { body: rowOf(route)?.[0], headers });
      expect([route, status]).toEqual([route, 403]);
    }
  });

  describe.each(routes.filter((route) => rowOf(route) !== undefined))('%s', (route) => {
    const [body, ...statuses] = rowOf(route) ?? [undefined];
    it.each(askers.map((asker, column) => ({ asker, wanted: statuses[column] ?? -1 })))(
      'asked by $asker: $wanted',
      async ({ asker, wanted }) => {
        const { house, headers, ids } = await sceneFor(route);
        const base = Object.keys(ids).find((path) => route.includes(`${path}/`)) ?? '';
        const line = route.replace(':id', ids[base] ?? 'nothing');
        // Each route from an address of its own: one that brings many wrong keys is held back, whatever it asks.
        const address = `192.0.2.${routes.indexOf(route) + 1}`;
        const answer = await house.clock.runUntil(house.ask(line, { body, headers: headers[asker], address }));
        if (wanted === 0) expect([401, 403]).not.toContain(answer.status);
        else expect(answer.status, answer.text).toBe(wanted);
        if (answer.status >= 400) expect(answer.message.length).toBeGreaterThan(20);
        // Lists, sums and tables, too, are silent about what is the member's.
        if (asker === 'other' && route.startsWith('GET '))
          for (const told of [EMAILS.member, ...Object.values(ids)]) expect(answer.text).not.toContain(told);
        if (isDescribed(route)) expect(faultsOf(route, answer), answer.text).toEqual([]);
      },
    );
  });
});
