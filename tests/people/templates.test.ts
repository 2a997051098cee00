// Providers added at run time: keys for them are served like any other, until they are removed; and what the catalog would not take is refused.
import { beforeAll, describe, expect, it } from 'vitest';
import { createHouse, owner, type Answer, type House } from './house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const template = {
  id: 'our-own',
  name: 'Our own',
  base_url: 'http://alpha.test/v1',
  plan: 'free',
  models: [{ id: 'm1', size: 'large', context: 131_072, capabilities: ['tools'] }],
  pools: [{ unit: 'requests', max: 2, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } }],
  terms: { serve_others: true, trains_on_prompts: false, regions: ['eu'] },
};

const send = (house: House, line: string, body?: unknown): Promise<Answer> =>
  house.clock.runUntil(house.ask(line, { headers: owner, body }));

describe('templates', () => {
  it('serve keys that are given for them, within the limits and terms they state', async () => {
    const house = await createHouse();
    expect((await house.chat(owner, { model: 'our-own/m1' })).status).toBe(404);
    const made = await send(house, 'POST /api/templates', template);
    expect([made.status, made.text]).toEqual([201, expect.stringContaining('our-own')]);
    const given = await send(house, 'POST /api/credentials', {
      provider: 'our-own',
      name: 'mine',
      fields: { apiKey: 'k' },
    });
    expect(given.status, given.text).toBe(201);
    const lanes = { privacy: 'no_training', regions: ['eu'], max_wait_ms: 0 };
    for (let asked = 0; asked < 2; asked++) {
      const answer = await house.chat(owner, { model: 'our-own/m1', freeway: lanes });
      expect([answer.status, answer.headers['x-freeway-route']]).toEqual([200, 'our-own/m1']);
    }
    expect((await house.chat(owner, { model: 'our-own/m1', freeway: lanes })).status).toBe(503);
  });

  it('are changed, removed and brought back, each with a line in the audit', async () => {
    const house = await createHouse();
    await send(house, 'POST /api/templates', template);
    await send(house, 'POST /api/credentials', { provider: 'our-own', fields: { apiKey: 'k' } });
    await house.clock.advance(1);
    const { id: _, ...settings } = template;
    const changed = await send(house, 'PUT /api/templates/our-own', { ...settings, name: 'Ours', pools: [] });
    expect(changed.json).toMatchObject({ id: 'our-own', name: 'Ours' });
    const model = { model: 'our-own/m1' };
    for (let asked = 0; asked < 3; asked++) expect((await house.chat(owner, model)).status).toBe(200);
    expect((await send(house, 'DELETE /api/templates/our-own')).json['deleted_until']).toBeTypeOf('string');
    expect((await house.chat(owner, model)).status).toBe(404);
    expect((await send(house, 'GET /api/templates')).json['data']).toEqual([]);
    // Events of one millisecond have no order.
    await house.clock.advance(1);
    expect((await send(house, 'POST /api/templates/our-own/restore')).status).toBe(200);
    expect((await house.chat(owner, model)).status).toBe(200);
    const audit = await house.ask('GET /api/audit', { headers: owner, query: 'action=template_changed' });
    expect((audit.json['data'] as { detail: string }[]).map(({ detail }) => detail)).toEqual([
      'brought back',
      'removed',
      'changed, http://alpha.test/v1',
      'added, http://alpha.test/v1',
    ]);
  });

  it('can not be brought back after a week, and make room for others of their name', async () => {
    const house = await createHouse();
    await send(house, 'POST /api/templates', template);
    await send(house, 'DELETE /api/templates/our-own');
    await house.clock.advance(8 * 86_400_000);
    expect((await send(house, 'POST /api/templates/our-own/restore')).status).toBe(404);
    expect((await send(house, 'POST /api/templates', template)).status).toBe(201);
  });

  it.each([
    ['an id of the catalog', { id: 'openai-compatible' }, 'already'],
    ['no address', { base_url: 'ftp://alpha.test' }, 'base_url'],
    ['a header that is none', { auth: { scheme: 'header', header: 'x y' } }, 'auth'],
    ['an unknown unit', { pools: [{ unit: 'sheep', max: 1, clock: { kind: 'once' } }] }, 'unit'],
    ['an unknown field', { colour: 'red' }, 'colour'],
  ])('refuse %s', async (_, more, named) => {
    const house = await createHouse();
    const refused = await send(house, 'POST /api/templates', { ...template, ...more });
    expect([refused.status, refused.message]).toEqual([400, expect.stringContaining(named)]);
    expect((await send(house, 'GET /api/templates')).json['data']).toEqual([]);
  });
});
