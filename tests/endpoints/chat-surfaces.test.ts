// The chat surfaces beside chat completions: errors in their own format, token counts, what is left out or bound, and the provider's own wire.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { toCredential } from '#lambda/gateway/credentials.ts';
import { createWorld, toEntry, type World } from '../gateway/harness.ts';

const messagesPath = '/v1/messages';
const models = [{ id: 'm1' }];
const createOne = (): Promise<World> => createWorld({ providers: [{ name: 'alpha', models, keepRequests: 5 }] });
const claude = { max_tokens: 100 };
const sentTo = (world: World): Record<string, unknown> =>
  JSON.parse(world.providers['alpha']!.received().at(-1)?.body ?? '{}') as Record<string, unknown>;

it.each([
  ['/v1/chat/completions', 'x-request-id'],
  [messagesPath, 'request-id'],
])('a stream of %s that tells its steps bears its id as %s, as all others do', async (path, name) => {
  const world = await createOne();
  for (const headers of [{}, { 'x-freeway-events': '1' }]) {
    const reply = await world.ask({ ...claude, stream: true }, headers, path);
    expect(reply.headers[name]).toMatch(/^req_/);
    expect(reply.headers[name]).toBe(reply.headers['x-freeway-request-id']);
  }
});

describe('errors below /v1/messages', () => {
  it.each([
    { what: 'of signing in', headers: { authorization: '' }, status: 401, type: 'authentication_error' },
    { what: 'of the request', body: { messages: [] }, status: 400, type: 'invalid_request_error' },
    { what: 'of the model', body: { model: 'nobody-has-this' }, status: 404, type: 'not_found_error' },
    { what: 'of the path', path: `${messagesPath}/nothing`, status: 404, type: 'not_found_error' },
    { what: 'of controls', body: { freeway: { tier: 'gold' } }, status: 400, type: 'invalid_request_error' },
    {
      what: 'of counting',
      body: { messages: 'x' },
      path: `${messagesPath}/count_tokens`,
      status: 400,
      type: 'invalid_request_error',
    },
  ])('are told in its format: $what', async ({ body = {}, headers = {}, path = messagesPath, status, type }) => {
    const world = await createOne();
    const reply = await world.ask({ ...claude, ...body }, headers, path);
    expect(reply.status).toBe(status);
    expect(reply.json()).toMatchObject({
      type: 'error',
      error: { type },
      request_id: expect.stringMatching(/^req_/) as string,
    });
  });

  it('say when to come back, where everybody is used up', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1', fault: '429-after-120' }] }] });
    const reply = await world.ask({ ...claude, freeway: { max_wait_ms: 0 } }, {}, messagesPath);
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    expect(reply.json().error).toMatchObject({ type: 'overloaded_error', code: 'exhausted', retryable: true });
  });

  it('are told in OpenAI’s format elsewhere', async () => {
    const world = await createOne();
    const reply = await world.ask({ messages: undefined, input: [] }, {}, '/v1/responses');
    expect(reply.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'input' } });
  });
});

describe('POST /v1/messages/count_tokens', () => {
  const count = async (content: string): Promise<number> => {
    const reply = await (
      await createOne()
    ).ask({ messages: [{ role: 'user', content }] }, {}, `${messagesPath}/count_tokens`);
    return (reply.json() as unknown as { input_tokens: number }).input_tokens;
  };
  it('counts, and asks nobody', async () => {
    const world = await createOne();
    const reply = await world.ask({}, {}, `${messagesPath}/count_tokens`);
    expect(reply.status).toBe(200);
    expect(world.upstream.started()).toBe(0);
    const few = await count('Hello there.');
    const many = await count('Hello there. '.repeat(100));
    expect(few).toBeGreaterThan(3);
    expect(few).toBeLessThan(20);
    expect(many / few).toBeGreaterThan(20);
  });
});

describe('POST /v1/responses/input_tokens', () => {
  it('counts as the other formats do, and asks nobody', async () => {
    const world = await createOne();
    const reply = await world.ask({ messages: undefined, input: 'Hello there.' }, {}, '/v1/responses/input_tokens');
    const { input_tokens: counted } = (
      await world.ask({ messages: [{ role: 'user', content: 'Hello there.' }] }, {}, `${messagesPath}/count_tokens`)
    ).json() as unknown as { input_tokens: number };
    expect(reply.json()).toEqual({ object: 'response.input_tokens', input_tokens: counted });
    expect(world.upstream.started()).toBe(0);
  });
  it('names what it can’t read', async () => {
    const reply = await (await createOne()).ask({ input: [] }, {}, '/v1/responses/input_tokens');
    expect(reply.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'input' } });
  });
});

