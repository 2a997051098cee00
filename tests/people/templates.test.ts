// Providers added at run time: keys for them are served like any other, until they are removed; and what the catalog would not take is refused.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
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

  describe('for which others have given keys', () => {
    const google = {
      GOOGLE_CLIENT_ID: 'client',
      ALLOWED_EMAILS: 'ada@example.com',
      ADMIN_EMAILS: 'root@example.com, eve@example.com',
    };
    const { id, ...settings } = template;
    const moved = { ...settings, base_url: 'http://eve.test/v1' };

    /** A house whose admin Eve has added a provider, for which Ada has given a private key. */
    async function open(): Promise<{ eve: Headers; ada: Headers; house: House; asked: string[] }> {
      const asked: string[] = [];
      const others = ({ url }: { url: string }): number => {
        asked.push(url);
        return 200;
      };
      const house = await createHouse({ env: google, others });
      const [eve, ada] = [await house.session('eve@example.com'), await house.session('ada@example.com')];
      expect((await house.ask('POST /api/templates', { headers: eve, body: template })).status).toBe(201);
      const body = { provider: id, fields: { apiKey: 'secret-of-ada' } };
      expect((await house.clock.runUntil(house.ask('POST /api/credentials', { headers: ada, body }))).status).toBe(201);
      return { eve, ada, house, asked };
    }

    it('keep their address, so that nobody leads those keys elsewhere', async () => {
      const { eve, house, asked } = await open();
      const refused = await house.ask(`PUT /api/templates/${id}`, { headers: eve, body: moved });
      expect([refused.status, refused.message]).toEqual([403, expect.stringMatching(/1 key of others .*another id/)]);
      await house.ask(`DELETE /api/templates/${id}`, { headers: eve });
      expect((await house.ask('POST /api/templates', { headers: eve, body: { id, ...moved } })).status).toBe(403);
      await house.clock.advance(8 * 86_400_000);
      expect((await house.ask('POST /api/templates', { headers: owner, body: { id, ...moved } })).status).toBe(403);
      // In everything else they may be changed, and be made anew where they were.
      const headers = await house.session('eve@example.com');
      expect((await house.ask('POST /api/templates', { headers, body: template })).status).toBe(201);
      const renamed = { ...settings, name: 'Ours' };
      expect((await house.ask(`PUT /api/templates/${id}`, { headers, body: renamed })).status).toBe(200);
      const answer = await house.chat(await house.session('ada@example.com'), { model: `${id}/m1` });
      expect([answer.status, asked]).toEqual([200, []]);
    });

    it('may move once those keys are gone for good', async () => {
      const { eve, ada, house } = await open();
      const { json } = await house.ask('GET /api/credentials', { headers: ada });
      const [given] = json['data'] as { id: string }[];
      await house.ask(`DELETE /api/credentials/${given?.id}`, { headers: ada });
      // For a week they can be brought back.
      expect((await house.ask(`PUT /api/templates/${id}`, { headers: eve, body: moved })).status).toBe(403);
      await house.clock.advance(8 * 86_400_000);
      const late = await house.session('eve@example.com');
      expect((await house.ask(`PUT /api/templates/${id}`, { headers: late, body: moved })).status).toBe(200);
    });
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
