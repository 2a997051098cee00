// Log lines: which fields get through, and that nothing that looks like a key does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestIds } from '#lambda/http/request-id.ts';
import type { LogFields } from '#lambda/ports-telemetry.ts';
import { createLog, redact, toErrorFields } from '#lambda/telemetry/log.ts';
import type { LogLevel } from '#shared/log-levels.ts';

function collect(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, write: (line) => lines.push(line), now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) });
  return { log, lines };
}

describe('log', () => {
  it('writes one JSON object a line', () => {
    const { log, lines } = collect();
    log.info('request', { request_id: 'req_1', status: 200, tier: null, route: 'a\nb' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      level: 'info',
      event: 'request',
      request_id: 'req_1',
      status: 200,
      tier: null,
      route: 'a\nb',
    });
  });

  it('writes what is no number as null, and every millisecond in its second', () => {
    const lines: string[] = [];
    let now = Date.UTC(2026, 0, 2, 3, 4, 59, 999);
    const log = createLog({ level: 'info', write: (line) => lines.push(line), now: () => now });
    log.info('a', { cost_usd: Number.NaN, rescues: -0, what: 'quoted "word"', 'gen_ai.operation.name': 'tab\t' });
    now += 2;
    log.info('a', {
      request_id: 'req_0123456789abcdefghjkmnpq',
      what: 'req_0123456789abcdefghjkmnpq,abcdef0123456789',
    });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: '2026-01-02T03:04:59.999Z',
        level: 'info',
        event: 'a',
        cost_usd: null,
        rescues: 0,
        what: 'quoted "word"',
        'gen_ai.operation.name': 'tab\t',
      },
      {
        time: '2026-01-02T03:05:00.001Z',
        level: 'info',
        event: 'a',
        request_id: 'req_0123456789abcdefghjkmnpq',
        what: expect.any(String) as unknown,
      },
    ]);
  });

  it('masks keys whatever field they stand in', () => {
    const { log, lines } = collect();
    const key = 'sk-proj-abcDEF123456';
    for (const field of ['request_id', 'route', 'what', 'finish'] as const) log.info('a', { [field]: key });
    log.info(key);
    expect(lines.join('')).not.toContain(key);
  });

  it('leaves out fields that are not on the list, and absent ones', () => {
    const { log, lines } = collect();
    const unlisted = { prompt: 'my secret', body: '{}', authorization: 'k' };
    log.warn('x', { ...(unlisted as LogFields), route: undefined, 'gen_ai.operation.name': 'chat' });
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual(['time', 'level', 'event', 'gen_ai.operation.name']);
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('from %s on writes %i of four levels', (level, expected) => {
    const { log, lines } = collect(level);
    for (const at of ['debug', 'info', 'warn', 'error'] as const) log[at]('e');
    expect(lines).toHaveLength(expected);
  });

  it('names an error without its message, which may quote what was read', () => {
    const fields = toErrorFields(new SyntaxError('Unexpected token in "my secret prompt\n    at home"'));
    expect(fields['error']).toBe('SyntaxError');
    expect(fields['stack']).toMatch(/log\.test\.ts/);
    expect(JSON.stringify(fields)).not.toContain('secret prompt');
    expect(toErrorFields('text')).toEqual({ error: 'string' });
    const full = Object.assign(new Error('write /home/ada/secret.wav'), { code: 'ENOSPC' });
    expect(toErrorFields(full)['error']).toBe('Error ENOSPC');
    expect(toErrorFields(Object.assign(new Error('x'), { code: 'ada@example.com' }))['error']).toBe('Error');
  });
});

describe('redact', () => {
  const secrets = [
    'sk-proj-abcDEF123456', 'sk-ant-api03-AbC_123-xyz', 'sk-or-v1-0123456789abcdef', 'gsk_AbCdEf123456', 'csk-abc123def456', 'AIzaSyA1234567890abcdefghijk',
    'AQ.Ab8RN6Labcdefghijklmnop', 'hf_AbCdEfGhIj', 'nvapi-AbC-123_xyz', 'fwy_abcdefgh12', 'xai-abcdefgh123', 'r8_abcdefgh12', 'ya29.a0AfH6SMabcdef', 'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl', 'ghp_16C7e42F292c6912E7', 'org-AbCd1234EfGh', '0123456789abcdef0123456789abcdef',
    'wJalrXUtnFEMI/K7MDENG1bPxRfiCY2EXAMPLEKEY',
  ]; // prettier-ignore
  it.each(secrets)('masks %s', (secret) => {
    expect(redact(`before ${secret} after`)).toBe('before [redacted] after');
    expect(redact(`{"key":"${secret}"}`)).toBe('{"key":"[redacted]"}');
  });

  it('masks a bearer token of any kind', () => {
    expect(redact('authorization: Bearer abc.def~ghi==')).toBe('authorization: [redacted]');
  });

  const personal = [
    'ada.lovelace+x@mail.example.co.uk', '+49 30 1234 5678', '+1 (415) 555-0132', '415-555-0132', '(415) 555-0132', '4111 1111 1111 1111', '5500000000000004',
    'DE89 3704 0044 0532 0130 00', 'GB29NWBK60161331926819', '536-90-4399',
  ]; // prettier-ignore
  it.each(personal)('masks %s, which identifies a person', (text) => {
    expect(redact(`told by ${text}, late`)).toBe('told by [redacted], late');
  });

  it('leaves numbers that are nobody', () => {
    for (const text of [
      '1763719837061',
      '4111 1111 1111 1112',
      '100000-200000',
      'DE00 3704 0044 0532 0130 00',
      '12.345.678 tokens',
      '127.0.0.1:8787',
      '$1234.5678',
    ])
      expect(redact(`x ${text} y`)).toBe(`x ${text} y`);
  });

  const harmless = [
    'openrouter/meta-llama/llama-4-maverick-17b-128e-instruct', 'Qwen/Qwen3-Coder-480B-A35B-Instruct-Turbo-FP8', 'rate_limited=groq/m(120ms)', '2026-11-21T05:50:37.061Z',
    '0b9d2a1c-1f0e-4c5b-9a77-3f1f2f6a9b10', 'at Relay.head (file:///var/task/chunks/dynamo-H42T4U3I.mjs:1:23456)', 'the task-force asked-for-eight-or-more-things', '',
  ]; // prettier-ignore
  it.each(harmless)('leaves %s as it is', (text) => expect(redact(text)).toBe(text));

  it('leaves request ids, which logs are searched by', () => {
    for (let i = 0; i < 50; i++) {
      const id = createRequestIds()();
      expect(redact(`request ${id} failed`)).toBe(`request ${id} failed`);
    }
  });

  it('masks every 32-byte key, in hex and in base64', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => new Set(key).size > 20);
    fc.assert(
      fc.property(bytes, fc.constantFrom('hex', 'base64url' as const), (key, form) => {
        const text = Buffer.from(key).toString(form as BufferEncoding);
        // A key whose words happen to be all short is beyond recognition; it must be rare, not impossible.
        fc.pre(text.split(/[-_]/).some((word) => word.length >= 16 && /\d/.test(word) && /[a-z]/i.test(word)));
        return !redact(`x ${text} y`).includes(text);
      }),
    );
  });
});
