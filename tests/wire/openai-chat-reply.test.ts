import { describe, expect, it } from 'vitest';
import { dialects } from '#lambda/wire/index.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import type { ParsedReply } from '#lambda/wire/types.ts';
import { chatReplies, recording } from './recorded.ts';
import { anyQuestion } from './streams.ts';

const context = { dialect: dialects.generic, nowMs: 0 };
const parse = (reply: unknown): ParsedReply =>
  openaiChat.parseReply(typeof reply === 'string' ? reply : JSON.stringify(reply), context);

function answer(message: object, rest: object = {}): object {
  return {
    id: 'i',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...rest }],
  };
}

describe('recorded replies', () => {
  it('are many', () => expect(chatReplies.length).toBeGreaterThan(35));

  it.each(chatReplies)('$name holds an answer', ({ name, dialect, reply }) => {
    const parsed = openaiChat.parseReply(reply.body, { dialect: dialects[dialect], nowMs: 0 });
    expect(parsed.failure).toBeNull();
    const raw = JSON.parse(reply.body) as {
      model: string;
      usage?: { prompt_tokens: number; completion_tokens: number };
    };
    expect(parsed.facts?.model).toBe(raw.model);
    expect(parsed.facts?.usage?.inputTokens).toBe(raw.usage?.prompt_tokens);
    expect(parsed.facts?.usage?.outputTokens).toBe(raw.usage?.completion_tokens);
    expect(parsed.facts?.finish).toBe(name.includes('chat-tool') && parsed.facts?.toolCalls ? 'tool_calls' : 'stop');
    expect((parsed.facts?.contentLength ?? 0) + (parsed.facts?.toolCalls ?? 0)).toBeGreaterThan(0);
    const normal = parsed.facts?.normalise?.() ?? reply.body;
    const again = openaiChat.parseReply(normal, context);
    expect(again.facts).toEqual({ ...parsed.facts, normalise: null });
  });

  it.each(chatReplies)('$name survives being written anew', ({ reply }) => {
    const answered = openaiChat.toAnswer(reply.body);
    if (answered === null) throw new Error('no answer');
    expect(openaiChat.toAnswer(openaiChat.renderReply(answered, anyQuestion))).toEqual({
      ...answered,
      ...(answered.usage === null
        ? {}
        : { usage: expect.not.objectContaining({ reportedCostUsd: expect.anything() }) as unknown }),
    });
  });

  it.each([
    ['mistral/chat-tool+reason-magistral', 'What is 2+2?\n\\[ 2 + 2 = 4 \\]\n\n${answer}', /^Okay, the user/],
    ['cloudflare/chat-schema', '{"name":"Emily Wilson","age":32}', /^undefined$/],
  ])('%s is made readable for official clients', (part, content, reasoning) => {
    const { reply } = recording(part);
    const normal = JSON.parse(openaiChat.parseReply(reply.body, context).facts?.normalise?.() ?? reply.body) as {
      choices: { message: { content: string; reasoning_content?: string } }[];
    };
    expect(normal.choices[0]?.message.content).toBe(content);
    expect(String(normal.choices[0]?.message.reasoning_content)).toMatch(reasoning);
  });
});

describe('the nulls that providers leave out', () => {
  const complete = (body: string): string => {
    const { facts } = openaiChat.parseReply(body, context);
    return facts?.normalise?.() ?? body;
  };
  const reply = (message: string, more = ''): string =>
    `{"id":"a","object":"chat.completion","created":1e3,"model":"m","choices":[{"index":0,"message":${message},"finish_reason":"stop"}${more}]}`;

  it.each([
    ['both', reply('{"role":"assistant","content":"Grüß \\"message\\":{ dich"}')],
    [
      'with calls',
      reply(
        '{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}',
      ),
    ],
  ])('are written into the text, and nothing else: %s', (_, body) => {
    const text = complete(body);
    expect(text.replace('"logprobs":null,', '').replace('"refusal":null,', '')).toBe(body);
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ logprobs: null, message: { refusal: null } }],
    });
  });

  it.each(['"No."', 'null'])('are not written over a refusal that was told: %s', (refusal) => {
    const body = reply(`{"refusal":${refusal},"role":"assistant","content":"a"}`);
    expect(complete(body)).toBe(body.replace('"message"', '"logprobs":null,"message"'));
  });

  it('are not written over probabilities that were told', () => {
    const body = reply('{"role":"assistant","content":"a"}').replace('"index"', '"logprobs":{"content":[]},"index"');
    expect(complete(body)).toBe(body.replace('"message":{', '"message":{"refusal":null,'));
  });

  it.each([
    ['white space', reply('{"role":"assistant","content":"a"}').replace('"message":', '"message" : ')],
    ['two messages', reply('{"role":"assistant","content":"a","x":{"message":{}}}')],
    [
      'two choices',
      reply('{"role":"assistant","content":"a"}', ',{"index":1,"message":{"role":"assistant","content":"b"}}'),
    ],
    ['no role', reply('{"content":"a"}')],
    ['no calls', reply('{"role":"assistant","content":"a","tool_calls":[]}')],
  ])('are there whatever the text looks like: %s', (_, body) => {
    const { choices } = JSON.parse(complete(body)) as { choices: { message: object }[] };
    for (const choice of choices) {
      expect(choice).toMatchObject({ logprobs: null, message: { role: 'assistant', refusal: null } });
      expect(choice.message).not.toHaveProperty('tool_calls');
    }
  });
});

