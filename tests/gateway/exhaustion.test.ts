// What callers are told when nobody answered: how those who were asked failed, what the others lack, and what to do next.
import { describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import { createWorld, toEntry } from './harness.ts';

const noWait = { freeway: { max_wait_ms: 0 } };
const failing = (fault: string) => ({ models: [{ id: 'm1', fault }] });

it('names in headers come whole, whoever gave them, of answers and of failures', async () => {
  const entries = [toEntry('alpha', { name: 'Büro 我的' }), toEntry('beta', { name: '100 %', priority: 5 })];
  const world = await createWorld({
    providers: [
      { name: 'alpha', models: [{ id: 'm1' }] },
      { name: 'beta', ...failing('500') },
    ],
    entries,
  });
  const nameIn = ({ headers }: { readonly headers: Headers }) => headers['x-freeway-credential'] ?? '';
  const served = nameIn(await world.ask(noWait));
  const refused = nameIn(await world.ask({ freeway: { ...noWait.freeway, providers: { only: ['100 %'] } } }));
  expect([served, refused]).toEqual(['B%C3%BCro %E6%88%91%E7%9A%84', '100 %25']);
  expect([served, refused].map(decodeURIComponent)).toEqual(['Büro 我的', '100 %']);
});

describe('the message', () => {
  it('counts how those who were asked failed', async () => {
    const world = await createWorld({
      providers: [
        { name: 'alpha', ...failing('500') },
        { name: 'beta', ...failing('503') },
        { name: 'gamma', ...failing('500') },
      ],
    });
    const reply = await world.ask(noWait);
    expect(reply.status).toBe(502);
    expect(reply.error()?.message).toBe(
      '3 attempts failed: 2 overloaded (500), 1 overloaded (503). Try again, or add another provider key.',
    );
  });

  it('says beside them what those lack who were not asked', async () => {
    const world = await createWorld({
      providers: [
        { name: 'alpha', ...failing('500') },
        { name: 'beta', models: [{ id: 'm1' }] },
      ],
      entries: [toEntry('alpha'), toEntry('beta', { tier: 'paid' })],
    });
    const reply = await world.ask({ freeway: { max_wait_ms: 0, tier: 'free' } });
    expect(reply.error()?.message).toBe(
      '1 attempt failed: 1 overloaded (500). Of those that were meant: 1 failed for this request, 1 not free, and paying is not allowed here. Try again, or add another provider key.',
    );
    expect(reply.error()).toMatchObject({
      attempts: [{ failure: 'overloaded', status: 500 }],
      why: { code: 'nobody', against: { already_tried: 1, paid_not_allowed: 1 }, missing: [] },
    });
  });

  it('names the credentials whose keys their providers refuse, also while they rest for it', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', ...failing('bad-key') }] });
    const refused = await world.ask(noWait);
    const advice =
      'The provider refuses the key of "alpha": check it, and replace it under Providers or where it is configured.';
    expect(refused.status).toBe(502);
    expect(refused.error()?.message).toContain(`1 attempt failed: 1 bad credential (401).`);
    expect(refused.error()?.message).toContain(advice);
    expect(refused.error()?.message).not.toContain('Try again');
    expect(refused.error()).toMatchObject({ why: { code: 'nobody', refused_keys: ['alpha'] } });
    const later = await world.ask(noWait);
    expect(later.error()?.message).toContain(advice);
    expect(later.error()).toMatchObject({ attempts: [], why: { against: { resting: 1 }, refused_keys: ['alpha'] } });
  });

  it('tells whom it asks for by a name that nobody bears', async () => {
    const world = await createWorld({
      providers: [
        { name: 'alpha', models: [{ id: 'm1' }] },
        { name: 'beta', models: [{ id: 'm1' }] },
      ],
    });
    const ask = async (only: readonly string[]) =>
      (await world.ask({ model: 'm1', freeway: { providers: { only } } })).error();
    expect((await ask(['delta', 'gamma']))?.message).toBe(
      'No model can serve this request. Of those that were meant: 2 excluded by the request. No provider or credential here is called "delta", "gamma"; there are "openai-compatible", "alpha", "beta". Change the request or its limits, or add a provider key.',
    );
    expect(await ask(['alpha', 'gamma'])).toBeNull();
    // In another case where nobody bears it as it is written.
    expect(await ask(['Beta'])).toBeNull();
  });

  it('names the field of the request that a provider finds fault with', async () => {
    const message = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.";
    const error = { message, type: 'invalid_request_error', param: 'temperature', code: 'decimal_above_max_value' };
    const fault = { kind: 'raw', status: 400, headers: {}, body: JSON.stringify({ error }) } as const;
    const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1', fault }], keepRequests: 9 }] });
    const reply = await world.ask({ model: 'm1', temperature: 3 });
    expect([reply.status, reply.error()]).toMatchObject([
      400,
      { param: 'temperature', message: `The provider answered: ${message}` },
    ]);
    expect(world.providers['alpha']?.received()).toHaveLength(1);
  });

  it('names no key for a limit', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', ...failing('429') }] });
    for (const reply of [await world.ask(noWait), await world.ask(noWait)])
      expect(reply.error()).not.toMatchObject({ why: { refused_keys: expect.anything() } });
  });

  it.each([
    ['documents', { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }],
    ['audio', { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }],
  ])('names the capability that nobody has: %s', async (capability, part) => {
    const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1' }] }] });
    const reply = await world.ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }] });
    expect(reply.status).toBe(422);
    expect(reply.error()?.message).toContain(`1 without a capability that the request needs (${capability}).`);
    expect(reply.error()).toMatchObject({
      why: { code: 'nobody', against: { lacks_capability: 1 }, missing: [capability] },
    });
  });
});

