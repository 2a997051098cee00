// Clients whose base URL was made for another router: below /api/v1, without /v1, or with one too many they find the same API.
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;

/** A provider of Anthropic's format that thinks before it answers. */
const thinker = createServer((_, response) => {
  const content = [
    { type: 'thinking', thinking: 'Let me see.', signature: 's' },
    { type: 'text', text: 'The field "reasoning_content": is not touched here.' },
  ];
  const usage = { input_tokens: 9, output_tokens: 5 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 't1',
    content,
    stop_reason: 'end_turn',
    usage,
  };
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...message, stop_sequence: null }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => thinker.listen(0, '127.0.0.1', resolve));
  const { port } = thinker.address() as AddressInfo;

  mock.onMessage(/hello/i, { content: 'Hello.' });
  await mock.start();
  const thinking = { id: 't1', size: 'large', context: 8_192, wire: 'anthropic', capabilities: ['reasoning'] };
  server = await startServer([
    toEntry('alpha', `${mock.url}/v1`),
    toEntry('beta', `http://127.0.0.1:${port}/v1`, { models: [thinking] }),
  ]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
  thinker.close();
});

const messages = [{ role: 'user' as const, content: 'hello' }];
const toOpenAi = (base: string): OpenAI =>
  new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}${base}`, maxRetries: 0 });

describe.each(['/api/v1', '/v1/v1', ''])('OpenAI’s client at "%s"', (base) => {
  it('chats, whole and streamed, and is refused in its format', async () => {
    const client = toOpenAi(base);
    const whole = await client.chat.completions.create({ model: 'm1', messages });
    expect(whole.choices[0]?.message.content).toBe('Hello.');
    let text = '';
    for await (const chunk of await client.responses.create({ model: 'm1', input: 'hello', stream: true }))
      if (chunk.type === 'response.output_text.delta') text += chunk.delta;
    expect(text).toBe('Hello.');
    await expect(client.chat.completions.create({ model: 'nobody', messages })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

it.each(['/api/v1', '/v1/v1'])('lists, models and files are found at "%s", too', async (base) => {
  const client = toOpenAi(base);
  expect((await client.models.list()).data.map(({ id }) => id)).toContain('m1');
  expect((await client.models.retrieve('openai-compatible/m1')).id).toBe('openai-compatible/m1');
  const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model: 'm1', messages } };
  const file = await client.files.create({ file: new File([JSON.stringify(line)], 'a.jsonl'), purpose: 'batch' });
  expect((await client.files.retrieve(file.id)).filename).toBe('a.jsonl');
});

it.each(['/api', '/v1'])('Anthropic’s client at "%s" is answered, and refused in its format', async (base) => {
  const client = new Anthropic({ apiKey: OWNER_KEY, baseURL: `${server.url}${base}`, maxRetries: 0 });
  const told = await client.messages.create({ model: 'm1', max_tokens: 50, messages });
  expect(told.content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
  const anonymous = new Anthropic({ apiKey: 'k', baseURL: `${server.url}${base}`, maxRetries: 0 });
  await expect(anonymous.messages.create({ model: 'm1', max_tokens: 50, messages })).rejects.toMatchObject({
    status: 401,
    error: { type: 'error', error: { type: 'authentication_error' } },
  });
});

describe('OpenRouter’s own URL', () => {
  const ask = async (base: string, body: object): Promise<string> => {
    const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ messages, ...body }) };
    return (await fetch(`${server.url}${base}/chat/completions`, init)).text();
  };
  const lastOf = (stream: string): unknown => JSON.parse(stream.trimEnd().split('\n\n').at(-2)?.slice(6) ?? '');

  it('tells who answered, what it cost and what was thought as it does, whole and streamed', async () => {
    const told = { provider: 'openai-compatible', usage: { cost: 0 } };
    expect(JSON.parse(await ask('/api/v1', { model: 't1' }))).toMatchObject({
      ...told,
      system_fingerprint: null,
      choices: [
        {
          message: {
            reasoning: 'Let me see.',
            content: 'The field "reasoning_content": is not touched here.',
          },
        },
      ],
    });
    const stream = await ask('/api/v1', { model: 't1', stream: true });
    expect(stream).toContain('"delta":{"reasoning":"Let me see."}');
    expect(stream).not.toContain('"reasoning_content":"');
    expect(lastOf(stream)).toMatchObject(told);
  });
  it('and ours tells nothing of it', async () => {
    const whole = JSON.parse(await ask('/v1', { model: 't1' })) as object;
    expect(whole).not.toHaveProperty('provider');
    expect(whole).not.toHaveProperty('usage.cost');
    expect(await ask('/v1', { model: 't1', stream: true })).toContain('"reasoning_content":"Let me see."');
  });
});

it('nobody is let in there who is not let in elsewhere, and what is not there is told of', async () => {
  for (const path of ['/api/v1/chat/completions', '/chat/completions', '/api/v1/models'])
    expect((await fetch(server.url + path, path.endsWith('models') ? {} : { method: 'POST' })).status).toBe(401);
  const headers = { authorization: `Bearer ${OWNER_KEY}` };
  for (const path of ['/api/v1/nothing', '/api/v2/models', '/nothing', '/api/v1'])
    expect((await fetch(server.url + path, { headers })).status).toBe(404);
});

it('whoever looks at one of these URLs in a browser is told how it is asked, as at ours', async () => {
  for (const path of ['/v1/chat/completions', '/api/v1/chat/completions', '/chat/completions', '/api/v1/messages']) {
    const reply = await fetch(server.url + path);
    expect([path, reply.status, reply.headers.get('allow')]).toEqual([path, 405, 'POST']);
  }
});
