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

it.each([
  ['/v1/responses/resp_1', 'Freeway keeps no responses'],
  ['/v1/responses/resp_1/cancel', 'Freeway keeps no responses'],
  ['/v1/responses/resp_1/input_items', 'Freeway keeps no responses'],
  ['/v1/responses/compact', 'nor is one compacted'],
  ['/v1/conversations', 'Freeway keeps no conversations'],
  ['/v1/conversations/conv_1/items', 'Freeway keeps no conversations'],
  ['/v1/interactions/int_1', 'models.generateContent'],
  ['/v1/images/edits', 'POST /v1/images/generations'],
  ['/api/v1/images/variations', 'POST /v1/images/generations'],
])('%s is not served, and its caller hears why and what to do instead', async (path, advice) => {
  const world = await createOne();
  const reply = await world.ask({}, {}, path);
  expect(reply.status).toBe(404);
  expect(reply.json().error).toMatchObject({ code: 'not_found', retryable: false });
  expect(reply.json().error?.message).toContain(advice);
  expect(reply.json().error?.message).not.toContain('resp_1');
});
