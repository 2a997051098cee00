// Models of packages by each version of the specification: what they are asked, and what is made of their answers.
import { describe, expect, it } from 'vitest';
import { createPluginUpstream } from '#lambda/plugins/upstream.ts';
import { toErrorBody } from '#lambda/plugins/answer.ts';
import { toCall } from '#lambda/plugins/prompt.ts';
import type { UpstreamCall, UpstreamError, UpstreamListener } from '#lambda/ports.ts';

const png = 'data:image/png;base64,AAAA';
const body = {
  messages: [
    { role: 'system', content: 'Be kind.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'this' },
        { type: 'image_url', image_url: { url: png } },
      ],
    },
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }] },
    { role: 'tool', tool_call_id: 'a', content: 'one' },
  ],
  max_tokens: 50,
  temperature: 0.5,
  stop: 'x',
  reasoning_effort: 'low',
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
  tool_choice: { type: 'function', function: { name: 'f' } },
  response_format: { type: 'json_schema', json_schema: { name: 'out', schema: { type: 'object' } } },
};

it('what a model has refused before is told', () => {
  const { prompt } = toCall({ messages: [{ role: 'assistant', content: null, refusal: 'No.' }] }, 'v3');
  expect(prompt).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'No.' }] }]);
});

it.each([
  ['v2', 'AAAA', undefined],
  ['v3', 'AAAA', undefined],
  ['v4', { type: 'data', data: 'AAAA' }, 'low'],
])('%s is asked in its own words', (version, data, reasoning) => {
  expect(toCall(body, version)).toEqual({
    prompt: [
      { role: 'system', content: 'Be kind.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'this' },
          { type: 'file', mediaType: 'image/png', data },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'f', input: { x: 1 } }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'f', output: { type: 'text', value: 'one' } }],
      },
    ],
    maxOutputTokens: 50,
    temperature: 0.5,
    stopSequences: ['x'],
    ...(reasoning === undefined ? {} : { reasoning }),
    tools: [{ type: 'function', name: 'f', inputSchema: { type: 'object' } }],
    toolChoice: { type: 'tool', toolName: 'f' },
    responseFormat: { type: 'json', schema: { type: 'object' }, name: 'out' },
  });
});

interface Got {
  status: number;
  text: string;
  error: UpstreamError | null;
}

/** Sends a call to a package that makes this provider. */
function send(provider: unknown, path: string, given: UpstreamCall['body'], contentType = 'application/json') {
  const upstream = createPluginUpstream({
    upstream: { start: () => expect.unreachable(), close: () => Promise.resolve() },
    load: () =>
      Promise.resolve({
        createThing: (settings: unknown) => (expect(settings).toEqual({ apiKey: 'k', region: 'eu' }), provider),
      }),
    nowMs: () => 1_000,
  });
  const options = Buffer.from('{"region":"eu"}').toString('base64url');
  return new Promise<Got>((resolve) => {
    const got: Got = { status: 0, text: '', error: null };
    const listener: UpstreamListener = {
      onHead: (status) => void (got.status = status),
      onData: (chunk) => void (got.text += Buffer.from(chunk).toString()),
      onEnd: () => resolve(got),
      onError: (error) => resolve({ ...got, error }),
    };
    const headers = { authorization: 'Bearer k', 'content-type': contentType };
    const times = { headTimeoutMs: 0, idleTimeoutMs: 0 };
    upstream.start(
      { method: 'POST', url: `plugin:///thing/${options}${path}`, headers, body: given, ...times },
      listener,
    );
  });
}

const usages = {
  v2: { inputTokens: 5, outputTokens: 7, reasoningTokens: 2, cachedInputTokens: 1 },
  v3: { inputTokens: { total: 5, cacheRead: 1 }, outputTokens: { total: 7, reasoning: 2 } },
};

