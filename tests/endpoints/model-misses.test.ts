// Model names by which nobody can be asked: what is told of them, and what would do.
import { expect, it } from 'vitest';
import { createWorld, toEntry, type World } from '../gateway/harness.ts';

const models = [
  { id: 'talker', kind: 'chat' as const },
  { id: 'vectors', kind: 'embedding' as const },
  { id: 'listener', kind: 'transcription' as const },
];
const createBoth = (): Promise<World> =>
  createWorld({
    providers: [{ name: 'alpha', models: models.map(({ id }) => ({ id })) }],
    entries: [toEntry('alpha', { models })],
  });

it.each([
  [
    'a chat model for vectors',
    '/v1/embeddings',
    { model: 'talker', input: 'x' },
    '"talker" is no model for embeddings. Ask for "vectors".',
  ],
  [
    'a model for vectors to chat',
    '/v1/chat/completions',
    { model: 'vectors' },
    '"vectors" is no model for chats. Ask for "talker".',
  ],
  [
    'a chat model for a recording',
    '/v1/explain',
    { kind: 'transcription', model: 'talker' },
    '"talker" is no model for transcription. Ask for "listener".',
  ],
  [
    'a chat model for images, where nobody makes any',
    '/v1/images/generations',
    { model: 'talker', prompt: 'x' },
    '"talker" is no model for images. To have some, add a provider key that serves them.',
  ],
  [
    'images, where nobody makes any',
    '/v1/images/generations',
    { model: 'auto', prompt: 'x' },
    'No credential is configured that serves images. To have some, add a provider key that serves them.',
  ],
])('%s', async (_, path, body, message) => {
  const reply = await (await createBoth()).ask(body, {}, path);
  expect(reply.status).toBe(422);
  expect(reply.json().error).toMatchObject({ code: 'no_candidate', param: 'model', message });
});

it('that nobody serves a request of this kind is told by a code, too, for pages in other languages', async () => {
  const app = await createBoth();
  const fail = async (model: string, path: string): Promise<unknown> =>
    (await app.ask({ model, prompt: 'x', messages: [{ role: 'user', content: 'x' }] }, {}, path)).json().error;
  expect(await fail('auto', '/v1/images/generations')).toMatchObject({
    why: { code: 'refused', what: 'nobody_serves' },
  });
  expect(await fail('vectors', '/v1/chat/completions')).not.toHaveProperty('why');
});

it('a list of models of which none is served names them all', async () => {
  const reply = await (await createBoth()).ask({ model: undefined, models: ['nope', 'nada'] });
  expect(reply.status).toBe(404);
  expect(reply.json().error?.message).toContain('There is no model "nope" or "nada" here.');
});
