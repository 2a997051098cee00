// Money of people, keys and all: hard bounds hold whatever happens at once, soft ones are only told of; and alerts arrive, signed, or are tried again.
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UsageRow } from '#shared/usage-sums.ts';
import type { UpstreamCall } from '#lambda/ports.ts';
import { packRows } from '#lambda/store/usage-days.ts';
import { peopleSchema } from '#shared/api/people.ts';
import { createHouse, owner, type Answer, type House, type HouseInput } from './house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const GOOGLE = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: '*@example.com', ADMIN_EMAILS: 'root@example.com' };
/** At its worst a call costs a bit more than a dollar. */
const paidModel = {
  id: 'm1',
  kind: 'chat' as const,
  context: 131_072,
  maxOutput: 1_000,
  size: 'large' as const,
  capabilities: ['tools' as const],
  price: { inputPerMillionUsd: 1, outputPerMillionUsd: 1_000 },
};
const WORST_USD = 1.001;
const openHouse = (more: HouseInput = {}): Promise<House> =>
  createHouse({ env: GOOGLE, entry: { tier: 'paid', models: [paidModel] }, ...more });

const set = async (house: House, body: unknown): Promise<void> => {
  expect((await house.ask('PATCH /api/settings/installation', { headers: owner, body })).status).toBe(200);
};
const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((one) => one.status === status).length;
const ask = (house: House, headers = owner): Promise<Answer> => house.chat(headers, { max_tokens: 1_000 });

/** What somebody used on a day that is over. */
const toRow = (at: string, person_id: string): UsageRow => ({
  at,
  person_id,
  key_id: null,
  route: 'a/b',
  tier: 'free',
  operation: 'chat',
  outcome: 'ok',
  requests: 1,
  free: 1,
  failed: 0,
  absorbed: 0,
  input_tokens: 600,
  output_tokens: 400,
  audio_seconds: 0,
  cost_usd: 0.1,
  estimated_usd: 0,
  saved_usd: 0,
  wait_ms: 0,
  duration_ms: 0,
});

const spentOf = async (house: House): Promise<number> => {
  const { json } = await house.ask('GET /api/usage', { headers: owner });
  return (json['total'] as { cost_usd: number }).cost_usd;
};
const alertsOf = async (
  house: House,
): Promise<{ kind: string; subject: string; text: string; deliveries: unknown[] }[]> =>
  (await house.ask('GET /api/alerts', { headers: owner })).json['data'] as never;

describe('200 paid requests at once', () => {
  it.each(['installation', 'person', 'key'] as const)(
    'against a hard budget of the %s for 20 of them: never over by as much as one request',
    async (whose) => {
      const house = await openHouse();
      const budget = { usd_per_day: 20 * WORST_USD, usd_per_month: null, mode: 'hard' };
      let headers = await house.session('ada@example.com');
      if (whose === 'installation') await set(house, { budget });
      if (whose === 'person') await set(house, { person_budget: budget });
      if (whose === 'key') {
        const body = { name: 'bot', usd: { max: 20 * WORST_USD, per: 'day' } };
        const { json } = await house.ask('POST /api/keys', { headers: owner, body });
        headers = { authorization: `Bearer ${String(json['key'])}` };
      }
      const answers = await Promise.all(Array.from({ length: 200 }, () => ask(house, headers)));
      const served = count(answers, 200);
      expect(served).toBeGreaterThanOrEqual(19);
      expect(served).toBeLessThanOrEqual(20);
      expect(count(answers, whose === 'key' ? 429 : 402)).toBe(200 - served);
      expect(await spentOf(house)).toBeLessThanOrEqual(20 * WORST_USD);
      expect(house.provider.books().total().accepted).toBe(served);
    },
  );
});

