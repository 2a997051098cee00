import { describe, expect, it } from 'vitest';
import type { DialectId } from '#shared/catalog.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import { dialects } from '#lambda/wire/index.ts';
import type { HttpReply } from '#lambda/wire/types.ts';
import { expectedFailures } from './dialect-table.ts';
import { nowMs, reportedFailures, said } from './dialect-cases.ts';
import { recorded } from './recorded.ts';

function failure(dialect: DialectId, reply: Omit<Partial<HttpReply>, 'body'> & { body?: unknown }): ProviderFailure {
  const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
  return dialects[dialect].parseFailure({ status: reply.status ?? 400, headers: reply.headers ?? {}, body }, nowMs);
}

describe('recorded errors', () => {
  const errors = recorded.filter(({ reply }) => reply.status >= 400);
  it('has an expectation for each', () => {
    expect(errors.map(({ name }) => name)).toEqual(Object.keys(expectedFailures).sort());
  });
  it.each(errors)('$name', ({ name, dialect, reply }) => {
    const { message, status, ...told } = dialects[dialect].parseFailure(reply, nowMs);
    expect(told).toEqual(expectedFailures[name]);
    expect(status).toBe(reply.status);
    expect(message).not.toMatch(/org[-_]\w|00000000-|test-con|invalid-key|fake-project/);
    expect(message.length).toBeGreaterThan(5);
    expect(message.length).toBeLessThanOrEqual(300);
  });
});