describe('what a format can’t carry', () => {
  it('is left out and said so, in a header and in the body', async () => {
    const world = await createOne();
    const reply = await world.ask({ ...claude, top_k: 3, service_tier: 'auto' }, {}, messagesPath);
    expect(reply.headers['x-freeway-dropped']).toBe('top_k, service_tier');
    expect(reply.json()).toMatchObject({ freeway: { dropped: ['top_k', 'service_tier'] } });
    expect(sentTo(world)).not.toHaveProperty('top_k');
  });

  it('is asked only of those who speak the format, where no answer makes sense without it', async () => {
    const image = { type: 'image', source: { type: 'file', file_id: 'f1' } };
    const body = { ...claude, messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }] };
    const refused = await (await createOne()).ask(body, {}, messagesPath);
    expect(refused.status).toBe(400);
    expect(refused.error()).toMatchObject({ code: 'invalid_request', param: 'messages[0].content[1].source' });
    const speaking = toEntry('alpha', {
      models: [
        { id: 'm1', kind: 'chat', wire: 'anthropic', context: 131_072, size: 'large', capabilities: ['vision'] },
      ],
    });
    const world = await createWorld({ providers: [{ name: 'alpha', models, keepRequests: 5 }], entries: [speaking] });
    expect((await world.ask(body, {}, messagesPath)).status).toBe(200);
    expect(sentTo(world)['messages']).toEqual(body.messages);
  });
});