describe('budgets', () => {
  it('that are soft let requests through, and tell of half, most and all of them', async () => {
    const house = await openHouse();
    await set(house, { budget: { usd_per_day: 1, mode: 'soft' } });
    while ((await spentOf(house)) < 1.2) expect((await ask(house)).status).toBe(200);
    const alerts = await alertsOf(house);
    const percents = alerts.map(({ text }) => Number(/^(\d+) %/.exec(text)?.[1]));
    expect(percents.length).toBe(3);
    expect(percents.map((percent) => (percent >= 100 ? 100 : percent >= 80 ? 80 : 50))).toEqual([100, 80, 50]);
    const [last] = alerts;
    expect(last).toMatchObject({ kind: 'budget', subject: 'the installation' });
    expect(last?.text).toContain('of $1 is used');
  });

  it('are told of at the shares that are set, and no others', async () => {
    const house = await openHouse();
    await set(house, { budget: { usd_per_day: 1, mode: 'soft' }, alerts: { at_percent: [90, 20] } });
    while ((await spentOf(house)) < 1.2) expect((await ask(house)).status).toBe(200);
    const percents = (await alertsOf(house)).map(({ text }) => Number(/^(\d+) %/.exec(text)?.[1]));
    expect(percents.map((percent) => (percent >= 90 ? 90 : 20))).toEqual([90, 20]);
    expect(percents[1]).toBeGreaterThanOrEqual(20);
    await set(house, { alerts: { at_percent: null } });
    const wrong = { headers: owner, body: { alerts: { at_percent: [0, 101] } } };
    expect((await house.ask('PATCH /api/settings/installation', wrong)).status).toBe(400);
  });

  it('of the environment hold even where the settings allow more', async () => {
    const house = await openHouse({ env: { ...GOOGLE, FREEWAY_BUDGET_USD_PER_DAY: '0.5' } });
    await set(house, { budget: { usd_per_day: 100 } });
    expect((await ask(house)).status).toBe(402);
  });

  it('of one person stop that person alone, can be set for each, and are shown to them', async () => {
    const house = await openHouse();
    await set(house, { person_budget: { usd_per_day: 0.5 } });
    const invited = await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    const [ada, bob] = [await house.session('ada@example.com'), await house.session('bob@example.com')];
    const refused = await ask(house, ada);
    expect([refused.status, refused.message]).toEqual([402, expect.stringContaining('ada@example.com')]);
    const raised = await house.ask(`PATCH /api/people/${String(invited.json['id'])}`, {
      headers: owner,
      body: { budget: { usd_per_day: 5 } },
    });
    expect(raised.json['budget']).toMatchObject({ usd_per_day: 5, mode: 'hard' });
    expect((await ask(house, ada)).status).toBe(200);
    expect((await ask(house, bob)).status).toBe(402);
    // Nobody raises their own.
    expect((await house.ask('PATCH /api/settings/mine', { headers: ada, body: { budget: null } })).status).toBe(400);
    const { json } = await house.ask('GET /api/settings', { headers: ada });
    expect(json['budget']).toMatchObject({ usd_per_day: 5, left: [{ limit: 5 }] });
    // The owner is bounded only by what is set for them.
    expect((await ask(house)).status).toBe(200);
  });

  it('of people are seen by admins with what is left of them: of their own, of each, and none of the owner', async () => {
    const house = await openHouse();
    await set(house, { person_budget: { usd_per_day: 2, usd_per_month: 30 } });
    for (const email of ['ada@example.com', 'bob@example.com', '*@example.com'])
      await house.ask('POST /api/people', { headers: owner, body: { email } });
    const path = `PATCH /api/people/${house.people.idOf('bob@example.com')}`;
    await house.ask(path, { headers: owner, body: { budget: { usd_per_month: 9 } } });
    expect((await ask(house, await house.session('ada@example.com'))).status).toBe(200);
    const spent = await spentOf(house);
    expect(spent).toBeGreaterThan(0);
    await house.clock.advance(1_001);
    const { data } = peopleSchema.parse((await house.ask('GET /api/people', { headers: owner })).json);
    const left = Object.fromEntries(data.map((one) => [one.email ?? one.id, one.budget_left]));
    const of = (limit: number, used: number) =>
      expect.objectContaining({ limit, remaining: expect.closeTo(limit - used) });
    expect(left).toEqual({
      owner: null,
      '*@example.com': null,
      'ada@example.com': { usd_per_day: of(2, spent), usd_per_month: of(30, spent) },
      'bob@example.com': { usd_per_day: null, usd_per_month: of(9, 0) },
    });
  });
});