describe('parseFailure', () => {
  it.each(reportedFailures)('understands %s (%s)', (_, dialect, reply, expected) => {
    const { message, status, ...told } = failure(dialect, reply);
    expect(told).toEqual(expected);
    expect(status).toBe(reply.status);
    expect(message).not.toMatch(/org_0|sk-abc|<html/);
  });

  it.each([
    ['rate_limited', { code: 'rate_limit_exceeded', message: 'Too fast.' }],
    ['rate_limited', { type: 'rate_limit_error', message: 'Too fast.' }],
    ['rate_limited', { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded.' }],
    ['rate_limited', { code: 400, status: 'RESOURCE_EXHAUSTED', message: 'Resource has been exhausted.' }],
    ['rejected', { type: 'invalid_request_error', message: 'The tool rate_limit_exceeded has no description.' }],
  ])('a gateway that calls a limit a mistake of the caller: %s for %j', (kind, error) => {
    expect(failure('generic', { status: 400, body: { error } }).kind).toBe(kind);
    expect(failure('generic', { status: 422, body: error }).kind).toBe(kind);
  });

  it('a limit that AWS tells as a mistake of the caller is a limit behind a gateway, too', () => {
    const body = { __type: 'ThrottlingException', message: 'Too many requests, please wait before trying again.' };
    expect(failure('generic', { status: 400, body })).toMatchObject({ kind: 'rate_limited', covers: 'model' });
  });

  it.each([
    ['seconds', { 'retry-after': '12' }, 12_000],
    ['fractions', { 'retry-after': '0.5' }, 500],
    ['milliseconds', { 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    ['milliseconds of nothing', { 'retry-after-ms': '0', 'retry-after': '1' }, 1000],
    ['a date', { 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
    ['a date gone by', { 'retry-after': 'Sat, 21 Nov 2026 11:00:30 GMT' }, 0],
    ['a duration', { 'retry-after': '1m30s' }, 90_000],
    ['an epoch', { 'retry-after': String(nowMs / 1000 + 5) }, 5000],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['too far', { 'retry-after': '999999999' }, undefined],
    ['nothing', {}, undefined],
  ])('reads a Retry-After of %s', (_, headers, expected) => {
    expect(failure('generic', { status: 429, headers: headers as Record<string, string> }).retryAfterMs).toBe(expected);
    expect(failure('generic', { status: 503, headers: headers as Record<string, string> }).retryAfterMs).toBe(expected);
    expect(
      failure('generic', { status: 401, headers: headers as Record<string, string> }).retryAfterMs,
    ).toBeUndefined();
  });

  it.each<readonly [object, Record<string, string>, number | undefined]>([
    [said('Slow down.', { retry_after: 12 }), {}, 12_000],
    [said('Slow down.', { retry_after: '2m59.56s' }), {}, 179_560],
    [said('Slow down.', { retryAfterMs: 250 }), {}, 250],
    [said('Slow down.', { metadata: { retry_after_seconds: 7 } }), {}, 7_000],
    [{ detail: 'Too many requests', retry_after: 3 }, {}, 3_000],
    [
      said('x', { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.07s' }] }),
      {},
      34_070,
    ],
    [said('Please try again in about 20s.'), {}, 20_000],
    [said('Slow down.', { retry_after: 12 }), { 'retry-after': '3' }, 3_000],
    [said('x'), { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, 30_000],
    [said('x'), { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs / 1000 + 40) }, 40_000],
    [said('x'), { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '0.5' }, 500],
    [said('x'), { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '86400' }, undefined],
    [said('x', { retry_after: 'soon', retry_after_ms: null }), {}, undefined],
  ])('finds the wait in %j and %j', (body, headers, expected) => {
    expect(failure('generic', { status: 429, headers, body }).retryAfterMs).toBe(expected);
  });

  it.each([
    ["Unsupported parameter: 'logprobs' is not supported with this model.", 'logprobs'],
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
    ],
    ['Unrecognized request argument supplied: metadata', 'metadata'],
    ["property 'reasoning_effort' is unsupported, did you mean 'reasoning_format'?", 'reasoning_effort'],
    [
      "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning' is unsupported, did you mean 'role'?)]",
      'messages[].reasoning',
    ],
    ['`messages[3].reasoning`: reasoning is not supported with this model', 'messages[].reasoning'],
    ['Argument not supported on this model: presencePenalty', 'presence_penalty'],
    ['unknown field `service_tier`, expected one of `model`, `messages`', 'service_tier'],
    ['json: unknown field "store"', 'store'],
    ["Additional properties are not allowed ('seed' was unexpected)", 'seed'],
    ['top_k: Extra inputs are not permitted', 'top_k'],
    ['`logit_bias` is not supported', 'logit_bias'],
    ['Invalid JSON payload received. Unknown name "strict" at \'tools[0].function\': Cannot find field.', undefined],
    ['Invalid JSON payload received. Unknown name "topA" at \'generation_config\': Cannot find field.', undefined],
    ["Unsupported parameter: 'messages' is not supported with this model.", undefined],
    ['Unknown parameter: model', undefined],
    ["'messages.2' : property 'content' is unsupported", undefined],
    ['Invalid value for temperature: 7', undefined],
  ])('finds the field in %j', (message, field) => {
    expect(failure('generic', { status: 400, body: said(message) }).field).toBe(field);
  });

  it('takes the field from param only where the parameter itself is refused', () => {
    const refused = said('Only the default (1) value is supported.', {
      param: 'temperature',
      code: 'unsupported_value',
    });
    expect(failure('openai', { body: refused }).field).toBe('temperature');
    expect(
      failure('openai', { body: said('Invalid value.', { param: 'temperature', code: 'invalid_value' }) }).field,
    ).toBeUndefined();
  });

  it('shows no secrets and no more than 300 characters', () => {
    const message = `Bearer abc.def key sk-proj-1234567890abc gsk_${'a'.repeat(30)} AIza${'b'.repeat(35)} org-AbC123 organization \`org_01\` (00000000-1111-2222-3333-444444444444) account '0123456789abcdef0123456789abcdef' arn:aws:iam::123456789012:role/x projects/mine/models ${'long '.repeat(200)}`;
    const shown = failure('generic', { status: 400, body: said(message) }).message;
    expect(shown).not.toMatch(
      /abc\.def|sk-proj|gsk_a|AIzab|AbC123|org_01|0000-1111|0123456789abcdef|123456789012|mine/,
    );
    expect(shown).toHaveLength(300);
  });
});
