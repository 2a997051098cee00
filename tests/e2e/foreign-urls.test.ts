// Clients whose base URL was made for another router: below /api/v1, without /v1, or with one too many they find the same API.
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;

beforeAll(async () => {
  mock.onMessage(/hello/i, { content: 'Hello.' });
  await mock.start();
  server = await startServer([toEntry('alpha', `${mock.url}/v1`)]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

const messages = [{ role: 'user' as const, content: 'hello' }];
const toOpenAi = (base: string): OpenAI =>
  new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}${base}`, maxRetries: 0 });

describe.each(['/api/v1', '/v1/v1', ''])('OpenAI’s client at "%s"', (base) => {
  it('chats, whole and streamed, and is refused in its format', async () => {
    const client = toOpenAi(base);
    const whole = await client.chat.completions.create({ model: 'auto', messages });
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

it('nobody is let in there who is not let in elsewhere, and what is not there is told of', async () => {
  for (const path of ['/api/v1/chat/completions', '/chat/completions', '/api/v1/models'])
    expect((await fetch(server.url + path, path.endsWith('models') ? {} : { method: 'POST' })).status).toBe(401);
  const headers = { authorization: `Bearer ${OWNER_KEY}` };
  for (const path of ['/api/v1/nothing', '/api/v2/models', '/nothing', '/api/v1'])
    expect((await fetch(server.url + path, { headers })).status).toBe(404);
});
