// The simulated provider judged in virtual time: limits by the clock, headers and words of each dialect, books that add up.
import { describe, expect, it } from 'vitest';
import type { DialectId } from '#shared/catalog.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import type { FakeLimit, FakeProviderSpec, ReplyPlan } from '../fakes/provider/spec.ts';

const start = Date.UTC(2026, 10, 21, 12, 0, 30);
const model = { id: 'm', ttftMs: 100, tokensPerSecond: 100 };

function setUp(spec: Partial<FakeProviderSpec>) {
  const clock = createFakeClock(start);
  return { clock, provider: createFakeProvider({ name: 'one', models: [model], keepEvents: 1000, ...spec }, clock) };
}
function send(provider: FakeProvider, more: Record<string, unknown> = {}, key = 'k'): ReplyPlan {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello there, friend.' }], ...more });
  const headers = { authorization: `Bearer ${key}` };
  return provider.handle({ method: 'POST', path: '/v1/chat/completions', headers, body });
}
function bodyOf(plan: ReplyPlan): unknown {
  return JSON.parse(plan.chunks.map(({ bytes }) => new TextDecoder().decode(bytes)).join(''));
}
const rpm = (max: number, clock: FakeLimit['clock']): FakeLimit => ({ models: ['*'], unit: 'requests', max, clock });
const tokens = (max: number, seconds = 60): FakeLimit => ({
  models: ['*'],
  unit: 'tokens',
  max,
  clock: { kind: 'refill', seconds },
});
/** 9 tokens: five for twenty characters, four for the message. */
const promptTokens = 9; // prettier-ignore

describe('admission', () => {
  it.each([
    ['fixed', { kind: 'fixed', seconds: 60 }, 29_999, 30_000, 4],
    ['sliding', { kind: 'sliding', seconds: 60 }, 59_999, 60_000, 3],
    ['refill', { kind: 'refill', seconds: 60 }, 19_999, 20_000, 4],
    ['calendar', { kind: 'calendar', every: 'day', zone: 'UTC' }, 12 * 3_600_000 - 30_001, 12 * 3_600_000 - 30_000, 3],
  ] as const)('%s: three pass, the fourth only when the clock allows', async (...row) => {
    const [, clockKind, early, late, mostInAMinute] = row;
    const { clock, provider } = setUp({ limits: [rpm(3, clockKind)] });
    expect([1, 2, 3, 4].map(() => send(provider).status)).toEqual([200, 200, 200, 429]);
    await clock.advance(early);
    expect(send(provider).status).toBe(429);
    await clock.advance(late - early);
    expect(send(provider).status).toBe(200);
    expect(provider.books().total()).toMatchObject({ accepted: 4, limited: 2, sent429: 2 });
    expect(provider.books().maxInAnyWindow(60_000)).toBe(mostInAMinute);
  }); // prettier-ignore

  it('counts prompt plus max_tokens on entry, then what was used', () => {
    const { clock, provider } = setUp({ limits: [tokens(1000)], countsMaxTokens: true, dialect: 'groq' });
    const first = send(provider, { max_tokens: 900 });
    expect(first.status).toBe(200);
    const refused = send(provider, { max_tokens: 900 });
    const wait = ((909 + 909 - 1000) / (1000 / 60)).toFixed(3);
    expect(refused.status).toBe(429);
    expect(bodyOf(refused)).toMatchObject({
      error: { type: 'tokens', message: expect.stringContaining(`Limit 1000, Used 909, Requested 909. Please try again in ${Number(wait)}s`) },
    });
    first.close('ended');
    expect(send(provider, { max_tokens: 900 }).status).toBe(200);
    expect(send(provider, { max_tokens: 1000 }).status).toBe(413);
    expect(clock.now()).toBe(start);
  }); // prettier-ignore

  it('gives a failed call back, unless it counts failures', () => {
    for (const countsFailed of [false, true]) {
      const { provider } = setUp({ limits: [rpm(1, { kind: 'sliding', seconds: 60 })], countsFailed });
      provider.script(['503']);
      send(provider).close('ended');
      expect(send(provider).status).toBe(countsFailed ? 429 : 200);
    }
  });

  it('lets as many run at once as it says', () => {
    const { provider } = setUp({ limits: [{ models: ['*'], unit: 'concurrent', max: 2, clock: { kind: 'held' } }] });
    const plans = [send(provider), send(provider)];
    expect(send(provider).status).toBe(429);
    plans[0]?.close('abandoned');
    expect(send(provider).status).toBe(200);
    expect(provider.books().total()).toMatchObject({ maxConcurrent: 2, abandoned: 1 });
  });

  it('counts what others use', async () => {
    const foreignTraffic = (from: number, to: number) => (to > from ? [{ key: 'k', model: 'm', requests: 2, tokens: 0 }] : []);
    const { clock, provider } = setUp({ limits: [rpm(3, { kind: 'sliding', seconds: 60 })], foreignTraffic });
    await clock.advance(1);
    expect([send(provider).status, send(provider).status]).toEqual([200, 429]);
  }); // prettier-ignore

  it('keeps keys apart and knows which are valid', () => {
    const { provider } = setUp({ keys: ['a', 'b'], limits: [rpm(1, { kind: 'sliding', seconds: 60 })] });
    expect(['a', 'b', 'a', 'c'].map((key) => send(provider, {}, key).status)).toEqual([200, 200, 429, 401]);
    expect(provider.books().line('c', '').refused).toEqual({ bad_key: 1 });
  });
});