describe.each([
  ['v2', 'tool-calls', usages.v2],
  ['v3', { unified: 'tool-calls', raw: 'x' }, usages.v3],
])('an answer of %s', (specificationVersion, finishReason, usage) => {
  const call = { type: 'tool-call', toolCallId: 'a', toolName: 'f', input: '{"x":1}' };
  const languageModel = () => ({
    specificationVersion,
    doGenerate: () =>
      Promise.resolve({
        content: [{ type: 'reasoning', text: 'Hm.' }, { type: 'text', text: 'Hi.' }, call],
        finishReason,
        usage,
      }),
    doStream: () =>
      Promise.resolve({
        stream: ReadableStream.from([
          { type: 'stream-start', warnings: [] },
          { type: 'text-delta', id: '0', delta: 'Hi.' },
          { type: 'tool-input-start', id: 'a', toolName: 'f' },
          { type: 'tool-input-delta', id: 'a', delta: '{"x":1}' },
          call,
          { type: 'finish', finishReason, usage },
        ]),
      }),
  });
  const used = {
    prompt_tokens: 5,
    completion_tokens: 7,
    prompt_tokens_details: { cached_tokens: 1 },
    completion_tokens_details: { reasoning_tokens: 2 },
  };

  it('is told whole', async () => {
    const { status, text } = await send({ languageModel }, '/chat/completions', '{"model":"m","messages":[]}');
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      {
        model: 'm',
        choices: [
          {
            finish_reason: 'tool_calls',
            message: {
              content: 'Hi.',
              reasoning_content: 'Hm.',
              tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
            },
          },
        ],
        usage: used,
      },
    ]);
  });

  it('is told as a stream, calls once', async () => {
    const { text } = await send({ languageModel }, '/chat/completions', '{"model":"m","messages":[],"stream":true}');
    expect(text.match(/"name":"f"/g)).toHaveLength(1);
    expect(text).toContain('"finish_reason":"tool_calls"');
    expect(text).toContain('"cached_tokens":1');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

it('a recording is heard', async () => {
  const form = new FormData();
  form.set('model', 'ears');
  form.set('file', new Blob(['RIFF'], { type: 'audio/wav' }), 'a.wav');
  const request = new Request('http://x.test', { method: 'POST', body: form });
  const asked: unknown[] = [];
  const doGenerate = (given: unknown) => {
    asked.push(given);
    return Promise.resolve({
      text: 'Hello.',
      durationInSeconds: 1.5,
      segments: [{ text: 'Hello.', startSecond: 0, endSecond: 1.5 }],
    });
  };
  const provider = { transcriptionModel: () => ({ doGenerate }) };
  const bytes = new Uint8Array(await request.arrayBuffer());
  const { text } = await send(provider, '/audio/transcriptions', bytes, request.headers.get('content-type') ?? '');
  expect(JSON.parse(text)).toEqual({
    text: 'Hello.',
    duration: 1.5,
    segments: [{ id: 0, start: 0, end: 1.5, text: 'Hello.' }],
  });
  expect(asked).toMatchObject([{ mediaType: 'audio/wav', audio: new Uint8Array(Buffer.from('RIFF')) }]);
});

it('a package without models of the kind says so', async () => {
  const { status, text } = await send({}, '/chat/completions', '{}');
  expect([status, text]).toEqual([404, expect.stringContaining('makes no language models')]);
});

it('what fails below HTTP is no reply', async () => {
  const languageModel = () => ({ doGenerate: () => Promise.reject(new TypeError('fetch failed')) });
  const { error } = await send({ languageModel }, '/chat/completions', '{}');
  expect(error).toMatchObject({ kind: 'network', message: 'fetch failed' });
});

it.each([
  [{ name: 'AI_APICallError', statusCode: 429, message: 'slow', responseHeaders: { 'retry-after': '3' } }, 429],
  [{ name: 'AI_LoadAPIKeyError', message: 'no key' }, 401],
  [{ name: 'AI_NoSuchModelError', message: 'none' }, 404],
  [{ name: 'AI_UnsupportedFunctionalityError', message: 'not so' }, 400],
  [{ name: 'TypeError', message: 'fetch failed' }, null],
])('the error %o has the status %s', (error, status) => {
  expect(toErrorBody(error)).toMatchObject({ status, body: { error: { message: error.message } } });
});
