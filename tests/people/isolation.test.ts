// Five people, their own keys, one shared key, a provider that fails by chance: nobody is ever served by another's key or cached answer.
import { describe, expect, it } from 'vitest';
import type { UsageRecord } from '#shared/api/usage.ts';
import type { Headers } from '#lambda/ports.ts';
import { createRandom } from '../fakes/random.ts';
import { createHouse, OWNER_KEY, type Answer, type House } from './house.ts';

const names = ['ada', 'ben', 'cy', 'dot', 'eve'] as const;
type Name = (typeof names)[number];
const REQUESTS = 10_000;
const AT_ONCE = 25;
const faults = ['500', '503', '429', 'cut', 'reset', 'empty', 'error-mid'];

interface Member {
  readonly name: Name;
  readonly id: string;
  readonly headers: Headers;
}

async function give(house: House, member: Member, more: Record<string, unknown>): Promise<Answer> {
  const answer = await house.clock.runUntil(
    house.ask('POST /api/credentials', {
      headers: member.headers,
      body: {
        provider: 'openai-compatible',
        base_url: 'http://alpha.test/v1',
        plan: 'free',
        models: [{ id: 'm1', size: 'large', context: 8_192 }],
        ...more,
      },
    }),
  );
  expect(answer.status, answer.text).toBe(201);
  return answer;
}

async function setUp(): Promise<{ house: House; members: Member[] }> {
  const house = await createHouse({
    env: { GOOGLE_CLIENT_ID: 'x', ALLOWED_EMAILS: '*@example.com' },
    spec: {
      models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 100_000 }],
      chaos: faults.map((fault) => ({ fault, share: 0.05 })),
    },
    entry: { enabled: false },
  });
  const members: Member[] = [];
  for (const name of names) {
    const email = `${name}@example.com`;
    const id = house.people.idOf(email);
    const { headers } = await house.key({ personId: id, email, scopes: ['inference', 'manage', 'usage'] });
    members.push({ name, id, headers });
  }
  // The routes below /api are loaded with the first request, which takes real time.
  await house.ask('GET /api/credentials', { headers: members[0]?.headers ?? {} });
  for (const member of members)
    await give(house, member, { name: `of-${member.name}`, fields: { apiKey: `secret-key-of-${member.name}` } });
  const [ada, ben] = members;
  if (ada === undefined || ben === undefined) throw new Error('nobody is there');
  const fields = { apiKey: 'secret-key-that-is-shared' };
  await give(house, ada, { name: 'of-ada-for-ben', fields, sharing: [ben.id] });
  return { house, members };
}

/** What somebody may be served by. */
const allowedTo = (name: Name): string[] => [
  `of-${name}`,
  ...(name === 'ada' || name === 'ben' ? ['of-ada-for-ben'] : []),
];

async function recordsOf(house: House, { headers }: Member): Promise<UsageRecord[]> {
  const all: UsageRecord[] = [];
  let after = '';
  do {
    const { json } = await house.ask('GET /api/usage/records', { headers, query: `limit=500${after}` });
    all.push(...(json['data'] as UsageRecord[]));
    after = json['next'] === null ? '' : `&after=${encodeURIComponent(String(json['next']))}`;
  } while (after !== '');
  return all;
}

describe('isolation', () => {
  it(`${REQUESTS} requests of five people under random failures never meet another's key or answer`, async () => {
    const { house, members } = await setUp();
    const random = createRandom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const askOnce = (): Promise<Answer> => {
      const { headers } = pick(members);
      const cache: Headers = random() < 0.3 ? { 'x-freeway-cache': '600' } : {};
      const body = { stream: random() < 0.5, messages: [{ role: 'user', content: pick(['one', 'two', 'three']) }] };
      return house.chat({ ...headers, ...cache, 'x-freeway-max-wait-ms': '500' }, body);
    };
    const answers: Answer[] = [];
    while (answers.length < REQUESTS) answers.push(...(await Promise.all(Array.from({ length: AT_ONCE }, askOnce))));
    const told = answers.map(({ headers }) => headers['x-freeway-cache']);
    expect(told).toContain('hit');
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(REQUESTS / 2);
    let absorbed = 0;
    for (const member of members) {
      const records = await recordsOf(house, member);
      expect(records.length).toBeGreaterThan(REQUESTS / 10);
      expect(records.every(({ person_id: id }) => id === member.id)).toBe(true);
      const used = records.flatMap(({ credential, attempts }) => [
        credential,
        ...attempts.map((attempt) => attempt.credential),
      ]);
      absorbed += records.reduce((sum, { attempts }) => sum + attempts.length, 0);
      // Each credential that they may use has been used, and no other.
      const met = new Set(used.filter((name) => name !== null));
      expect(met).toEqual(new Set(allowedTo(member.name)));
    }
    expect(absorbed).toBeGreaterThan(REQUESTS / 20);
  });
});

