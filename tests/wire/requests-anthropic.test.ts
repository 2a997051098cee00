// Requests to and from the Anthropic format: what each field becomes, what is left out and said so, and what is refused.
import { describe, expect, it } from 'vitest';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { ChatWire, RequestTarget } from '#lambda/wire/types.ts';
import { findFields, joinParts } from '#lambda/wire/splice.ts';

const chatWires = await loadChatWires();

const { anthropic, 'openai-chat': chat } = chatWires;
const target: RequestTarget = { model: 'vendor/m', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: 4_000 };
const hi = { role: 'user', content: 'hi' };
const tool = { name: 'get', description: 'Gets.', input_schema: { type: 'object', properties: {} } };
const called = { type: 'function', function: { name: 'get', description: 'Gets.', parameters: tool.input_schema } };

/** What a question of `from` becomes at a provider of `to`. */
function sent(from: ChatWire, to: ChatWire, body: object, more: Partial<RequestTarget> = {}): Record<string, unknown> {
  const rendered = to.renderRequest(from.parseQuestion({ model: 'm', ...body }), null, { ...target, ...more });
  return JSON.parse(rendered.text) as Record<string, unknown>;
}
const dropped = (from: ChatWire, to: ChatWire, body: object): readonly string[] => {
  const question = from.parseQuestion({ model: 'm', ...body });
  return [...question.dropped, ...to.renderRequest(question, null, target).dropped];
};

describe('a Messages request at a provider of chat completions', () => {
  const toChat = (body: object) => sent(anthropic, chat, { max_tokens: 10, messages: [hi], ...body });
  it.each<readonly [string, object, object]>([
    ['a bound', {}, { model: 'vendor/m', max_tokens: 10, messages: [hi] }],
    ['a system text', { system: 'Be kind.' }, { messages: [{ role: 'system', content: 'Be kind.' }, hi] }],
    [
      'system blocks',
      {
        system: [
          { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'B' },
        ],
      },
      { messages: [{ role: 'system', content: 'A\n\nB' }, hi] },
    ],
    ['stops', { stop_sequences: ['X'] }, { stop: ['X'] }],
    ['a stream, with usage', { stream: true }, { stream: true, stream_options: { include_usage: true } }],
    ['tools', { tools: [tool], tool_choice: { type: 'any' } }, { tools: [called], tool_choice: 'required' }],
    [
      'one tool at a time',
      { tools: [tool], tool_choice: { type: 'tool', name: 'get', disable_parallel_tool_use: true } },
      { tool_choice: { type: 'function', function: { name: 'get' } }, parallel_tool_calls: false },
    ],
    ['a small budget of thought', { thinking: { type: 'enabled', budget_tokens: 1_024 } }, { reasoning_effort: 'low' }],
    ['a large one', { thinking: { type: 'enabled', budget_tokens: 32_000 } }, { reasoning_effort: 'high' }],
    ['an effort', { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, { reasoning_effort: 'high' }],
    [
      'a schema',
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'output', schema: { type: 'object' } } } },
    ],
  ])('tells %s', (_, body, expected) => {
    expect(toChat(body)).toMatchObject(expected);
  });

  it('tells calls and their results, pictures among them', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' } };
    const { messages } = toChat({
      messages: [
        hi,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'x' },
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_use', id: 't1', name: 'get', input: { a: 1 } },
            { type: 'tool_use', id: 't2', name: 'get', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'one' }, image] },
            { type: 'tool_result', tool_use_id: 't2', content: 'no', is_error: true },
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    });
    const call = (id: string, given: string) => ({ id, type: 'function', function: { name: 'get', arguments: given } });
    expect(messages).toEqual([
      hi,
      { role: 'assistant', content: 'Let me see.', tool_calls: [call('t1', '{"a":1}'), call('t2', '{}')] },
      { role: 'tool', tool_call_id: 't1', content: 'one' },
      { role: 'tool', tool_call_id: 't2', content: 'Error: no' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Returned by the tool call t1:' },
          { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,QUJD' } },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ]);
  });

  it('tells documents', () => {
    const pdf = {
      type: 'document',
      title: 'a.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data: 'QQ==' },
    };
    const plain = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Words.' } };
    expect(toChat({ messages: [{ role: 'user', content: [pdf, plain] }] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QQ==' } },
          { type: 'text', text: 'Words.' },
        ],
      },
    ]);
  });

  it('says what is left out', () => {
    const body = {
      max_tokens: 9,
      messages: [hi],
      top_k: 5,
      tools: [tool, { type: 'web_search_20250305', name: 'web_search' }],
    };
    expect(dropped(anthropic, chat, body)).toEqual(['tools.web_search', 'top_k']);
    expect(sent(anthropic, chat, body)['tools']).toEqual([called]);
  });

  it('binds what only its own format can carry', () => {
    const image = { type: 'image', source: { type: 'file', file_id: 'f' } };
    const question = anthropic.parseQuestion({
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: [hi, image].slice(1) }],
    });
    expect(question.bound).toEqual(['messages[0].content[0].source']);
  });
});