describe('what it answers', () => {
  it('reports the tokens it counts, and bounds the output', () => {
    const { provider } = setUp({ answer: 'lorem' });
    const plan = send(provider, { max_tokens: 7 });
    expect(bodyOf(plan)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { prompt_tokens: promptTokens, completion_tokens: 7, total_tokens: promptTokens + 7 },
    });
    plan.close('ended');
    expect(bodyOf(send(setUp({}).provider, { max_tokens: 3 }))).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    expect(provider.books().total()).toMatchObject({ inputTokens: promptTokens, outputTokens: 7, served: 1 });
  }); // prettier-ignore

  it('satisfies a schema, sees images, calls tools, reads their results, thinks when asked', () => {
    const { provider } = setUp({ models: [{ ...model, reasoning: true }] });
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, kind: { enum: ['a', 'b'] }, list: { type: 'array', items: { $ref: '#/$defs/n' } } },
      $defs: { n: { type: 'integer', minimum: 3 } },
    };
    const content = (more: Record<string, unknown>): unknown => {
      const [choice] = (bodyOf(send(provider, more)) as { choices: { message: { content: string } }[] }).choices;
      return choice?.message.content;
    };
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    expect(JSON.parse(String(content({ response_format: format })))).toEqual({ city: 'simulated', kind: 'a', list: [3] });
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    expect(content({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, image] }] })).toMatch(/^I see 1 image\. /);
    const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: { a: { type: 'number' } } } } }];
    const call = { message: { tool_calls: [{ function: { name: 'add', arguments: '{"a":1}' } }] }, finish_reason: 'tool_calls' };
    expect(bodyOf(send(provider, { tools, tool_choice: 'required' }))).toMatchObject({ choices: [call] });
    const result = { role: 'tool', tool_call_id: 'c', content: '42' };
    expect(content({ tools, messages: [{ role: 'user', content: 'call tool add' }, result] })).toBe('The tool answered: 42');
    expect(bodyOf(send(provider, { reasoning_effort: 'low' }))).toMatchObject({
      choices: [{ message: { reasoning_content: expect.stringContaining('Thinking') } }],
    });
  }); // prettier-ignore

  it('takes as long as its speed says', () => {
    const { provider } = setUp({ answer: 'lorem' });
    expect(send(provider, { max_tokens: 50 }).headDelayMs).toBeCloseTo(100 + 500);
    const stream = send(provider, { max_tokens: 50, stream: true });
    expect(stream.headDelayMs).toBe(100);
    const total = stream.chunks.reduce((sum, { delayMs }) => sum + delayMs, 0);
    expect(total).toBeGreaterThan(450);
    expect(total).toBeLessThan(500);
  });
});