describe('parseReply', () => {
  it.each([
    ['an empty body', '', 'bad_reply', /empty body/],
    ['a web page', '<!doctype html><title>x</title>', 'bad_reply', /web page/],
    ['broken JSON', '{"choices":[', 'bad_reply', /not valid JSON/],
    ['a stream', 'data: {}\n\n', 'bad_reply', /event stream/],
    ['a number', '5', 'bad_reply', /no chat completion/],
    ['no choices', { id: 'i', choices: [] }, 'bad_reply', /without any choice/],
    ['an empty message', answer({ content: '' }), 'bad_reply', /empty message/],
    ['a null message', answer({ content: null, tool_calls: null }), 'bad_reply', /empty message/],
    [
      'a filtered message',
      answer({ content: null }, { finish_reason: 'content_filter' }),
      'content_filtered',
      /filter/,
    ],
    ['an answer that broke off', answer({ content: 'a' }, { finish_reason: 'error' }), 'bad_reply', /broke/],
    [
      'a call that nobody can carry out',
      answer({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"city": "Os' } }] }),
      'bad_reply',
      /arguments are no JSON/,
    ],
    ['an error', { error: { message: 'Slow down', code: 429 } }, 'rate_limited', /Slow down/],
    ['an error with its status as text', { error: { message: 'x y', code: '503' } }, 'overloaded', /x y/],
    ['an error in an array', [{ error: { message: 'Key', status: 'INVALID', code: 401 } }], 'bad_credential', /Key/],
    [
      'an error without an envelope',
      { message: 'Limit', type: 'too_many_requests_error', code: 'request_quota_exceeded' },
      'rate_limited',
      /Limit/,
    ],
    ['an error of text', { error: "model 'x' not found" }, 'model_missing', /not found/],
    ['an error nobody knows', { error: { message: 'Something odd' } }, 'bad_reply', /Something odd/],
    ['an error of validation', { detail: 'nope' }, 'bad_reply', /nope/],
  ])('takes %s for a failure', (_, reply, kind, message) => {
    const { failure, facts } = parse(reply);
    expect(facts).toBeNull();
    expect(failure?.kind).toBe(kind);
    expect(failure?.message).toMatch(message);
  });

  it.each([
    [
      'cut by length before any word',
      answer({ content: '' }, { finish_reason: 'length' }),
      { finish: 'length', contentLength: 0 },
    ],
    ['of a refusal', answer({ content: null, refusal: 'No.' }), { contentLength: 3 }],
    ['of reasoning alone', answer({ content: null, reasoning: 'Hm' }), { contentLength: 2 }],
    [
      'of a tool call that ends with stop',
      answer({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }),
      { finish: 'tool_calls', toolCalls: 1 },
    ],
    [
      'of a tool call with an object',
      answer({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: { a: 1 } } }] }),
      { normalise: expect.any(Function) as unknown, contentLength: 7 },
    ],
    ['of the older function call', answer({ function_call: { name: 'f', arguments: '{}' } }), { toolCalls: 1 }],
    ['with a message beside the choices', { message: 'ok', ...answer({ content: 'a' }) }, { contentLength: 1 }],
    ['with an error of null', { error: null, ...answer({ content: 'a' }) }, { contentLength: 1 }],
    ['with an unknown ending', answer({ content: 'a' }, { finish_reason: 'constructor' }), { finish: 'other' }],
  ])('takes an answer %s', (_, reply, facts) => {
    expect(parse(reply)).toMatchObject({ failure: null, facts });
  });

  it.each([
    [
      { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      { inputTokens: 5, outputTokens: 2 },
    ],
    [
      { prompt_tokens: 5, completion_tokens: 2, total_tokens: 17, completion_tokens_details: { reasoning_tokens: 10 } },
      { inputTokens: 5, outputTokens: 12, reasoningTokens: 10 },
    ],
    [{ prompt_tokens: 5, completion_tokens: null }, { inputTokens: 5 }],
    [
      { prompt_tokens: 5, cached_tokens: 3 },
      { inputTokens: 5, cachedInputTokens: 3 },
    ],
    [
      { prompt_tokens: 5, prompt_cache_hit_tokens: 9 },
      { inputTokens: 5, cachedInputTokens: 5 },
    ],
    [
      { prompt_tokens: 0, completion_tokens: 0, cost: 0 },
      { inputTokens: 0, outputTokens: 0, reportedCostUsd: 0 },
    ],
    [{ cost: { total_cost: 0.5 } }, { reportedCostUsd: 0.5 }],
    [{ cost_in_usd_ticks: 37_756_000 }, { reportedCostUsd: 0.0037756 }],
    [{ prompt_tokens: -1, completion_tokens: 'x' }, null],
    [null, null],
  ])('reads usage %j', (usage, expected) => {
    expect(parse({ ...answer({ content: 'a' }), usage }).facts?.usage).toEqual(expected);
  });
});

