// Requests to and from the Responses format: what each field becomes, what is left out and said so, and what is refused.
import { describe, expect, it } from 'vitest';
import { CallerError } from '#shared/failures.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { ChatQuestion, ChatWire, RequestTarget } from '#lambda/wire/types.ts';

const chatWires = await loadChatWires();

const { anthropic, 'openai-chat': chat, 'openai-responses': responses } = chatWires;
const target: RequestTarget = { model: 'vendor/m', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: 4_000 };
const hi = { role: 'user', content: 'hi' };
const tool = { name: 'get', description: 'Gets.', input_schema: { type: 'object', properties: {} } };
const called = { type: 'function', function: { name: 'get', description: 'Gets.', parameters: tool.input_schema } };

/** What a question of `from` becomes at a provider of `to`. */
function sent(from: ChatWire, to: ChatWire, body: object, more: Partial<RequestTarget> = {}): Record<string, unknown> {
  const rendered = to.renderRequest(from.parseQuestion({ model: 'm', ...body }), null, { ...target, ...more });
  return JSON.parse(rendered.text) as Record<string, unknown>;
}

describe('a Responses request', () => {
  const toChat = (body: object) => sent(responses, chat, { input: 'hi', ...body });
  const call = { type: 'function', function: { name: 'get', arguments: '{}' } };
  it.each<readonly [string, object, object]>([
    ['a text', {}, { messages: [hi] }],
    ['instructions', { instructions: 'Be kind.' }, { messages: [{ role: 'system', content: 'Be kind.' }, hi] }],
    [
      'what developers say, before and in between',
      { instructions: 'A', input: [{ role: 'developer', content: 'B' }, hi, { role: 'developer', content: 'C' }] },
      { messages: [{ role: 'system', content: 'A\n\nB' }, hi, { role: 'user', content: 'C' }] },
    ],
    ['a bound', { max_output_tokens: 9 }, { max_tokens: 9 }],
    ['an effort', { reasoning: { effort: 'low' } }, { reasoning_effort: 'low' }],
    [
      'tools',
      { tools: [{ type: 'function', name: 'get', description: 'Gets.', parameters: tool.input_schema }] },
      { tools: [called] },
    ],
    [
      'calls and results',
      {
        input: [
          hi,
          { type: 'reasoning', summary: [] },
          { type: 'function_call', call_id: 'a', name: 'get', arguments: '{}' },
          { type: 'function_call', call_id: 'b', name: 'get', arguments: '{}' },
          { type: 'function_call_output', call_id: 'a', output: 'one' },
          { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'two' }] },
        ],
      },
      {
        messages: [
          hi,
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'a', ...call },
              { id: 'b', ...call },
            ],
          },
          { role: 'tool', tool_call_id: 'a', content: 'one' },
          { role: 'tool', tool_call_id: 'b', content: 'two' },
        ],
      },
    ],
    [
      'results behind their calls, whatever was said in between',
      {
        input: [
          hi,
          { type: 'function_call', call_id: 'a', name: 'get', arguments: '{}' },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'One moment.' }] },
          { type: 'function_call', call_id: 'b', name: 'get', arguments: '{}' },
          { type: 'message', role: 'user', content: 'Be quick.' },
          {
            type: 'function_call_output',
            call_id: 'a',
            output: [{ type: 'input_image', image_url: 'https://x.test/a.png' }],
          },
          { type: 'function_call_output', call_id: 'b', output: 'two' },
        ],
      },
      {
        messages: [
          hi,
          {
            role: 'assistant',
            content: 'One moment.',
            tool_calls: [
              { id: 'a', ...call },
              { id: 'b', ...call },
            ],
          },
          { role: 'tool', tool_call_id: 'a', content: 'The result follows in the next message.' },
          { role: 'tool', tool_call_id: 'b', content: 'two' },
          { role: 'user', content: 'Be quick.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Returned by the tool call a:' },
              { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
            ],
          },
        ],
      },
    ],
    [
      'a schema',
      { text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } } },
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
      },
    ],
    [
      'only the tools that are allowed',
      {
        tools: [
          { type: 'function', name: 'get', parameters: {} },
          { type: 'function', name: 'put', parameters: {} },
        ],
        tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'get' }] },
      },
      { tools: [{ function: { name: 'get' } }], tool_choice: 'required' },
    ],
  ])('tells %s', (_, body, expected) => {
    expect(toChat(body)).toMatchObject(expected);
  });

  it.each(['previous_response_id', 'conversation', 'prompt'])('refuses %s, and says what to do instead', (name) => {
    expect(() => responses.parseQuestion({ model: 'm', input: 'hi', [name]: 'x' })).toThrow(/stores no .* instead/);
  });

  it('gives tools of plain text one argument, and turns their calls back', () => {
    const body = { input: 'hi', tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches.' }] };
    expect(toChat(body)).toMatchObject({
      tools: [{ function: { name: 'apply_patch', parameters: { required: ['input'] } } }],
    });
    const question: ChatQuestion = responses.parseQuestion({ model: 'm', ...body });
    const answer = {
      id: 'r',
      model: 'm',
      created: 1,
      content: '',
      reasoning: '',
      refusal: '',
      toolCalls: [{ id: 'c', name: 'apply_patch', arguments: '{"input":"*** Begin"}' }],
      finish: 'tool_calls' as const,
      usage: null,
    };
    expect(JSON.parse(responses.renderReply(answer, question))).toMatchObject({
      output: [{ type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input: '*** Begin' }],
    });
  });

  it('is told to its own providers from every other format', () => {
    expect(sent(anthropic, responses, { max_tokens: 9, system: 'A', messages: [hi], tools: [tool] })).toEqual({
      model: 'vendor/m',
      input: [
        { type: 'message', role: 'system', content: 'A' },
        { type: 'message', role: 'user', content: 'hi' },
      ],
      store: false,
      max_output_tokens: 9,
      tools: [{ type: 'function', name: 'get', description: 'Gets.', parameters: tool.input_schema, strict: false }],
    });
  });
});