describe('dialects', () => {
  const limits = (unit: FakeLimit['unit'] = 'requests'): FakeLimit[] => [
    { models: ['*'], unit, max: 2, clock: { kind: 'refill', seconds: 60 } },
    { models: ['*'], unit, max: 1000, clock: { kind: 'refill', seconds: 86_400 } },
    { models: ['*'], unit: 'tokens', max: 9000, clock: { kind: 'refill', seconds: 60 } },
  ];
  const exhausted = (dialect: DialectId): ReplyPlan[] => {
    const { provider } = setUp({ dialect, limits: limits() });
    return [send(provider), send(provider), send(provider)];
  };

  it.each([
    ['openai', { 'x-ratelimit-limit-requests': '2', 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '30s', 'x-ratelimit-limit-tokens': '9000', 'x-ratelimit-remaining-tokens': '8991', 'x-ratelimit-reset-tokens': '60ms' }],
    ['groq', { 'x-ratelimit-limit-requests': '1000', 'x-ratelimit-remaining-requests': '999', 'x-ratelimit-reset-requests': '1m26.4s', 'x-ratelimit-limit-tokens': '9000' }],
    ['cerebras', { 'x-ratelimit-limit-requests-minute': '2', 'x-ratelimit-reset-requests-minute': '30', 'x-ratelimit-remaining-requests-day': '999', 'x-ratelimit-reset-tokens-minute': '0.06' }],
    ['sambanova', { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-remaining-requests-day': '999' }],
    ['mistral', { 'x-ratelimit-limit-req-minute': '2', 'x-ratelimit-remaining-req-minute': '1', 'x-ratelimit-remaining-tokens-minute': '8991' }],
    ['anthropic', { 'anthropic-ratelimit-requests-remaining': '1', 'anthropic-ratelimit-requests-reset': '2026-11-21T12:01:00Z' }],
    ['cohere', { 'x-trial-endpoint-call-limit': '2', 'x-trial-endpoint-call-remaining': '1' }],
  ] as const)('%s: headers of an answer', (dialect, headers) => {
    expect(exhausted(dialect)[0]?.headers).toMatchObject(headers);
  }); // prettier-ignore

  it.each(['gemini', 'openrouter', 'generic'] as const)('%s: an answer tells nothing of limits', (dialect) => {
    expect(Object.keys(exhausted(dialect)[0]?.headers ?? {})).toEqual(['content-type']);
  });

  it.each([
    ['openai', { error: { code: 'rate_limit_exceeded', type: 'requests' } }, '30'],
    ['groq', { error: { code: 'rate_limit_exceeded', message: expect.stringContaining('on requests per minute (RPM): Limit 2, Used 2, Requested 1. Please try again in 30s') } }, '30'],
    ['cerebras', { type: 'too_many_requests_error', param: 'quota', code: 'request_quota_exceeded' }, '30'],
    ['mistral', { object: 'error', type: 'rate_limited', code: '1300' }, undefined],
    ['openrouter', { error: { code: 429, metadata: { headers: { 'X-RateLimit-Limit': '2', 'X-RateLimit-Reset': String(start + 60_000) } } } }, undefined],
    ['gemini', [{ error: { status: 'RESOURCE_EXHAUSTED', details: [{ violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier', quotaValue: '2' }] }, { retryDelay: '30s' }] } }], undefined],
    ['generic', { error: { code: 'rate_limit_exceeded' } }, '30'],
  ] as const)('%s: the refusal of a limit', (dialect, body, retryAfter) => {
    const plan = exhausted(dialect)[2]!;
    expect(plan.status).toBe(429);
    expect(bodyOf(plan)).toMatchObject(body);
    expect(plan.headers['retry-after']).toBe(retryAfter);
  }); // prettier-ignore

  it('gemini lies about daily quotas, as the real one does', () => {
    const day: FakeLimit = rpm(1, { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' });
    const { provider } = setUp({ dialect: 'gemini', limits: [day] });
    send(provider);
    expect(bodyOf(send(provider))).toMatchObject([
      { error: { details: [{ violations: [{ quotaId: expect.stringContaining('PerDay') }] }, { retryDelay: '48s' }] } },
    ]);
  });

  it.each([
    ['gemini', 400, 'API_KEY_INVALID'],
    ['openai', 401, 'invalid_api_key'],
    ['mistral', 401, 'invalid_api_key'],
  ] as const)('%s: an invalid key', (dialect, status, words) => {
    const { provider } = setUp({ dialect, keys: ['right'] });
    const plan = send(provider, {}, 'wrong');
    expect(plan.status).toBe(status);
    expect(JSON.stringify(bodyOf(plan))).toContain(words);
  });
});
