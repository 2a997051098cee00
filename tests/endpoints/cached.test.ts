import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplyCache, toCacheKey, type KeptReply } from '#lambda/gateway/cache.ts';
import { createKeeping } from '#lambda/endpoints/cached-replies.ts';
import type { Endpoint, EndpointDeps, Visit } from '#lambda/endpoints/endpoint.ts';
import { readTtlSeconds } from '#lambda/gateway/cache-wish.ts';
import type { Headers } from '#lambda/ports.ts';
import { logFields } from '#lambda/ports-telemetry.ts';
import type { UsageRecord } from '#shared/api/usage.ts';
import { createHouse, owner, type Answer, type House } from '../people/house.ts';

const cached = { 'x-freeway-cache': '60' };
const served = ({ provider }: House): number =>
  provider
    .books()
    .lines()
    .reduce((sum, line) => sum + line.served, 0);
const stateOf = ({ headers }: Answer): string | undefined => headers['x-freeway-cache'];

describe('the response cache', () => {
  it('answers the same request of the same asker from memory, asking nobody, and says so', async () => {
    const house = await createHouse();
    const first = await house.chat({ ...owner, ...cached });
    const second = await house.chat({ ...owner, ...cached });
    expect([first.status, stateOf(first), second.status, stateOf(second)]).toEqual([200, 'miss', 200, 'hit']);
    expect(second.text).toBe(first.text);
    expect(second.headers['x-freeway-request-id']).not.toBe(first.headers['x-freeway-request-id']);
    for (const { headers } of [first, second]) expect(headers['x-request-id']).toBe(headers['x-freeway-request-id']);
    expect(second.headers['x-freeway-route']).toBe(first.headers['x-freeway-route']);
    expect(second.headers['x-freeway-cost-usd']).toBe('0');
    expect(served(house)).toBe(1);
    const { json } = await house.ask('GET /api/usage/records', { headers: owner });
    expect(json['data']).toMatchObject([{ cached: true, cost_usd: 0, input_tokens: 0 }, { outcome: 'ok' }]);
  });

  it('tells nothing of a hit that was true of the first answer alone: how it was come by, how fast, in which experiment', async () => {
    const house = await createHouse();
    house.provider.script(['503', '503', 'ok']);
    const first = await house.chat({ ...owner, ...cached });
    const second = await house.chat({ ...owner, ...cached });
    expect([stateOf(second), Number(first.headers['x-freeway-attempts']) > 1]).toEqual(['hit', true]);
    expect(first.headers['x-freeway-trail']).toBeDefined();
    expect([second.headers['x-freeway-attempts'], second.headers['x-freeway-trail']]).toEqual(['0', undefined]);
    const { json } = await house.ask('GET /api/usage/records', { headers: owner });
    const [hit, miss] = json['data'] as Record<string, unknown>[];
    expect(miss).toHaveProperty('first_content_ms');
    for (const name of ['first_content_ms', 'cost_estimated', 'experiment', 'arm'])
      expect(hit).not.toHaveProperty(name);
  });

  it('is told in the log by the same fields as other answers', async () => {
    const lines: object[] = [];
    const house = await createHouse({ onInfo: (event, fields = {}) => void lines.push({ event, ...fields }) });
    await house.chat({ ...owner, ...cached });
    await house.chat({ ...owner, ...cached });
    const [first, second] = lines.filter((line) => 'outcome' in line);
    expect(first).toMatchObject({ event: 'request', 'gen_ai.operation.name': 'chat', outcome: 'ok' });
    expect(second).toMatchObject({ event: 'request', 'gen_ai.operation.name': 'chat', outcome: 'cached' });
    const known: readonly string[] = ['event', ...logFields];
    expect(Object.keys(second ?? {}).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('takes the wish from the body too, for streams as for whole answers', async () => {
    const house = await createHouse();
    const body = { stream: true, freeway: { cache: { ttl_seconds: 60 } } };
    const first = await house.chat(owner, body);
    const second = await house.chat(owner, body);
    expect([stateOf(first), stateOf(second)]).toEqual(['miss', 'hit']);
    expect(second.text).toContain('[DONE]');
    expect(second.text).toBe(first.text);
    expect(served(house)).toBe(1);
  });

  it('keeps nothing of requests that do not ask for it, and nothing for longer than asked', async () => {
    const house = await createHouse();
    expect(stateOf(await house.chat(owner))).toBeUndefined();
    expect(stateOf(await house.chat(owner))).toBeUndefined();
    await house.chat({ ...owner, ...cached });
    await house.clock.advance(61_000);
    expect(stateOf(await house.chat({ ...owner, ...cached }))).toBe('miss');
    expect(served(house)).toBe(4);
  });

  it('says of a refusal neither that it was kept nor that it will be', async () => {
    const house = await createHouse();
    const refused = await house.chat({ ...owner, ...cached }, { model: 'nope' });
    expect([refused.status, stateOf(refused)]).toEqual([404, undefined]);
  });

  it.each(['0', 'x', '1.5', '86401'])('refuses %s seconds', async (seconds) => {
    const house = await createHouse();
    const { status, message } = await house.chat({ ...owner, 'x-freeway-cache': seconds });
    expect(status).toBe(400);
    expect(message).toContain('x-freeway-cache is wrong');
  });

  it.each([
    ['500', 500],
    ['cut', 200],
  ])('keeps nothing of what failed or broke off: %s', async (fault, least) => {
    const house = await createHouse({
      spec: {
        models: [
          { id: 'm1', fault },
          { id: 'm2', fault },
        ],
      },
    });
    const asked = { ...owner, ...cached, 'x-freeway-max-wait-ms': '0' };
    const first = await house.chat(asked, { stream: true });
    expect(first.status).toBeGreaterThanOrEqual(least);
    expect(first.text).toContain('error');
    expect(stateOf(await house.chat(asked, { stream: true }))).not.toBe('hit');
  });

  it('never gives one asker what another was told', async () => {
    const house = await createHouse({ env: { GOOGLE_CLIENT_ID: 'x', ALLOWED_EMAILS: '*@example.com' } });
    const askers: Headers[] = [owner];
    for (const email of ['ann@example.com', 'bob@example.com']) askers.push(await house.session(email));
    for (let key = 0; key < 2; key++) askers.push((await house.key()).headers);
    const states = [];
    for (const asker of [...askers, ...askers]) states.push(stateOf(await house.chat({ ...asker, ...cached })));
    expect(states).toEqual([...askers.map(() => 'miss'), ...askers.map(() => 'hit')]);
    expect(served(house)).toBe(askers.length);
  });
});

describe('what a cached request is', () => {
  const text = fc.string({ maxLength: 6 });
  const request = fc.record({
    asker: fc.array(text, { minLength: 1, maxLength: 2 }),
    target: text,
    accept: text,
    body: fc.uint8Array({ maxLength: 6 }),
  });
  const keyOf = ({ accept, ...rest }: { asker: string[]; target: string; accept: string; body: Uint8Array }): string =>
    toCacheKey({ ...rest, headers: { accept, 'user-agent': String(Math.PI) } });

  it('is equal only when asker, target, headers that matter and every byte are', () => {
    fc.assert(
      fc.property(request, request, (a, b) => {
        const same = JSON.stringify([a, [...a.body]]) === JSON.stringify([b, [...b.body]]);
        expect(keyOf(a) === keyOf(b)).toBe(same);
        expect(keyOf(a)).toBe(keyOf({ ...a, body: a.body.slice() }));
      }),
    );
  });

  it.each([
    [{}, '{"freeway":{"cache":{"ttl_seconds":5}}}', 5],
    [{ 'x-freeway-cache': '7' }, '{}', 7],
    [{ 'x-freeway-cache': '7' }, '{"freeway":{"cache":{"ttl_seconds":5}}}', 5],
    [{}, '{"messages":[{"content":"\\"ttl_seconds\\""}]}', null],
    [{}, '{"ttl_seconds":5}', null],
    [{}, '{"freeway":null}', null],
    [{}, '{"freeway":{"cache":null}}', null],
    [{}, '{"freeway":{"cache":5}}', null],
    [{}, '"text"', null],
    [{}, '[]', null],
    [{}, 'null', null],
    [{ 'x-freeway-cache': '-1' }, '{}', null],
  ])('%j %s: %s', (headers, body, seconds) => {
    expect(readTtlSeconds(headers as Headers, JSON.parse(body))).toBe(seconds);
  });
});

describe('the memory of replies', () => {
  it('has a reply as soon as its asker has it, whatever is still to be settled', async () => {
    const told: string[] = [];
    const note = (chunk?: Uint8Array | string): void => void told.push(Buffer.from(chunk ?? '').toString());
    const reply = (_: number, headers: Headers): object => {
      told.push(headers['x-freeway-cache'] ?? '');
      return { write: note, drained: async () => undefined, end: note };
    };
    const exchange = { path: '/v1/chat/completions', query: '', headers: {}, reply };
    const visit = { exchange, requestId: 'r', startedAtMs: 0, principal: { id: 'p', key: null } } as unknown as Visit;
    const settling = Promise.withResolvers<void>();
    const endpoint: Endpoint = async ({ exchange: asked, onRecord }) => {
      asked.reply(200, {}).end('the answer');
      onRecord?.({ outcome: 'ok', operation: 'chat', request_id: 'r' } as UsageRecord);
      await settling.promise;
    };
    const nothing = (): void => undefined;
    const deps = { clock: { now: () => 0 }, log: { info: nothing }, metrics: { count: nothing } };
    const answer = createKeeping(deps as unknown as EndpointDeps);
    const asked = { endpoint, visit, document: { json: {}, bytes: Buffer.from('{}'), fields: null }, ttlSeconds: 60 };
    const both = [answer(asked), answer(asked)];
    settling.resolve();
    await Promise.all(both);
    expect(told).toEqual(['miss', 'the answer', 'hit', 'the answer', '']);
  });

  const replyOf = (length: number): KeptReply =>
    ({ status: 200, headers: {}, chunks: [new Uint8Array(length)], record: {} }) as unknown as KeptReply;

  it('holds no more than fits: what was used longest ago goes first, and what is too large is not taken', () => {
    const cache = createReplyCache(20_000);
    for (const key of ['a', 'b', 'c']) cache.put(key, replyOf(3_000), 100);
    expect(cache.get('a', 0)).not.toBeNull();
    cache.put('d', replyOf(8_000), 100);
    expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key, 0) !== null)).toEqual(['a', 'd']);
    cache.put('e', replyOf(30_000), 100);
    expect(cache.get('e', 0)).toBeNull();
    expect(cache.get('a', 100)).toBeNull();
  });
});
