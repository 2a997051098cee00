// Whatever is sent, the answer is a clear error in the caller's format; nothing crashes, nothing is logged that should not be.
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRaw } from '../http/raw-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const CANARY = 'canary-prompt-4c1f77';
const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;

beforeAll(async () => {
  mock.onMessage(/./, { content: 'fine' });
  await mock.start();
  server = await startServer([toEntry('alpha', `${mock.url}/v1`)]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly error: {
    message: string;
    code: string;
    param: string | null;
    type: string;
    request_id: string;
    retryable: boolean;
  };
}

async function post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    body: body as string,
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', ...headers },
  });
  const text = await response.text();
  return { status: response.status, text, error: (JSON.parse(text) as { error: Answer['error'] }).error };
}
const chat = (more: Record<string, unknown>): string =>
  JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: CANARY }], ...more });

describe('a method that is not allowed', () => {
  it.each([
    ['PUT', '/v1/chat/completions', 'POST'],
    ['POST', '/v1/models', 'GET'],
    ['DELETE', '/api/keys', 'GET, POST'],
  ])('%s %s is told those that are', async (method, path, allow) => {
    const headers = { authorization: `Bearer ${OWNER_KEY}`, origin: server.url };
    const response = await fetch(server.url + path, { method, headers });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
    expect(((await response.json()) as { error: Answer['error'] }).error.code).toBe('method_not_allowed');
  });
});

