// Quotas as callers meet them: refused in every format and by every operation, told in headers, and counted by what the provider has counted.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import { peopleSchema } from '#shared/api/people.ts';
import { toWav } from '../fakes/wav.ts';
import { owner, type Answer, type Asking, type House } from './house.ts';
import { makeKey, openHouse, set } from './quota-house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

function toForm(): FormData {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(toWav(2))]), 'talk.wav');
  form.append('model', 't1');
  return form;
}

const messages = [{ role: 'user', content: 'hello' }];
const asks: Readonly<Record<string, Asking>> = {
  '/v1/chat/completions': { body: { model: 'm1', messages } },
  '/v1/completions': { body: { model: 'm1', prompt: 'hello' } },
  '/v1/responses': { body: { model: 'm1', input: 'hello' } },
  '/v1/messages': { body: { model: 'm1', max_tokens: 50, messages } },
  '/v1beta/models/m1:generateContent': { body: { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] } },
  '/v1/embeddings': { body: { model: 'e1', input: 'hello' } },
  '/v1beta/models/e1:embedContent': { body: { content: { parts: [{ text: 'hello' }] } } },
  '/v1/images/generations': { body: { model: 'i1', prompt: 'hello' } },
  '/v1/audio/speech': { body: { model: 's1', input: 'hello', voice: 'alloy' } },
  '/v1/audio/transcriptions': { form: toForm() },
};
const post = (house: House, path: string, headers: Headers): Promise<Answer> => {
  const { form, ...asking } = asks[path] ?? {};
  return house.clock.runUntil(
    house.ask(`POST ${path}`, { headers, ...asking, ...(form === undefined ? {} : { form: toForm() }) }),
  );
};

/** How each format tells what kind of error it is. */
const kindOf = ({ json }: Answer): unknown => {
  const { type, code, status } = json['error'] as Record<string, unknown>;
  return { type, code, status };
};

describe.each(Object.keys(asks))('POST %s', (path) => {
  it('counts as one request, and is refused with 429 when the quota is used up, before anybody is asked', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { requests_per_day: 1 });
    // The simulated provider draws no pictures and does not speak: what was asked for counts.
    const first = await post(house, path, headers);
    expect(first.status === 200 || /images|speech/.test(path), first.text).toBe(true);
    const asked = house.provider.books().total();
    const refused = await post(house, path, headers);
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('The API key \\"bot\\" may make 1 request a day');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(11 * 3_600);
    expect(house.provider.books().total()).toEqual(asked);
    const { json } = await house.ask('GET /api/key', { headers });
    expect(json['requests_per_day']).toMatchObject({ limit: 1, remaining: 0 });
  });
});

it('a request that nobody was asked for takes nothing', async () => {
  const house = await openHouse();
  const headers = await makeKey(house, { requests_per_day: 1, tokens_per_day: 10_000 });
  const ask = (more: object): Promise<Answer> =>
    house.clock.runUntil(
      house.ask('POST /v1/chat/completions', { headers, body: { model: 'm1', messages, max_tokens: 50, ...more } }),
    );
  const asked = house.provider.books().total();
  for (let i = 0; i < 3; i++) expect((await ask({ freeway: { providers: { only: ['nobody'] } } })).status).toBe(422);
  expect(house.provider.books().total()).toEqual(asked);
  const { json } = await house.ask('GET /api/key', { headers });
  expect(json).toMatchObject({ requests_per_day: { remaining: 1 }, tokens_per_day: { remaining: 10_000 } });
  expect((await ask({})).status).toBe(200);
  expect((await ask({})).status).toBe(429);
});

describe('a refusal', () => {
  it.each([
    ['/v1/chat/completions', { type: 'rate_limit_error', code: 'rate_limited', status: undefined }],
    ['/v1/messages', { type: 'rate_limit_error', code: 'rate_limited', status: undefined }],
    ['/v1beta/models/m1:generateContent', { type: undefined, code: 429, status: 'RESOURCE_EXHAUSTED' }],
  ])('speaks the format of %s', async (path, kind) => {
    const house = await openHouse();
    await set(house, { quota: { requests_per_minute: 1 } });
    await post(house, path, owner);
    const refused = await post(house, path, owner);
    expect([refused.status, kindOf(refused)]).toEqual([429, kind]);
    expect(refused.message).toMatch(/^The whole installation may make 1 request a minute, and has made it/);
  });

  it('of a request that fits into no minute asks not to be repeated', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { tokens_per_minute: 10 });
    const refused = await house.chat(headers, { max_tokens: 500 });
    expect([refused.status, refused.headers['x-should-retry'], refused.headers['retry-after']]).toEqual([
      429,
      'false',
      undefined,
    ]);
    expect(refused.message).toContain('this request alone may take');
  });
});

