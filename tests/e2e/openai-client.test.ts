// The official openai client, unchanged, against the started server with a third-party simulator as provider.
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;
let client: OpenAI;

/** So many ask at once. */
const CROWD = 60;
/** What each of them is told. */
const told = (at: number): string => `Answer ${at}: ${'so it is. '.repeat((at % 7) * 30)}`;

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const ask = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: 'user', content }];

beforeAll(async () => {
  mock.onMessage(/weather/, { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }] });
  mock.onMessage(/two cities/, {
    toolCalls: [
      { id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { id: 'call_2', name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  });
  mock.onMessage(/person/, { content: '{"name":"Ada","age":36}' });
  mock.onMessage(/picture/, { content: 'I see a picture.' });
  mock.onMessage(/long/, { content: 'word '.repeat(2_000) });
  for (let at = 0; at < CROWD; at++) mock.onMessage(new RegExp(`number ${at}\\.`), { content: told(at) });
  mock.onMessage(/hello/i, { content: 'Hello from the simulator, 世界 🚦.' });
  await mock.start();
  server = await startServer([toEntry('alpha', `${mock.url}/v1`)]);
  client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

describe('with the host alone as base URL, as with other gateways', () => {
  it('chats, streams, completes and lists', async () => {
    const plain = new OpenAI({ apiKey: OWNER_KEY, baseURL: server.url, maxRetries: 0 });
    const { choices } = await plain.chat.completions.create({ model: 'auto', messages: ask('hello') });
    expect(choices[0]?.message.content).toBe('Hello from the simulator, 世界 🚦.');
    const { output_text: text } = await plain.responses.create({ model: 'auto', input: 'hello' });
    expect(text).toBe('Hello from the simulator, 世界 🚦.');
    expect((await plain.models.list()).data.map(({ id }) => id)).toContain('auto');
  });
  it('is told of errors in its format, without a key of the web app', async () => {
    const stranger = new OpenAI({ apiKey: 'nobody', baseURL: server.url, maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});

describe('text completions', () => {
  it('answer whole, with the receipt in the headers', async () => {
    const { data, response } = await client.completions.create({ model: 'auto', prompt: 'hello' }).withResponse();
    expect(data.choices).toEqual([
      { text: 'Hello from the simulator, 世界 🚦.', index: 0, logprobs: null, finish_reason: 'stop' },
    ]);
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    expect(response.headers.get('x-freeway-route')).toBe('openai-compatible/m1');
  });
  it('answer as a stream', async () => {
    let text = '';
    for await (const { choices } of await client.completions.create({ model: 'auto', prompt: 'hello', stream: true }))
      text += choices[0]?.text ?? '';
    expect(text).toBe('Hello from the simulator, 世界 🚦.');
  });
  it('are refused in the format, by the field at fault', async () => {
    const error = await client.completions.create({ model: 'auto', prompt: [1, 2] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, param: 'prompt', code: 'invalid_request' });
  });
});

describe('chat', () => {
  it('answers whole, with the receipt in the headers', async () => {
    const {
      data,
      response,
      request_id: told,
    } = await client.chat.completions.create({ model: 'auto', messages: ask('hello') }).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello from the simulator, 世界 🚦.');
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-freeway-route': 'openai-compatible/m1',
      'x-freeway-credential': 'alpha',
      'x-freeway-tier': 'free',
      'x-freeway-attempts': '1',
      'x-freeway-cost-usd': '0',
    });
    expect(response.headers.get('x-freeway-request-id')).toMatch(/^req_/);
    expect(told).toBe(response.headers.get('x-freeway-request-id'));
  });

  it('gives everybody their own answer when many ask at once, whole or streamed, and asks the provider once for each', async () => {
    const before = mock.getRequests().length;
    const answers = await Promise.all(
      Array.from({ length: CROWD }, async (_, at) => {
        const asked = { model: 'auto', messages: ask(`This is number ${at}.`) };
        if (at % 2 === 0) return (await client.chat.completions.create(asked)).choices[0]?.message.content;
        let text = '';
        for await (const chunk of await client.chat.completions.create({ ...asked, stream: true }))
          text += chunk.choices[0]?.delta.content ?? '';
        return text;
      }),
    );
    expect(answers).toEqual(Array.from({ length: CROWD }, (_, at) => told(at)));
    expect(mock.getRequests().length - before).toBe(CROWD);
  });

  it('streams, and ends with usage when it is asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'm1',
      messages: ask('hello'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let last: OpenAI.ChatCompletionChunk | null = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      last = chunk;
    }
    expect(text).toBe('Hello from the simulator, 世界 🚦.');
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.total_tokens).toBeGreaterThan(0);
    expect(last).toHaveProperty('freeway.route', 'openai-compatible/m1');
  });

  it('shows no usage chunk to those who did not ask', async () => {
    const stream = await client.chat.completions.create({ model: 'm1', messages: ask('hello'), stream: true });
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1);
  });

  it('calls tools, whole and streamed', async () => {
    const whole = await client.chat.completions.create({
      model: 'auto',
      messages: ask('weather in Oslo?'),
      tools: [weather],
    });
    expect(whole.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: 'call_1',
      function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    });
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls');
    const streamed = await client.chat.completions
      .stream({ model: 'auto', messages: ask('the two cities please'), tools: [weather] })
      .finalChatCompletion();
    expect(
      streamed.choices[0]?.message.tool_calls?.map((call) => 'function' in call && call.function.arguments),
    ).toEqual(['{"city":"Oslo"}', '{"city":"Rome"}']);
  });

  it('runs the client’s own tool loop', async () => {
    const mocked = new LLMock({ port: 0, logLevel: 'silent' });
    mocked.on(
      { userMessage: 'weather', hasToolResult: false },
      { toolCalls: [{ id: 'call_9', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
    );
    mocked.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Oslo.' });
    await mocked.start();
    const other = await startServer([toEntry('beta', `${mocked.url}/v1`)]);
    const looping = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${other.url}/v1`, maxRetries: 0 });
    const runner = looping.chat.completions.runTools({
      model: 'auto',
      stream: true,
      messages: ask('weather in Oslo?'),
      tools: [
        {
          type: 'function',
          function: {
            ...weather.function,
            parse: JSON.parse,
            function: async ({ city }: { city: string }) => `rain in ${city}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('It rains in Oslo.');
    await other.stop();
    await mocked.stop();
  });

  it('parses structured output', async () => {
    const completion = await client.chat.completions.parse({
      model: 'auto',
      messages: ask('a person please'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'person',
          strict: true,
          schema: {
            type: 'object',
            properties: { name: { type: 'string' }, age: { type: 'number' } },
            required: ['name', 'age'],
            additionalProperties: false,
          },
        },
      },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ name: 'Ada', age: 36 });
  });

  it('takes pictures', async () => {
    const completion = await client.chat.completions.create({
      model: 'auto',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is in this picture?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
    });
    expect(completion.choices[0]?.message.content).toBe('I see a picture.');
  });

  it('lets go of the provider when the caller aborts in the middle', async () => {
    const stream = await client.chat.completions.create({ model: 'auto', messages: ask('a long story'), stream: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 3) stream.controller.abort();
    expect(chunks).toBeGreaterThanOrEqual(3);
    expect((await client.chat.completions.create({ model: 'auto', messages: ask('hello') })).choices).toHaveLength(1);
  });
});

describe('models', () => {
  it('lists every callable name, and finds each', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(['auto', 'auto:large', 'm1', 'openai-compatible/m1']));
    for (const id of [...ids, 'auto:free', 'm1:free', 'alpha/m1'])
      expect((await client.models.retrieve(id)).id).toBe(id);
  });
});

describe('errors arrive as the client’s own classes', () => {
  const failing = async (act: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    const error: unknown = await act.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof OpenAI.APIError)) throw new Error('the call did not fail with an APIError');
    return error;
  };

  it('401', async () => {
    const stranger = new OpenAI({ apiKey: 'not-the-key', baseURL: `${server.url}/v1`, maxRetries: 0 });
    const error = await failing(stranger.chat.completions.create({ model: 'auto', messages: ask('hello') }));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error.code).toBe('unauthenticated');
  });

  it('404 with near names', async () => {
    const error = await failing(client.chat.completions.create({ model: 'm12', messages: ask('hello') }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error.code).toBe('model_not_found');
    expect(error.message).toContain('"m1"');
    expect(error.requestID).toBe((error.error as { request_id: string }).request_id);
  });

  it('400 with the field', async () => {
    const error = await failing(
      client.chat.completions.create({ model: 'auto', messages: [{ role: 'robot' as 'user', content: 'hello' }] }),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.param).toBe('messages[0].role');
  });

  it('422 when nobody can do it', async () => {
    const error = await failing(
      client.chat.completions.create({
        model: 'auto',
        messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }],
      }),
    );
    expect(error).toBeInstanceOf(OpenAI.UnprocessableEntityError);
    expect(error.code).toBe('no_candidate');
  });
});