describe('a chat completions request at a provider of messages', () => {
  const toClaude = (body: object, more: Partial<RequestTarget> = {}) =>
    sent(chat, anthropic, { messages: [hi], ...body }, more);
  const block = { type: 'text', text: 'hi' };
  it.each<readonly [string, object, object]>([
    [
      'the bound of the model',
      {},
      { model: 'vendor/m', max_tokens: 4_000, messages: [{ role: 'user', content: [block] }] },
    ],
    ['a lower bound', { max_completion_tokens: 7 }, { max_tokens: 7 }],
    ['no higher one', { max_tokens: 70_000 }, { max_tokens: 4_000 }],
    [
      'the system apart',
      { messages: [{ role: 'developer', content: 'A' }, hi, { role: 'system', content: 'B' }] },
      { system: 'A\n\nB' },
    ],
    ['a temperature within its range', { temperature: 1.7, top_p: 0.5 }, { temperature: 1 }],
    ['how many tokens to choose from', { top_k: 40 }, { top_k: 40 }],
    ['stops', { stop: 'X' }, { stop_sequences: ['X'] }],
    ['tools', { tools: [called], tool_choice: 'required' }, { tools: [tool], tool_choice: { type: 'any' } }],
    [
      'older functions',
      { functions: [called.function], function_call: { name: 'get' } },
      { tools: [tool], tool_choice: { type: 'tool', name: 'get' } },
    ],
    [
      'one call at a time',
      { tools: [called], parallel_tool_calls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    ['the user', { user: 'u1' }, { metadata: { user_id: 'u1' } }],
    ['a budget of thought', { reasoning_effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 2_048 } }],
    [
      'a schema, closed',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: { type: 'object', properties: { a: { type: 'object' } } } },
        },
      },
      {
        output_config: {
          format: { schema: { additionalProperties: false, properties: { a: { additionalProperties: false } } } },
        },
      },
    ],
  ])('tells %s', (_, body, expected) => {
    expect(toClaude(body)).toMatchObject(expected);
  });

  it('tells results of parallel calls in one message, under ids the format allows', () => {
    const call = (id: string) => ({ id, type: 'function', function: { name: 'get', arguments: '{"a":1}' } });
    const { messages } = toClaude({
      messages: [
        hi,
        { role: 'assistant', content: null, tool_calls: [call('functions.get:0'), call('c2')] },
        { role: 'tool', tool_call_id: 'functions.get:0', content: 'one' },
        { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'two' }] },
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: [block] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'functions_get_0', name: 'get', input: { a: 1 } },
          { type: 'tool_use', id: 'c2', name: 'get', input: { a: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'functions_get_0', content: 'one' },
          { type: 'tool_result', tool_use_id: 'c2', content: 'two' },
        ],
      },
    ]);
  });

  it('tells pictures and documents', () => {
    const parts = [
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QQ==' } },
    ];
    expect(toClaude({ messages: [{ role: 'user', content: parts }] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'QQ==' }, title: 'a.pdf' },
        ],
      },
    ]);
  });

  it('tells documents that are text as text, and says which it can not', () => {
    const file = (type: string, data: string) => ({
      type: 'file',
      file: { filename: 'a', file_data: `data:${type};base64,${data}` },
    });
    const body = {
      messages: [
        {
          role: 'user',
          content: [
            file('text/plain', 'R3LDvMOfZSE='),
            file('text/csv', '/w=='),
            file('image/png', 'QUJD'),
            file('application/zip', 'QUJD'),
          ],
        },
      ],
    };
    expect(toClaude(body)['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße!' }, title: 'a' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
        ],
      },
    ]);
    expect(dropped(chat, anthropic, body)).toEqual(['messages.content.file']);
  });

  it('tells pictures among the result of a tool', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'get', arguments: '{}' } };
    const content = [
      { type: 'text', text: 'See:' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
    ];
    const messages = [
      hi,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content },
    ];
    expect(toClaude({ messages })['messages']).toMatchObject([
      {},
      {},
      {
        content: [
          {
            type: 'tool_result',
            content: [
              { type: 'text', text: 'See:' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
            ],
          },
        ],
      },
    ]);
  });

  it('tells calls of one id apart, and their results', () => {
    const call = (name: string) => ({ id: 'call_0', type: 'function', function: { name, arguments: '{}' } });
    const result = (content: string) => ({ role: 'tool', tool_call_id: 'call_0', content });
    const { messages } = toClaude({
      messages: [
        hi,
        { role: 'assistant', content: null, tool_calls: [call('a')] },
        result('1'),
        { role: 'assistant', content: null, tool_calls: [call('b'), call('c')] },
        result('2'),
        result('3'),
      ],
    }) as { messages: { content: { type: string; id?: string; tool_use_id?: string; content?: string }[] }[] };
    const blocks = messages.flatMap(({ content }) => content);
    const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    expect(new Set(calls).size).toBe(3);
    expect(blocks.flatMap((one) => (one.type === 'tool_result' ? [[one.tool_use_id, one.content]] : []))).toEqual(
      calls.map((id, index) => [id, String(index + 1)]),
    );
  });

  it('thinks only where the format lets it', () => {
    const effort = { reasoning_effort: 'high', temperature: 0.5 };
    expect(toClaude(effort)).not.toHaveProperty('temperature');
    expect(toClaude({ ...effort, tools: [called], tool_choice: 'required' })).not.toHaveProperty('thinking');
    expect(toClaude(effort, { stripped: ['thinking'] })).toMatchObject({ output_config: { effort: 'high' } });
    expect(toClaude({ ...effort, max_tokens: 100 })).not.toHaveProperty('thinking');
  });

  it.each<readonly [string, object, readonly string[]]>([
    ['one of two ways to sample', { temperature: 0.5, top_p: 0.9 }, ['top_p']],
    ['none that says nothing', { temperature: 0.5, top_p: 1 }, []],
    ['both, of who thinks', { reasoning_effort: 'high', temperature: 0.5, top_p: 0.9 }, ['top_p', 'temperature']],
    ['how many tokens to choose from, of who thinks', { reasoning_effort: 'high', top_k: 40 }, ['top_k']],
    ['thoughts without room', { reasoning_effort: 'high', max_tokens: 100 }, ['reasoning_effort']],
    [
      'thoughts before a tool that must be used',
      { reasoning_effort: 'low', tools: [called], tool_choice: 'required' },
      ['reasoning_effort'],
    ],
    ['no thoughts, as they were asked for', { reasoning_effort: 'none', max_tokens: 100 }, []],
  ])('says that it leaves out %s', (_, body, expected) => {
    expect(dropped(chat, anthropic, { messages: [hi], ...body })).toEqual(expected);
  });

  it('says what is left out', () => {
    expect(
      dropped(chat, anthropic, { messages: [hi], seed: 1, logit_bias: {}, stream_options: null, logprobs: false }),
    ).toEqual(['seed', 'logit_bias']);
  });
});