describe('tokens', () => {
  it('are counted as the provider counts them, whole and streamed, and by 200 at once not overrun', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { tokens_per_day: 10_000 });
    const left = async (): Promise<number> =>
      ((await house.ask('GET /api/key', { headers })).json['tokens_per_day'] as { remaining: number }).remaining;
    for (const stream of [false, true]) {
      const before = await left();
      const { accepted, inputTokens, outputTokens } = house.provider.books().total() as unknown as Record<
        string,
        number
      >;
      expect((await house.chat(headers, { stream, max_tokens: 60 })).status).toBe(200);
      const after = house.provider.books().total() as unknown as Record<string, number>;
      expect(after['accepted']).toBe(accepted! + 1);
      await house.clock.advance(1_001);
      expect(before - (await left())).toBe(
        after['inputTokens']! - inputTokens! + after['outputTokens']! - outputTokens!,
      );
    }
    const answers = await Promise.all(Array.from({ length: 200 }, () => house.chat(headers, { max_tokens: 100 })));
    const { inputTokens, outputTokens } = house.provider.books().total() as unknown as Record<string, number>;
    expect(inputTokens! + outputTokens!).toBeLessThanOrEqual(10_000);
    const served = answers.filter(({ status }) => status === 200).length;
    expect(served).toBeGreaterThan(50);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(200 - served);
  });

  it('of embeddings count, and sound that tells none takes none', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { tokens_per_day: 1_000 });
    const left = async (): Promise<number> => {
      await house.clock.advance(1_001);
      return ((await house.ask('GET /api/key', { headers })).json['tokens_per_day'] as { remaining: number }).remaining;
    };
    await post(house, '/v1/audio/transcriptions', headers);
    expect(await left()).toBe(1_000);
    const { json } = await post(house, '/v1/embeddings', headers);
    expect(await left()).toBe(1_000 - (json['usage'] as { total_tokens: number }).total_tokens);
  });

  it('of a request that everybody refused are given back', async () => {
    const house = await openHouse({ spec: { models: [{ id: 'm1', fault: '503' }] } });
    const headers = await makeKey(house, { tokens_per_day: 1_000, requests_per_day: 10 });
    expect((await house.chat(headers, { freeway: { max_wait_ms: 0 } })).status).toBeGreaterThanOrEqual(500);
    await house.clock.advance(1_001);
    const { json } = await house.ask('GET /api/key', { headers });
    expect(json).toMatchObject({ tokens_per_day: { remaining: 1_000 }, requests_per_day: { remaining: 9 } });
  });
});

describe('a transcription job', () => {
  it('takes nothing when it is declared: its pieces do, when they are sent', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { requests_per_day: 5 });
    const body = { size_bytes: 32_044, name: 'talk.wav', options: { model: 't1' } };
    const { status, text } = await house.ask('POST /api/transcriptions', { headers, body });
    expect(status, text).toBe(201);
    const { json } = await house.ask('GET /api/key', { headers });
    expect(json['requests_per_day']).toMatchObject({ limit: 5, remaining: 5 });
  });
});

