// What people get wrong of what they set by the API: it is told in a sentence that says how to go on, and nothing is taken that would do nothing.
import { beforeAll, describe, expect, it } from 'vitest';
import { createHouse, owner, type Answer, type House } from './house.ts';

const google = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: 'ada@example.com', ADMIN_EMAILS: 'root@example.com' };

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const send = (house: House, line: string, body?: unknown, headers = owner): Promise<Answer> =>
  house.clock.runUntil(house.ask(line, { headers, body }));

describe('what is set', () => {
  it('models of a credential may be given by their ids alone', async () => {
    const house = await createHouse();
    const body = { provider: 'openai-compatible', base_url: 'http://alpha.test/v1', fields: { apiKey: 'k' } };
    const { status, json, message } = await send(house, 'POST /api/credentials', { ...body, models: ['m7'] });
    expect([status, json['models']], message).toEqual([201, [{ id: 'm7' }]]);
  });

  it('somebody who is on the list is not invited a second time', async () => {
    const house = await createHouse({ env: google });
    const body = { email: 'bob@example.com' };
    expect((await send(house, 'POST /api/people', body)).status).toBe(201);
    const again = await send(house, 'POST /api/people', body);
    expect([again.status, again.message]).toEqual([
      409,
      expect.stringMatching(/on the list already. Change the entry/),
    ]);
  });

  it('an agent is not given an endpoint that is not there', async () => {
    const house = await createHouse();
    const given = { agent: 'support', endpoint: 'suport' };
    expect(await send(house, 'PUT /api/invoke/assignments', given)).toMatchObject({
      status: 400,
      message: 'There is no endpoint "suport". None is configured: set it first (PUT /api/invoke/endpoints).',
    });
    await send(house, 'PUT /api/invoke/endpoints', { name: 'support', model: 'm1' });
    expect(await send(house, 'PUT /api/invoke/assignments', given)).toMatchObject({
      status: 400,
      message: expect.stringContaining('"suport". Known: support.'),
    });
    const { json } = await send(house, 'PUT /api/invoke/assignments', { ...given, endpoint: 'support' });
    expect(json['assignments']).toMatchObject([{ agent: 'support', endpoint: 'support' }]);
  });

  it.each([
    ['PUT /api/rollout/flags', { name: 'new-agent', percentage: 50 }, 'percentage'],
    ['PUT /api/rollout/experiments', { name: 'e', kind: 'split', percent: 9, model: ['m1'], variant: { model: 'm1' } }, 'model'],
    ['PUT /api/rollout/experiments', { name: 'e', kind: 'split', percent: 9, variant: { model: 'm1', freway: {} } }, 'freway'],
    ['PUT /api/invoke/endpoints', { name: 'e', model: 'm1', parameter: {} }, 'parameter'],
    ['PUT /api/invoke/endpoints', { name: 'e', model: 'm1', allowed_callers: ['a'] }, 'allowed_callers'],
    ['PUT /api/invoke/assignments', { agent: 'a', endpoint: 'e', enviroment: 'prod' }, 'enviroment'],
    ['POST /api/keys', { name: 'k', usd: { max: 1, per: 'day', mod: 'soft' } }, 'mod'],
  ])('%s %j is refused', async (line, body, field) => {
    const { status, message } = await send(await createHouse(), line, body);
    expect([status, message]).toEqual([400, expect.stringMatching(new RegExp(`"${field}".* Known are `))]);
  }); // prettier-ignore
});

describe('what somebody may not do is said in their words', () => {
  const withKey = async (house: House, scopes: readonly string[], headers = owner) => {
    const { json } = await send(house, 'POST /api/keys', { name: 'ci', scopes }, headers);
    return { authorization: `Bearer ${String(json['key'])}` };
  };

  it('by a key that lacks the scope', async () => {
    const house = await createHouse();
    const headers = await withKey(house, ['usage']);
    expect(await send(house, 'GET /api/rollout/flags/a', undefined, headers)).toMatchObject({
      status: 403,
      message:
        'The API key "ci" may not use models: that needs the scope inference, and it has usage. Use another key, or add the scope.',
    });
  });

  it('by a key for what no key may do, and by one whose person may not', async () => {
    const house = await createHouse({ env: google });
    await send(house, 'POST /api/people', { email: 'bob@example.com' });
    const bob = await house.session('bob@example.com');
    const headers = await withKey(house, ['manage'], bob);
    expect((await send(house, 'GET /api/sessions', undefined, headers)).message).toBe(
      'No API key may see sessions. Sign in to do it.',
    );
    expect((await send(house, 'GET /api/rollout', undefined, headers)).message).toBe(
      'As member you may not change the settings of everybody; an admin or the owner can.',
    );
    expect((await send(house, 'GET /api/rollout', undefined, bob)).message).toBe(
      'As member you may not change the settings of everybody; an admin or the owner can.',
    );
  });
});