describe('a request of the provider’s own format', () => {
  it('stays as the caller wrote it', () => {
    const body = {
      model: 'm',
      max_tokens: 5,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
      top_k: 1.0,
      freeway: {},
    };
    const text = JSON.stringify(body).replace('"top_k":1', '"top_k":1.0');
    const question = anthropic.parseQuestion(body);
    const { parts = [], dropped: left } = anthropic.renderRequest(question, findFields(text), target);
    expect(joinParts(text, parts)).toBe(text.replace('"model":"m"', '"model":"vendor/m"').replace(',"freeway":{}', ''));
    expect(left).toEqual([]);
  });
  it('loses thoughts that nobody signed', () => {
    const thought = { type: 'thinking', thinking: 'Hm.', signature: '' };
    const signed = { ...thought, signature: 'abc' };
    const messages = [hi, { role: 'assistant', content: [thought, signed, { type: 'text', text: 'A' }] }, hi];
    expect(sent(anthropic, anthropic, { max_tokens: 5, messages })['messages']).toEqual([
      hi,
      { role: 'assistant', content: [signed, { type: 'text', text: 'A' }] },
      hi,
    ]);
  });
  it('loses thoughts that the provider has refused, as somebody else signed them, and with them thinking on', () => {
    const thought = { type: 'thinking', thinking: 'Hm.', signature: 'abc' };
    const use = { type: 'tool_use', id: 'a', name: 'f', input: {} };
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] };
    const messages = [hi, { role: 'assistant', content: [thought, use] }, result];
    const body = { max_tokens: 5_000, messages, thinking: { type: 'enabled', budget_tokens: 1_024 } };
    const told = sent(anthropic, anthropic, body, { stripped: ['messages[].thought_signature'] });
    expect(told['messages']).toEqual([hi, { role: 'assistant', content: [use] }, result]);
    expect(told).not.toHaveProperty('thinking');
  });
  it('loses messages that were nothing but such thoughts', () => {
    const thought = { type: 'thinking', thinking: 'Hm.', signature: '' };
    const messages = [hi, { role: 'assistant', content: [thought] }, hi];
    expect(sent(anthropic, anthropic, { max_tokens: 5, messages })['messages']).toEqual([hi, hi]);
  });
  describe('goes on with a turn of tool calls', () => {
    const thought = { type: 'thinking', thinking: 'Hm.', signature: 'abc' };
    const use = { type: 'tool_use', id: 'a', name: 'f', input: {} };
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] };
    const thinking = { type: 'enabled', budget_tokens: 1_024 };
    const ask = (content: object[], more: object = {}): Record<string, unknown> =>
      sent(anthropic, anthropic, {
        max_tokens: 2_048,
        thinking,
        messages: [hi, { role: 'assistant', content }, result],
        ...more,
      });

    it.each([
      ['that it began itself', [thought, use], {}],
      ['with thoughts that may stand anywhere', [use], { thinking: { type: 'adaptive' } }],
    ])('%s, thinking', (_, content, more) => {
      expect(ask(content, more)).toMatchObject({ thinking: { thinking, ...more }.thinking });
    });

    it.each([
      ['in silence', [use]],
      ['with unsigned thoughts', [{ ...thought, signature: '' }, use]],
    ])('that another began %s, without thinking, which it would refuse', (_, content) => {
      const clearing = { type: 'clear_thinking_20251015', keep: 'all' };
      const others = { type: 'clear_tool_uses_20250919' };
      const told = ask(content, { context_management: { edits: [clearing, others] } });
      expect(told).not.toHaveProperty('thinking');
      expect(told).toMatchObject({ context_management: { edits: [others] } });
      expect(ask(content, { context_management: { edits: [clearing] } })).not.toHaveProperty('context_management');
    });
  });
});