describe('whoever has quotas', () => {
  it('is told what is left with every answer, of the tightest of them, and others are told nothing', async () => {
    const house = await openHouse();
    const headers = await makeKey(house, { requests_per_minute: 100, tokens_per_day: 50_000 });
    const plain = await post(house, '/v1/chat/completions', owner);
    expect(Object.keys(plain.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    await set(house, { quota: { requests_per_day: 40 } });
    for (const path of ['/v1/chat/completions', '/v1/embeddings', '/v1/audio/transcriptions']) {
      const { headers: told } = await post(house, path, headers);
      expect(told['x-ratelimit-limit-requests']).toBe('40');
      expect(told['x-ratelimit-reset-requests']).toMatch(/^4\d{4}s$/);
      expect(told['x-ratelimit-limit-tokens']).toBe('50000');
      expect(Number(told['x-ratelimit-remaining-tokens'])).toBeLessThanOrEqual(50_000);
    }
    const { headers: last } = await post(house, '/v1/messages', headers);
    expect(last['x-ratelimit-remaining-requests']).toBe('36');
  });

  it('is seen by admins with what is left of the quota that holds for them, and the owner with none', async () => {
    const house = await openHouse();
    await set(house, { person_quota: { requests_per_day: 5 } });
    for (const email of ['ada@example.com', '*@example.com'])
      await house.ask('POST /api/people', { headers: owner, body: { email } });
    await house.chat(await house.session('ada@example.com'));
    await house.chat(owner);
    const id = house.people.idOf('ada@example.com');
    await house.clock.advance(1_001);
    const readLeft = async (): Promise<Record<string, unknown>> => {
      const { data } = peopleSchema.parse((await house.ask('GET /api/people', { headers: owner })).json);
      return Object.fromEntries(data.map((one) => [one.email ?? one.id, one.quota_left]));
    };
    const one = { requests_per_day: expect.objectContaining({ limit: 5, remaining: 4 }), tokens_per_day: null };
    const left = { owner: null, '*@example.com': null, 'ada@example.com': expect.objectContaining(one) };
    expect(await readLeft()).toEqual(left);
    const body = { quota: { requests_per_day: 9 } };
    const { json } = await house.ask(`PATCH /api/people/${id}`, { headers: owner, body });
    expect(json['quota_left']).toMatchObject({ requests_per_day: { limit: 9, remaining: 8 } });
  });

  it('is bounded as a person in the web app and by all their keys, with bounds of their own or as everybody', async () => {
    const house = await openHouse();
    await set(house, { person_quota: { requests_per_day: 2 } });
    const invited = await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    const id = String(invited.json['id']);
    const ada = await house.session('ada@example.com');
    const { headers: hers } = await house.key({ personId: id, email: 'ada@example.com' });
    expect([(await house.chat(ada)).status, (await house.chat(hers)).status]).toEqual([200, 200]);
    const refused = await house.chat(ada);
    expect([refused.status, refused.message]).toEqual([
      429,
      expect.stringMatching(/^Ada@example.com may make 2 requests a day, and has made them.*an admin/),
    ]);
    expect((await house.chat(hers)).status).toBe(429);
    // Others and the owner are not bounded by it.
    expect((await house.chat(await house.session('bob@example.com'))).status).toBe(200);
    for (let asked = 0; asked < 3; asked++) expect((await house.chat(owner)).status).toBe(200);
    const raised = await house.ask(`PATCH /api/people/${id}`, {
      headers: owner,
      body: { quota: { requests_per_day: 3, tokens_per_minute: 100_000 } },
    });
    expect(raised.json['quota']).toEqual({
      requests_per_minute: null,
      requests_per_day: 3,
      tokens_per_minute: 100_000,
      tokens_per_day: null,
    });
    await house.clock.advance(6_000);
    expect((await house.chat(ada)).status).toBe(200);
    await house.clock.advance(1_001);
    const { json } = await house.ask('GET /api/settings', { headers: ada });
    expect(json['quota_left']).toMatchObject({ requests_per_day: { limit: 3, remaining: 0 }, tokens_per_day: null });
    expect(json['installation_quota_left']).toBeNull();
    expect(json['mine']).toEqual({});
    // Nobody raises their own.
    const mine = { headers: ada, body: { quota: null } };
    expect((await house.ask('PATCH /api/settings/mine', mine)).status).toBe(400);
    expect((await house.ask(`PATCH /api/people/${id}`, mine)).status).toBe(403);
    await house.ask(`PATCH /api/people/${id}`, { headers: owner, body: { quota: null } });
    await house.clock.advance(6_000);
    expect((await house.chat(ada)).message).toContain('2 requests a day');
  });

  it('learns of it by a webhook when the settings name one', async () => {
    const bodies: string[] = [];
    const house = await openHouse({ others: ({ body }) => bodies.push(String(body)) && 200 });
    await set(house, {
      quota: { requests_per_day: 4 },
      alerts: { webhook_url: 'https://hooks.example.com/x', at_percent: [75] },
    });
    for (let asked = 0; asked < 5; asked++) await house.chat(owner);
    // Everything that was raised has been sent when this has.
    await house.ask('POST /api/alerts/test', { headers: owner });
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toMatchObject([
      {
        type: 'quota.alert',
        data: {
          subject: 'the whole installation',
          text: expect.stringContaining('75 % of the 4 requests a day of the whole installation are used: 3.'),
        },
      },
      { type: 'test.alert' },
    ]);
    const { json } = await house.ask('GET /api/settings', { headers: owner });
    expect(json['installation_quota_left']).toMatchObject({ requests_per_day: { limit: 4, remaining: 0 } });
  });
});

it('embeddings of several inputs count as one request, with the tokens of all their batches', async () => {
  const models = [{ id: 'e1', kind: 'embedding' as const, batch: { inputs: 10 } }];
  const house = await openHouse({ entry: { models } });
  const headers = await makeKey(house, { requests_per_day: 5, tokens_per_day: 1_000 });
  const input = Array.from({ length: 30 }, (_, index) => `text number ${index}`);
  const answer = await house.clock.runUntil(
    house.ask('POST /v1/embeddings', { headers, body: { model: 'e1', input } }),
  );
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers['x-freeway-batches']).toMatch(/=3$/);
  const { prompt_tokens: used } = answer.json['usage'] as { prompt_tokens: number };
  const { json } = await house.ask('GET /api/key', { headers });
  expect(json['requests_per_day']).toMatchObject({ remaining: 4 });
  expect(json['tokens_per_day']).toMatchObject({ remaining: 1_000 - used });
});