describe('the reason, for pages that say it in words of their own', () => {
  it('tells whose quota it was, how much of it is left, and what the request may take', async () => {
    const world = await createWorld({
      providers: [{ name: 'alpha', models: [{ id: 'm1' }] }],
      toStore: (store) => {
        const settings = { quota: { requests_per_day: 1 } };
        void store.put({ pk: 'settings', sk: 'installation' }, { json: JSON.stringify(settings), v: 1 });
        return store;
      },
    });
    expect((await world.ask()).status).toBe(200);
    const refused = await world.ask();
    expect(refused.error()).toMatchObject({
      code: 'rate_limited',
      why: { code: 'quota', whose: 'everybody', unit: 'requests', per: 'day', max: 1, left: 0 },
    });
  });

  it('tells the bound on cost that stood in the way', async () => {
    const price = { inputPerMillionUsd: 1_000, outputPerMillionUsd: 1_000 };
    const world = await createWorld({
      providers: [{ name: 'alpha', models: [{ id: 'm1' }] }],
      entries: [toEntry('alpha', { tier: 'paid', models: [{ id: 'm1', price }] })],
    });
    const refused = await world.ask({ freeway: { max_wait_ms: 0, max_cost_usd: 0.000_01 } });
    expect(refused.error()).toMatchObject({
      code: 'budget_exceeded',
      why: { code: 'nobody', against: { over_budget: 1 }, max_cost_usd: 0.000_01 },
    });
  });
});

describe('a conversation that is too long', () => {
  const messages = [{ role: 'user', content: 'words of a long talk '.repeat(3_000) }];
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
  const named = (name: string, model: object) =>
    toEntry(name, { models: [{ id: 'm1', kind: 'chat', context: 8_000, size: 'large', ...model }] });
  const open = () =>
    createWorld({
      providers: ['alpha', 'beta', 'gamma'].map((name) => ({ name, models: [{ id: 'm1' }] })),
      entries: [
        named('alpha', { capabilities: ['tools'] }),
        named('beta', { context: 200_000 }),
        named('gamma', { context: 200_000, capabilities: ['tools'] }),
      ],
    });
  const freeway = { providers: { ignore: ['gamma'] } };

  it('is told as that where the others could not serve it however short', async () => {
    const reply = await (await open()).ask({ model: 'auto', messages, tools, freeway });
    expect([reply.status, reply.error()?.code]).toEqual([400, 'context_length_exceeded']);
  });
  it('is told in the words by which agents of the Anthropic format know it', async () => {
    const body = {
      model: 'auto',
      max_tokens: 50,
      messages,
      tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
      freeway,
    };
    const reply = await (await open()).ask(body, {}, '/v1/messages');
    expect(reply.status).toBe(400);
    expect(reply.error()).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringMatching(/^prompt is too long: The request is too long for every model/),
    });
  });
  it('is no such thing where nobody could serve it for other reasons', async () => {
    const reply = await (await open()).ask({ model: 'auto', messages, freeway: { providers: { only: ['nobody'] } } });
    expect([reply.status, reply.error()?.code]).toEqual([422, 'no_candidate']);
  });
});