describe('a person who is removed', () => {
  it('takes along the keys that served others, and finds them again when invited anew', async () => {
    const house = await createHouse({
      env: { GOOGLE_CLIENT_ID: 'x' },
      spec: { models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 100_000 }] },
      entry: { enabled: false },
    });
    const owner = { authorization: `Bearer ${OWNER_KEY}` };
    const email = 'ada@example.com';
    const invite = (): Promise<Answer> => house.ask('POST /api/people', { headers: owner, body: { email } });
    const id = String((await invite()).json['id']);
    const toAda = async (): Promise<Member> => {
      const { headers } = await house.key({ personId: id, email, scopes: ['inference', 'manage'] });
      return { name: 'ada', id, headers };
    };
    const body = { messages: [{ role: 'user', content: 'hello' }] };
    const ada = await toAda();
    await give(house, ada, { name: 'lent', fields: { apiKey: 'secret-key-lent-by-ada' }, sharing: 'all' });
    expect((await house.chat(owner, body)).status).toBe(200);
    await house.ask(`DELETE /api/people/${id}`, { headers: owner });
    expect((await house.ask('GET /api/credentials', { headers: owner })).json['data']).not.toContainEqual(
      expect.objectContaining({ name: 'lent' }),
    );
    expect((await house.chat(owner, body)).status).not.toBe(200);
    const { json } = await house.ask('GET /api/audit', { headers: owner });
    expect(JSON.stringify(json)).toContain('1 API keys revoked, 1 provider keys removed');
    await invite();
    const { headers } = await toAda();
    const { json: found } = await house.ask('GET /api/credentials', { headers, query: 'deleted=true' });
    const lent = (found['data'] as { id: string; name: string }[]).find(({ name }) => name === 'lent');
    await house.ask(`POST /api/credentials/${String(lent?.id)}/restore`, { headers });
    expect((await house.chat(owner, body)).status).toBe(200);
  });
});

describe('a key that somebody shares', () => {
  it('is not taken for a provider, or for a key of the installation, whose name it was given', async () => {
    const house = await createHouse({
      env: { GOOGLE_CLIENT_ID: 'x', ALLOWED_EMAILS: '*@example.com' },
      spec: { models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 100_000 }] },
    });
    const toMember = async (name: Name): Promise<Member> => {
      const email = `${name}@example.com`;
      const id = house.people.idOf(email);
      const { headers } = await house.key({ personId: id, email, scopes: ['inference', 'manage'] });
      return { name, id, headers };
    };
    const [ada, ben] = [await toMember('ada'), await toMember('ben')];
    await house.ask('GET /api/credentials', { headers: ada.headers });
    for (const name of ['groq', 'alpha', 'lent'])
      await give(house, ada, { name, fields: { apiKey: `secret-key-of-ada-${name}` }, sharing: 'all' });
    const askOnly = (only: string): Promise<Answer> =>
      house.chat(ben.headers, {
        messages: [{ role: 'user', content: 'hello' }],
        freeway: { providers: { only: [only] }, max_wait_ms: 0 },
      });
    /** Calls by keys of hers; each was tried once when it was given. */
    const usedOfAda = (): number =>
      house.provider
        .books()
        .lines()
        .reduce((sum, { key, accepted }) => sum + (key.includes('of-ada') ? accepted : 0), 0);
    const given = usedOfAda();
    expect((await askOnly('groq')).status).toBe(422);
    expect((await askOnly('alpha')).status).toBe(200);
    expect(usedOfAda()).toBe(given);
    expect((await askOnly('lent')).headers['x-freeway-credential']).toBe('lent');
    expect(usedOfAda()).toBe(given + 1);
  });
});
