import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toInvokeAnswer, toInvokeError } from '#lambda/wire/invoke/answer.ts';
import { toChatBody } from '#lambda/wire/invoke/question.ts';

const samples = JSON.parse(
  readFileSync(new URL('../fixtures/invoke/call_llm_rust.test_events.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, unknown>>;

const headers = {
  'x-freeway-route': 'alpha/org/model-1',
  'x-freeway-credential': 'alpha',
  'x-freeway-tier': 'free',
  'x-freeway-attempts': '2',
  'x-freeway-cost-usd': '0.0001',
  'x-freeway-request-id': 'req_1',
};

describe('payload of a direct invoke', () => {
  it.each(Object.keys(samples))('%s: becomes a chat request', (name) => {
    const { provider_config: _, ...payload } = samples[name] ?? {};
    const body = toChatBody(payload);
    expect(body).toMatchObject({ model: 'auto', temperature: 0.7 });
    expect(body).not.toHaveProperty('stream');
    for (const tool of (body['tools'] ?? []) as Record<string, unknown>[])
      expect(tool).toMatchObject({
        type: 'function',
        function: { name: expect.any(String), parameters: { type: 'object' } },
      });
  });

  it('turns blocks of a conversation with tools into calls and results', () => {
    const { messages } = toChatBody(samples['conversation_with_tool_result_anthropic']);
    expect(messages).toEqual([
      { role: 'user', content: "What's the weather like in Tokyo?" },
      {
        role: 'assistant',
        content: [{ type: 'text', text: "I'll check the weather in Tokyo for you." }],
        tool_calls: [
          {
            id: 'toolu_01A09q90qw90lkjsdf',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"location":"Tokyo, Japan"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'toolu_01A09q90qw90lkjsdf', content: expect.stringContaining('22°C') },
    ]);
  });

  it('drops the empty text that agents put beside a call', () => {
    const { messages } = toChatBody(samples['conversation_with_tool_result_openai']);
    expect((messages as Record<string, unknown>[])[1]).toMatchObject({ role: 'assistant', content: null });
  });

  it('brings back what a call of our own answer was signed with', () => {
    const call = {
      id: 'c1',
      type: 'function',
      function: { name: 'add', arguments: '{"a":1}' },
      extra_content: { google: { thought_signature: 'c2lnbmVk' } },
    };
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const body = JSON.stringify({ model: 'm', choices: [{ message, finish_reason: 'tool_calls' }] });
    const answer = toInvokeAnswer({ headers, body, ms: 1 });
    const { messages } = toChatBody({ messages: [{ role: 'user', content: 'Add.' }, answer.message] });
    expect((messages as Record<string, unknown>[])[1]).toEqual(message);
  });

  it('keeps what is in the words of the chat format already', () => {
    const message = { role: 'tool', tool_call_id: 'a', content: 'b' };
    const tool = { type: 'function', function: { name: 'f', parameters: {} } };
    const body = toChatBody({ messages: [message], tools: [tool], seed: 7, system: 'Be brief.' });
    expect(body).toEqual({
      model: 'auto',
      messages: [{ role: 'system', content: 'Be brief.' }, message],
      tools: [tool],
      seed: 7,
    });
  });

  it('carries images, failed tools and words beside results', () => {
    const content = [
      { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'no such table' }], is_error: true },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'text', text: 'Look.' },
    ];
    expect(toChatBody({ messages: [{ role: 'user', content }] })['messages']).toEqual([
      { role: 'tool', tool_call_id: 't', content: 'Error: no such table' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'text', text: 'Look.' },
        ],
      },
    ]);
  });

  it.each([
    ['no messages', { operation: 'chat' }, 'messages'],
    ['an unknown role', { messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    ['a tool without a name', { messages: [{ role: 'user', content: 'x' }], tools: [{}] }, 'tools[0].name'],
    [
      'an image without source',
      { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
      'messages[0].content[0]',
    ],
    ['no object', 'hello', ''],
  ])('refuses %s, naming the field', (_, payload, param) => {
    expect(() => toChatBody(payload)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});

describe('answer to a direct invoke', () => {
  it('tells message, calls and who answered', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } };
    const body = JSON.stringify({
      choices: [{ finish_reason: 'tool_calls', message: { role: 'assistant', content: 'So:', tool_calls: [call] } }],
      usage: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 },
    });
    expect(toInvokeAnswer({ headers, body, ms: 12.4 })).toEqual({
      message: {
        role: 'assistant',
        content: [
          { type: 'text', text: 'So:' },
          { type: 'tool_use', id: 'c1', name: 'add', input: { a: 1 } },
        ],
        tool_calls: [call],
      },
      function_calls: [{ id: 'c1', name: 'add', input: { a: 1 } }],
      metadata: {
        provider_id: 'alpha',
        model_id: 'org/model-1',
        credential: 'alpha',
        tier: 'free',
        attempts: 2,
        cost_usd: 0.0001,
        latency_ms: 12,
        request_id: 'req_1',
        stop_reason: 'tool_calls',
        tokens_used: { input_tokens: 10, output_tokens: 4, total_tokens: 14 },
      },
    });
  });

  it('leaves what is not known unknown, and broken arguments as they are', () => {
    const calls = [{ id: 'c', function: { name: 'f', arguments: '{"a":' } }];
    const body = JSON.stringify({ choices: [{ message: { content: null, tool_calls: calls } }] });
    const answer = toInvokeAnswer({ headers: {}, body, ms: 1 });
    expect(answer.function_calls).toEqual([{ id: 'c', name: 'f', input: '{"a":' }]);
    expect(answer.metadata).toMatchObject({ tokens_used: null, cost_usd: null, model_id: null });
  });

  it.each([
    ['exhausted', [], 'CapacityExhausted'],
    ['model_not_found', [], 'ModelNotFound'],
    ['upstream_failed', ['bad_credential', 'not_entitled'], 'ProviderAuth'],
    ['upstream_failed', ['bad_credential', 'overloaded'], 'UpstreamFailed'],
    ['no_such_code', [], 'Internal'],
  ])('names %s after %j as %s', (code, failures, name) => {
    const attempts = failures.map((failure) => ({ failure }));
    const error = toInvokeError({
      headers,
      body: JSON.stringify({ error: { message: 'No.', code, attempts } }),
      ms: 1,
    });
    expect(error).toMatchObject({ name, message: 'No. (request req_1)' });
  });
});