describe('a chat with thoughts that other routers tell as signed by Claude', () => {
  const thought = { type: 'thinking', thinking: 'Hm, well.', signature: 'abc' };
  const secret = { type: 'redacted_thinking', data: 'xyz' };
  const format = 'anthropic-claude-v1';
  const text = { type: 'reasoning.text', format, index: 0 };
  const encrypted = { type: 'reasoning.encrypted', format, index: 1, data: 'xyz' };
  const tool_calls = [{ id: 'a', type: 'function', function: { name: 'get', arguments: '{}' } }];
  const use = { type: 'tool_use', id: 'a', name: 'get', input: {} };
  const ask = (message: object, more: Partial<RequestTarget> = {}): Record<string, unknown> => {
    const before = { role: 'assistant', content: 'Let me see.', tool_calls, ...message };
    const messages = [hi, before, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    return sent(chat, anthropic, { messages, tools: [called], reasoning_effort: 'low' }, more);
  };
  const said = { type: 'text', text: 'Let me see.' };
  const contentOf = (body: Record<string, unknown>): unknown =>
    (body['messages'] as { content: unknown }[])[1]?.content;

  it.each([
    ['OpenRouter', { reasoning_details: [{ ...text, text: 'Hm, well.', signature: 'abc' }, encrypted] }],
    [
      'OpenRouter, in pieces of a stream',
      {
        reasoning_details: [
          { ...text, text: 'Hm,' },
          { ...text, text: ' well.' },
          { ...text, signature: 'abc' },
          encrypted,
        ],
      },
    ],
    ['LiteLLM', { thinking_blocks: [thought, secret] }],
  ])('%s: Claude is told them, and thinks on', (_, message) => {
    const told = ask(message);
    expect(contentOf(told)).toEqual([thought, secret, said, use]);
    expect(told).toHaveProperty('thinking');
    expect(contentOf(ask(message, { stripped: ['messages[].thought_signature'] }))).toEqual([said, use]);
  });

  it.each([
    ['of other models', { reasoning_details: [{ ...encrypted, format: 'openai-responses-v1' }] }],
    ['that are a summary', { reasoning_details: [{ type: 'reasoning.summary', format, index: 0, summary: 'Hm.' }] }],
    [
      'that nobody signed',
      { reasoning_details: [{ ...text, text: 'Hm.' }], thinking_blocks: [{ ...thought, signature: '' }] },
    ],
  ])('none %s', (_, message) => {
    const told = ask(message);
    expect(contentOf(told)).toEqual([said, use]);
    expect(told).not.toHaveProperty('thinking');
  });
});