describe('alerts', () => {
  interface Received {
    readonly calls: UpstreamCall[];
    readonly house: House;
  }
  async function withReceiver(
    answers: (calls: number) => number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Received> {
    const calls: UpstreamCall[] = [];
    const others = (call: UpstreamCall): number => {
      calls.push(call);
      return answers(calls.length);
    };
    return { calls, house: await openHouse({ others, env: { ...GOOGLE, ...env } }) };
  }

  it('are signed, so that a receiver can tell them from forged ones', async () => {
    const { calls, house } = await withReceiver(() => 204);
    await set(house, { alerts: { webhook_url: 'https://hooks.example.com/x' } });
    const { json } = await house.ask('POST /api/settings/webhook-secret', { headers: owner });
    const sent = await house.ask('POST /api/alerts/test', { headers: owner });
    expect(sent.json['data']).toMatchObject([
      { kind: 'test', deliveries: [{ channel: 'webhook', state: 'delivered', attempts: 1 }] },
    ]);
    const [call] = calls;
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = call?.headers ?? {};
    const key = Buffer.from(String(json['secret']).slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key)
      .update(`${id}.${at}.${String(call?.body)}`)
      .digest('base64');
    expect(signature).toBe(`v1,${expected}`);
    expect(JSON.parse(String(call?.body))).toMatchObject({ type: 'test.alert', data: { subject: 'owner' } });
    // The secret itself lies sealed.
    const stored = JSON.stringify(await house.store.query('settings'));
    expect(stored).not.toContain(String(json['secret']));
  });

  it('are tried again until they arrive, and given up after a while with a word in the list', async () => {
    const { calls, house } = await withReceiver((number) => (number < 3 ? 503 : 200));
    await set(house, {
      alerts: { webhook_url: 'https://hooks.example.com/x' },
      budget: { usd_per_day: 0.001, mode: 'soft' },
    });
    await ask(house);
    await house.clock.advance(1);
    expect(calls).toHaveLength(1);
    expect((await alertsOf(house))[0]?.deliveries).toMatchObject([
      { state: 'pending', problem: expect.stringContaining('503') },
    ]);
    await house.clock.advance(2_000);
    await house.clock.advance(15_000);
    expect((await alertsOf(house))[0]?.deliveries).toMatchObject([{ state: 'delivered', attempts: 3 }]);
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('reach private addresses only from a server that serves its own machine alone', async () => {
    for (const allowPrivate of [true, false]) {
      const calls: UpstreamCall[] = [];
      const others = (call: UpstreamCall): number => calls.push(call) && 200;
      const house = await openHouse({ others, allowPrivate });
      await set(house, { alerts: { webhook_url: 'http://169.254.169.254/latest' } });
      await house.ask('POST /api/alerts/test', { headers: owner });
      // The upstream refuses what is not public, by the address that it connects to.
      expect(calls.map(({ publicOnly }) => publicOnly)).toEqual([!allowPrivate]);
    }
  });

  it('go out by mail, signed for SES, where a region is known', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'not-a-secret';
    const { calls, house } = await withReceiver(() => 200, { AWS_REGION: 'eu-central-1' });
    await set(house, { alerts: { email_to: ['ops@example.com'], email_from: 'freeway@example.com' } });
    const sent = await house.ask('POST /api/alerts/test', { headers: owner });
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    expect(sent.json['data']).toMatchObject([{ deliveries: [{ channel: 'email', state: 'delivered' }] }]);
    expect(calls[0]?.url).toBe('https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails');
    expect(calls[0]?.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d+\/eu-central-1\/ses\//,
    );
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({
      FromEmailAddress: 'freeway@example.com',
      Destination: { ToAddresses: ['ops@example.com'] },
    });
  });

  it('tell of unusual use: somebody who asks for far more than on their days before, once a day', async () => {
    const { house } = await withReceiver(() => 200);
    await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
    const ada = await house.session('ada@example.com');
    await house.chat(ada);
    const { people, store, clock } = house;
    const id = people.idOf('ada@example.com');
    for (let back = 1; back <= 10; back++) {
      const day = new Date(clock.now() - back * 86_400_000).toISOString().slice(0, 10);
      const rows = [id, 'other'].map((person) => ({ ...toRow(day, person), requests: 90 + back }));
      await store.put({ pk: 'usage-days', sk: day }, { rows: packRows(rows) });
    }
    await clock.advance(3_700_000);
    for (let asked = 0; asked < 299; asked++) await house.chat(ada, { max_tokens: 1 });
    expect(await alertsOf(house)).toEqual([]);
    await clock.advance(3_700_000);
    for (let asked = 0; asked < 10; asked++) await house.chat(ada, { max_tokens: 1 });
    await clock.advance(2_000);
    const alerts = (await alertsOf(house)).filter(({ kind }) => kind === 'unusual_use');
    expect(alerts).toMatchObject([{ subject: 'ada@example.com', text: expect.stringContaining('requests today') }]);
  });
});