interface Answered {
  readonly choices: readonly { readonly message: { readonly tool_calls: readonly { readonly function: object }[] } }[];
}

describe('arguments of a call', () => {
  it.each([
    ['empty text', { name: 'f', arguments: '' }],
    ['nothing', { name: 'f' }],
    ['null', { name: 'f', arguments: null }],
  ])('that are %s are an empty object, which clients can read', (_, target) => {
    const message = { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: target }] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    const body = JSON.stringify({ id: 'a', object: 'chat.completion', created: 1, model: 'm', choices });
    const normal = JSON.parse(openaiChat.parseReply(body, context).facts?.normalise?.() ?? body) as Answered;
    expect(normal.choices[0]?.message.tool_calls[0]?.function).toEqual({ name: 'f', arguments: '{}' });
    expect(openaiChat.toAnswer(body)?.toolCalls).toMatchObject([{ name: 'f', arguments: '{}' }]);
  });
  it.each([
    ['that a bound has cut short', '{"city": "Os', 'length'],
    ['of nothing', '', 'tool_calls'],
  ])('%s are an answer', (_, given, finish) => {
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: given } }];
    expect(parse(answer({ tool_calls: calls }, { finish_reason: finish })).facts?.toolCalls).toBe(1);
  });
});

describe('what a whole reply lacks', () => {
  const complete = (reply: object): Record<string, unknown> => {
    const body = JSON.stringify(reply);
    const parsed = openaiChat.parseReply(body, { ...context, nowMs: 5_000 });
    return JSON.parse(parsed.facts?.normalise?.() ?? body) as Record<string, unknown>;
  };
  const f = { name: 'f', arguments: '{}' };

  it('is put in its place', () => {
    expect(complete({ choices: [{ message: { content: 'a' } }] })).toMatchObject({
      id: 'gen-3uw',
      created: 5,
      model: '',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'a', refusal: null } }],
    });
    expect(complete(answer({ tool_calls: [{ id: 'a', function: f }] }, { finish_reason: null }))).toMatchObject({
      choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'a', type: 'function', function: f }] } }],
    });
  });

  it.each([
    ['no ids', [{ function: f }, { id: '', type: 'function', function: f }]],
    [
      'one id for all',
      [
        { id: 'a', type: 'function', function: f },
        { id: 'a', type: 'function', function: f },
      ],
    ],
  ])('are ids of its calls: %s', (_, calls) => {
    const reply = answer({ content: null, tool_calls: calls });
    const { choices } = complete(reply) as { choices: { message: { tool_calls: { id: string }[] } }[] };
    const ids = choices[0]?.message.tool_calls.map(({ id }) => id) ?? [];
    expect(new Set(ids.filter((id) => id !== '')).size).toBe(2);
    expect(openaiChat.toAnswer(JSON.stringify(reply))?.toolCalls.map(({ id }) => id)).toEqual(ids);
  });
});
