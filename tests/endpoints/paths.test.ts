// Paths that lead nowhere, or only by another spelling: what callers hear who brought the base URL of another gateway.
import { expect, it } from 'vitest';
import { createWorld, type World } from '../gateway/harness.ts';

const createOne = (): Promise<World> => createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1' }] }] });

it.each(['/chat/completions', '/v1/chat/completions'])('%s is a chat', async (path) => {
  const reply = await (await createOne()).ask({}, {}, path);
  expect(reply.status).toBe(200);
  expect(reply.headers['x-freeway-route']).toBe('openai-compatible/m1');
});

it.each([
  ['/openai/v1/messages', '/v1/messages'],
  ['/v1/chat/completions/', '/v1/chat/completions'],
  ['/v1//chat/completions', '/v1/chat/completions'],
  ['/openai/v1/chat/completions', '/v1/chat/completions'],
  ['/V1/Messages', '/v1/messages'],
  ['/messages', '/v1/messages'],
  ['/v1/v1beta/models/m1:generateContent', '/v1beta/models/m1:generateContent'],
])('%s leads nowhere, and names %s', async (path, meant) => {
  const reply = await (await createOne()).ask({}, {}, path);
  expect(reply.status).toBe(404);
  expect(reply.json().error).toMatchObject({ code: 'not_found' });
  expect(reply.json().error?.message).toContain(`Did you mean ${meant}?`);
});

it.each(['/v1/nothing', '/wp-login.php', '/', '/v1'])('%s is like nothing there is', async (path) => {
  const reply = await (await createOne()).ask({}, {}, path);
  expect(reply.json().error?.message).toContain('The OpenAI-compatible API begins at /v1');
});