describe('thoughts of earlier answers at a provider of the Responses format', () => {
  const answer = { id: 'c1', model: 'm', created: 1, content: 'Yes.', reasoning: 'Hm.', refusal: '', toolCalls: [], finish: 'stop' as const, usage: null }; // prettier-ignore
  const told = JSON.parse(responses.renderReply(answer, responses.parseQuestion({ input: 'hi' }))) as {
    output: readonly { readonly type: string }[];
  };
  const begun = responses.openWriter(responses.parseQuestion({ input: 'hi' }));
  const streamed = begun.start(answer) + begun.text(answer, { kind: 'reasoning', text: 'Hm.' });
  const own = { type: 'reasoning', id: 'rs_68af', summary: [] };
  const render = (input: readonly object[], more: object = {}): [unknown, readonly string[]] => {
    const { text, dropped } = responses.renderRequest(responses.parseQuestion({ input, ...more }), null, target);
    return [(JSON.parse(text) as { input: readonly { type: string }[] }).input.map(({ type }) => type), dropped];
  };
  it('that somebody else thought are left out, since it knows nothing of them', () => {
    expect(told.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    expect(render(told.output)).toEqual([['message'], ['input.reasoning']]);
    const item = [...streamed.matchAll(/^data: (.*)$/gm)]
      .map((match) => JSON.parse(match[1] ?? '') as { item?: object })
      .find((event) => event.item !== undefined)?.item;
    expect(render([item ?? {}, { role: 'user', content: 'And?' }])[1]).toEqual(['input.reasoning']);
  });
  it('that it keeps, or can read again, go back to it', () => {
    const message = { type: 'message', role: 'user', content: 'And?' };
    expect(render([own, message])).toEqual([['reasoning', 'message'], []]);
    const sealed = { type: 'reasoning', summary: [], encrypted_content: 'gAAA' };
    expect(render([sealed, message], { store: false })).toEqual([['reasoning', 'message'], []]);
  });
  it('that are only referred to, as the AI SDK does, are left out unless it may keep them', () => {
    const message = { type: 'message', role: 'user', content: 'And?' };
    const [thought] = told.output as readonly { readonly id?: string }[];
    const refer = (id: unknown): object => ({ type: 'item_reference', id });
    expect(render([refer(thought?.id), message])).toEqual([['message'], ['input.reasoning']]);
    expect(render([refer(own.id), message])).toEqual([['item_reference', 'message'], []]);
    expect(render([refer(own.id), message], { store: false })).toEqual([['message'], ['input.reasoning']]);
    const { pivot, dropped } = responses.parseQuestion({ input: [refer(own.id), message] });
    expect([pivot['messages'], dropped]).toEqual([[{ role: 'user', content: 'And?' }], ['input.reasoning']]);
  });
  it('that nobody has kept are left out', () => {
    const message = { type: 'message', role: 'user', content: 'And?' };
    expect(render([own, message], { store: false })).toEqual([['message'], ['input.reasoning']]);
  });
});

describe('a wrong request', () => {
  it.each<readonly [ChatWire, object, string]>([
    [anthropic, { messages: [] }, 'messages'],
    [anthropic, { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [
      anthropic,
      { messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
      'messages[0].content[0].tool_use_id',
    ],
    [anthropic, { messages: [hi], tools: [{ name: 'x' }] }, 'tools[0].input_schema'],
    [anthropic, { messages: [hi], max_tokens: 0 }, 'max_tokens'],
    [anthropic, { messages: [hi], system: 5 }, 'system'],
    [responses, {}, 'input'],
    [responses, { input: [{ type: 'function_call', name: 'x', arguments: '{}' }] }, 'input[0].call_id'],
    [responses, { input: [{ type: 'item_reference', id: 'x' }] }, 'input[0]'],
    [responses, { input: 'hi', text: { format: { type: 'json_schema', schema: {} } } }, 'text.format.name'],
  ])('of $id names the field at fault', (wire, body, param) => {
    try {
      wire.parseQuestion({ model: 'm', ...body });
    } catch (error) {
      expect(error).toBeInstanceOf(CallerError);
      return expect(error).toMatchObject({ code: 'invalid_request', param });
    }
    throw new Error('it was taken');
  });
});