describe('a provider that speaks messages', () => {
  const createClaude = (): Promise<World> =>
    createWorld({
      providers: [{ name: 'alpha', keepRequests: 5, models: [{ id: 'claude-haiku-4-5' }] }],
      entries: [
        {
          provider: 'anthropic',
          name: 'alpha',
          baseUrl: 'http://alpha.test/v1',
          apiKey: 'k',
          tier: 'paid',
          enabled: true,
          priority: 1,
          weight: 1,
        },
      ],
    });

  it('is called at its path, with its key and version, and a bound even where the caller gave none', async () => {
    const world = await createClaude();
    const reply = await world.ask({ model: 'claude-haiku-4-5' });
    expect(reply.status).toBe(200);
    const [call] = world.providers['alpha']!.received();
    expect(call?.path).toBe('/messages');
    expect(call?.headers).toMatchObject({ 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
    expect(sentTo(world)['max_tokens']).toBe(64_000);
  });

  it('is told the version of the format at an endpoint of the own, too: such endpoints refuse calls without it', async () => {
    const model = { id: 'mine-1', wire: 'anthropic' } as const;
    const world = await createWorld({
      providers: [{ name: 'alpha', keepRequests: 5, models: [{ id: model.id }] }],
      entries: [
        {
          provider: 'openai-compatible',
          name: 'alpha',
          baseUrl: 'http://alpha.test/v1',
          apiKey: 'k',
          tier: 'free',
          enabled: true,
          priority: 1,
          weight: 1,
          models: [model],
        },
      ],
    });
    expect((await world.ask({ ...claude, model: model.id }, {}, messagesPath)).status).toBe(200);
    const [call] = world.providers['alpha']!.received();
    expect(call?.path).toBe('/messages');
    expect(call?.headers).toMatchObject({ 'anthropic-version': '2023-06-01' });
  });

  it.each([
    ['anthropic', { authorization: 'Bearer k', 'x-api-key': 'k' }],
    ['gemini', { authorization: 'Bearer k', 'x-goog-api-key': 'k' }],
    ['openai-chat', { authorization: 'Bearer k' }],
  ] as const)('carries the key to an endpoint of the own as %s does, too', (wire, expected) => {
    const provider = providers.find(({ id }) => id === 'openai-compatible')!;
    const shared = { provider: provider.id, baseUrl: 'http://alpha.test/v1', tier: 'free', enabled: true } as const;
    const entry = { ...shared, priority: 1, weight: 1, models: [{ id: 'm', wire }] };
    expect(toCredential({ ...entry, apiKey: 'k' }, provider).authorize()).toEqual(expected);
    const sealed = { id: 's', open: () => ({ apiKey: 'k' }) };
    expect(toCredential({ ...entry, sealed }, provider).authorize()).toEqual(expected);
  });

  it('gets the very bytes of callers who speak it, and they get its own', async () => {
    const world = await createClaude();
    const cached = { type: 'text', text: 'Long.', cache_control: { type: 'ephemeral' } };
    const body = { ...claude, model: 'claude-haiku-4-5', system: [cached], top_k: 5 };
    const reply = await world.ask({ ...body, stream: true }, { 'anthropic-beta': 'x-1', 'x-mine': 'y' }, messagesPath);
    const [call] = world.providers['alpha']!.received();
    expect(call?.headers).toMatchObject({ 'anthropic-beta': 'x-1' });
    expect(call?.headers).not.toHaveProperty('x-mine');
    expect(sentTo(world)).toMatchObject({ system: [cached], top_k: 5 });
    expect(reply.headers['x-freeway-dropped']).toBeUndefined();
    expect(reply.text).toContain('event: ping');
    const last = JSON.parse(/data: (.*)\n\n$/.exec(reply.text)?.[1] ?? '{}') as Record<string, unknown>;
    expect(last).toMatchObject({ type: 'message_stop', freeway: { route: 'anthropic/claude-haiku-4-5' } });
  });
});

describe('what the format of a provider has no place for', () => {
  const capabilities = ['vision', 'documents'] as const;
  const entry = (name: string, wire: 'bedrock-converse' | 'anthropic' | 'openai-chat', priority: number) =>
    toEntry(name, {
      priority,
      models: [{ id: 'm1', kind: 'chat', wire, size: 'large', context: 131_072, capabilities: [...capabilities] }],
    });
  const providers = ['alpha', 'beta'].map((name) => ({ name, models, keepRequests: 5 }));
  const said = (...parts: object[]): Record<string, unknown> => ({ messages: [{ role: 'user', content: parts }] });
  const picture = { type: 'image_url', image_url: { url: 'https://pictures.test/a.png' } };
  const sent = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  const archive = {
    type: 'file',
    file: { filename: 'a.zip', file_data: 'data:application/zip;base64,UEsDBA==' },
  };
  const asked = (world: World): (number | undefined)[] =>
    ['alpha', 'beta'].map((name) => world.providers[name]?.received().length);

  it.each(['openai-chat', 'bedrock-converse'] as const)(
    'the address of a document is asked of those who fetch it, not of %s',
    async (wire) => {
      const world = await createWorld({
        providers,
        entries: [entry('alpha', wire, 10), entry('beta', 'anthropic', 20)],
      });
      const url = 'https://papers.test/a.pdf';
      const part = { type: 'input_file', file_url: url };
      const input = [{ role: 'user', content: [{ type: 'input_text', text: 'What is it about?' }, part] }];
      const reply = await world.ask({ messages: undefined, input }, {}, '/v1/responses');
      expect(reply.status, reply.text).toBe(200);
      expect(asked(world)).toEqual([0, 1]);
      const body = JSON.stringify(world.providers['beta']!.received()[0]?.body);
      expect(body).toContain(url);
    },
  );

  it.each([
    ['a picture elsewhere on the web', 'bedrock-converse', picture],
    ['an archive', 'anthropic', archive],
    ['an archive', 'bedrock-converse', archive],
  ] as const)('%s is asked of somebody else than %s', async (_, wire, part) => {
    const world = await createWorld({
      providers,
      entries: [entry('alpha', wire, 10), entry('beta', 'openai-chat', 20)],
    });
    expect((await world.ask(said(part))).status).toBe(200);
    expect(asked(world)).toEqual([0, 1]);
    // What it can be told of is asked of the first as ever.
    expect((await world.ask(said(sent))).status).toBe(200);
    expect(asked(world)).toEqual([1, 1]);
  });
  it('is refused where there is nobody else, with what to do', async () => {
    const world = await createWorld({ providers, entries: [entry('alpha', 'bedrock-converse', 10)] });
    const reply = await world.ask(said(picture));
    expect(reply.status).toBe(400);
    expect(reply.json().error).toMatchObject({ code: 'invalid_request', param: 'messages.content.image_url' });
    expect(reply.json().error?.message).toMatch(/base64/);
    expect(asked(world)).toEqual([0, 0]);
  });
});

it.each([
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'assistant', content: [] }] }, 'messages[0].content'],
  ['/v1/responses', { messages: undefined, input: [{ role: 'user', content: [] }] }, 'input'],
  ['/v1beta/models/m1:generateContent', { messages: undefined, contents: [{ role: 'user', parts: [] }] }, 'contents'],
  ['/v1beta/models/m1:countTokens', { messages: undefined, contents: [{ role: 'model', parts: [] }] }, 'contents'],
])('what says nothing at %s is refused by the field of that format', async (path, body, param) => {
  const reply = await (await createOne()).ask(body, {}, path);
  expect(reply.status).toBe(400);
  expect(reply.json().error?.message).toMatch(`${param}: expected `);
});

it('a key in the URL is not read, and where it belongs is said without repeating it', async () => {
  const world = await createOne();
  const path = '/v1beta/models/m1:generateContent?alt=json&key=fwy_canary_in_url';
  const reply = await world.ask({ contents: [{ parts: [{ text: 'hi' }] }] }, { authorization: '' }, path);
  expect([reply.status, reply.text]).toEqual([401, expect.stringMatching(/\?key=.*x-goog-api-key/)]);
  expect(reply.text).not.toContain('canary');
  expect(world.providers['alpha']!.received()).toEqual([]);
});