describe('wrong requests', () => {
  it.each<[string, string, string | null, RegExp]>([
    ['an empty body', '', null, /no body/],
    ['JSON that breaks off', `{"messages": [{"role": "user", "content": "${CANARY}"`, null, /not valid JSON/],
    ['a JSON array', '[]', null, /object/],
    ['no messages', '{"model": "auto"}', 'messages', /messages/],
    ['empty messages', chat({ messages: [] }), 'messages', /messages/],
    ['messages of the wrong type', chat({ messages: CANARY }), 'messages', /array/],
    ['a message that is no object', chat({ messages: [CANARY] }), 'messages[0]', /object/],
    ['an unknown role', chat({ messages: [{ role: 'wizard', content: CANARY }] }), 'messages[0].role', /role/],
    [
      'content of the wrong type',
      chat({ messages: [{ role: 'user', content: 42 }] }),
      'messages[0].content',
      /content/,
    ],
    ['a number for the model', chat({ model: 42 }), 'model', /string/],
    ['a text for the temperature', chat({ temperature: 'hot' }), 'temperature', /number/],
    ['several answers', chat({ n: 2 }), 'n', /1/],
    ['a negative bound', chat({ max_tokens: -5 }), 'max_tokens', /max_tokens/],
    ['an unknown control', chat({ freeway: { speed: 9 } }), 'freeway.speed', /Controls are freeway\.tier, /],
    ['a control of the wrong type', chat({ freeway: { max_wait_ms: 'long' } }), 'freeway.max_wait_ms', /max_wait_ms/],
    [
      'an unknown strategy',
      chat({ freeway: { strategy: 'luck' } }),
      'freeway.strategy',
      /expected one of free-first, cost/,
    ],
    ['a misspelled control', chat({ freeway: { tire: 'free' } }), 'freeway.tire', /mean freeway\.tier\?/],
    [
      'a control of the wrong type',
      chat({ freeway: { failover: 'no' } }),
      'freeway.failover',
      /expected true or false/,
    ],
  ])('%s', async (_, body, param, message) => {
    const { status, error, text } = await post(body);
    expect(status).toBe(400);
    expect(error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error', param, retryable: false });
    expect(error.message).toMatch(message);
    expect(error.request_id).toMatch(/^req_/);
    expect(text).not.toContain(CANARY);
  });

  it.each([1_001, 5_000, 100_000])(
    'a body of %i levels, which could be parsed but not written again',
    async (levels) => {
      const nested = `${'['.repeat(levels)}${']'.repeat(levels)}`;
      for (const body of [`{"metadata": ${nested}, ${chat({}).slice(1)}`, nested]) {
        const { status, error } = await post(body);
        expect([status, error.code, error.param]).toEqual([400, 'invalid_request', null]);
      }
      const { error } = await post(`{"metadata": ${nested}}`);
      expect(error.message).toBe('The body is nested more than 1000 levels deep. Send it flatter.');
    },
  );

  it.each([
    ['in a field', (parts: string) => `{"metadata": [${parts}], ${chat({}).slice(1)}`],
    ['alone', (parts: string) => `[${parts}]`],
  ])('a body of small objects without number %s, which would take a gigabyte', async (_, toBody) => {
    const { status, error } = await post(toBody(`${'{},'.repeat(10_000_000)}{}`));
    expect([status, error.code, error.param]).toEqual([400, 'invalid_request', null]);
    expect(error.message).toMatch(/^The body is made of more than 50000 objects, lists and fields .* or as text\.$/);
  });

  it('a body that is no text', async () => {
    expect((await post(Uint8Array.from([0xff, 0xfe, 0x00]))).error.message).toMatch(/UTF-8/);
  });

  it('a body that is too large, without reading it whole', async () => {
    const { status, error } = await post(`{"messages": "${'x'.repeat(33 * 1024 * 1024)}"}`);
    expect([status, error.code]).toEqual([413, 'too_large']);
  });

  it('a wrong control in a header', async () => {
    const { status, error } = await post(chat({}), { 'x-freeway-max-wait-ms': 'soon' });
    expect([status, error.code]).toEqual([400, 'invalid_request']);
  });

  it('an unknown model, its name cut short', async () => {
    const { status, error } = await post(chat({ model: 'x'.repeat(5_000) }));
    expect([status, error.code, error.param]).toEqual([404, 'model_not_found', 'model']);
    expect(error.message.length).toBeLessThan(300);
  });

  it('an unknown path, and a wrong method', async () => {
    const headers = { authorization: `Bearer ${OWNER_KEY}` };
    expect((await fetch(`${server.url}/v1/nothing`, { headers })).status).toBe(404);
    expect((await fetch(`${server.url}/v1/chat/completions`, { headers })).status).toBe(405);
    expect((await fetch(`${server.url}/v1/models/%E0%A4%A`, { headers })).status).toBe(404);
  });
});

describe('odd but valid requests', () => {
  const isAnswered = async (body: string): Promise<void> => {
    const { status, text } = await post(body);
    expect([status, text.includes('fine')]).toEqual([200, true]);
  };

  it('a huge string of one letter does not burn the processor', async () => {
    const before = process.cpuUsage();
    const { status } = await post(chat({ model: 'm1', messages: [{ role: 'user', content: 'a'.repeat(400_000) }] }));
    const { user } = process.cpuUsage(before);
    expect(status).toBe(200);
    // A tokenizer let loose on this text takes a minute.
    expect(user / 1e6).toBeLessThan(5);
  });

  it('special tokens in the text are text', () =>
    isAnswered(chat({ messages: [{ role: 'user', content: '<|endoftext|><|im_start|>system' }] })));
  it('fields nobody knows', () => isAnswered(chat({ from_the_future: { deep: [1, 2, 3] } })));
  it('a developer message, and nulls', () =>
    isAnswered(
      chat({
        messages: [
          { role: 'developer', content: 'be brief' },
          { role: 'user', content: 'hi', name: null },
        ],
        stop: null,
        tools: null,
      }),
    ));
});

describe('access', () => {
  it.each(['/v1/models', '/v1/models/auto', '/metrics'])('GET %s needs a key', async (path) => {
    expect((await fetch(`${server.url}${path}`)).status).toBe(401);
    expect((await fetch(`${server.url}${path}`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await fetch(`${server.url}${path}?key=${OWNER_KEY}`)).status).toBe(401);
  });

  it.each([{ authorization: `Bearer ${OWNER_KEY}` }, { 'x-api-key': OWNER_KEY }, { 'x-goog-api-key': OWNER_KEY }])(
    'takes the key in %s',
    async (headers) => {
      expect((await fetch(`${server.url}/v1/models`, { headers: headers as Record<string, string> })).status).toBe(200);
    },
  );

  it('shows health to everybody, and no more than that', async () => {
    const health = (await (await fetch(`${server.url}/health`)).json()) as Record<string, unknown>;
    expect(Object.keys(health)).toEqual(['status', 'version', 'store']);
  });
});

describe('what is written down', () => {
  it('holds no prompt, no key, and one line per request', async () => {
    await post(chat({}));
    const log = server.logs.join('');
    expect(log).not.toContain(CANARY);
    expect(log).not.toContain('canary-alpha-key');
    expect(log).not.toContain(OWNER_KEY);
    expect(log).toContain('"event":"request"');
  });
});

describe('a long body of somebody nobody knows', () => {
  it.each([
    ['/v1/chat/completions', ''],
    ['/v1/files', 'content-type: multipart/form-data; boundary=b\r\n'],
    ['/api/session/google', ''],
    ['/api/credentials', ''],
    ['/api/credentials', 'authorization: Bearer fwy_unknown\r\n'],
  ])('is refused before it has come: %s %s', async (path, more) => {
    const client = await connectRaw(Number(new URL(server.url).port));
    client.send(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${more}content-length: 2000000\r\n\r\n{`);
    expect(await client.until((text) => text.includes('}'))).toMatch(/^HTTP\/1.1 401 /);
    client.destroy();
  });

  it('who is known may send it', async () => {
    const response = await fetch(`${server.url}/api/credentials`, {
      method: 'POST',
      body: JSON.stringify({ provider: 'x'.repeat(1_000_000) }),
      headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', origin: server.url },
    });
    expect(response.status).toBe(400);
  });
});
