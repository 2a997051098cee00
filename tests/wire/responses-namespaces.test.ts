// Tools in namespaces, as agents send those of their MCP servers in the Responses format: other formats know one name for each.
import { describe, expect, it } from 'vitest';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { RequestTarget } from '#lambda/wire/types.ts';

const { anthropic, gemini, 'openai-chat': chat, 'openai-responses': responses } = await loadChatWires();
const target: RequestTarget = { model: 'vendor/m', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: 4_000 };
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const get = { type: 'function', name: 'get', description: 'Gets.', strict: false, parameters };
const group = (name: string, tools: readonly object[]): object => ({
  type: 'namespace',
  name,
  description: `About ${name}.`,
  tools,
});
const weather = group('mcp__weather', [get, { ...get, name: 'set' }]);

const questionOf = (body: object) => responses.parseQuestion({ model: 'm', input: 'hi', ...body });
const toChat = (body: object): Record<string, unknown> =>
  JSON.parse(chat.renderRequest(questionOf(body), null, target).text) as Record<string, unknown>;
const namesOf = (body: object): string[] =>
  (toChat(body)['tools'] as { function: { name: string } }[]).map((tool) => tool.function.name);

const answerOf = (name: string, text = '{"city":"Rome"}') => ({
  id: 'r',
  model: 'm',
  created: 1,
  content: '',
  reasoning: '',
  refusal: '',
  toolCalls: [{ id: 'c', name, arguments: text }],
  finish: 'tool_calls' as const,
  usage: null,
});

describe('tools in namespaces', () => {
  it('are offered to every format by one name each, and what is said of the group once', () => {
    const tools = [get, weather];
    expect(toChat({ tools })['tools']).toEqual([
      { type: 'function', function: { name: 'get', description: 'Gets.', strict: false, parameters } },
      {
        type: 'function',
        function: {
          name: 'mcp__weather__get',
          description: 'About mcp__weather.\n\nGets.',
          strict: false,
          parameters,
        },
      },
      { type: 'function', function: { name: 'mcp__weather__set', description: 'Gets.', strict: false, parameters } },
    ]);
    expect(questionOf({ tools }).dropped).toEqual([]);
    for (const wire of [anthropic, gemini])
      expect(wire.renderRequest(questionOf({ tools }), null, target).text).toContain('"mcp__weather__set"');
  });

  it('reach providers of the same format as they are', () => {
    const { text } = responses.renderRequest(questionOf({ tools: [weather] }), null, target);
    expect(JSON.parse(text)).toMatchObject({ tools: [weather] });
  });

  it('are called here by both names, whole and streamed', () => {
    const question = questionOf({ tools: [get, weather] });
    const call = { type: 'function_call', call_id: 'c', namespace: 'mcp__weather', name: 'get', arguments: '{"city":"Rome"}' }; // prettier-ignore
    expect(JSON.parse(responses.renderReply(answerOf('mcp__weather__get'), question))).toMatchObject({
      output: [call],
    });
    const writer = responses.openWriter(question);
    const head = { id: 'r', model: 'm', created: 1 };
    const closing = { usage: null, freeway: {} } as Parameters<typeof writer.finish>[2];
    const stream =
      writer.start(head) +
      writer.tool(head, { index: 0, id: 'c', name: 'mcp__weather__get', arguments: '{"city":' }) +
      writer.tool(head, { index: 0, arguments: '"Rome"}' }) +
      writer.finish(head, 'tool_calls', closing);
    const events = stream.split('\n').filter((line) => line.startsWith('data: '));
    const items = events
      .map((line) => JSON.parse(line.slice(6)) as { type: string; item?: object })
      .filter(({ type }) => type.startsWith('response.output_item'))
      .map(({ item }) => item);
    expect(items).toMatchObject([{ ...call, arguments: '' }, call]);
  });

  it('outside of any are called by their own name, which is no one else’s', () => {
    const question = questionOf({ tools: [get, weather] });
    const told = responses.renderReply(answerOf('get'), question);
    expect((JSON.parse(told) as { output: object[] }).output[0]).not.toHaveProperty('namespace');
  });

  it('are told of in earlier turns by the name they are offered by', () => {
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'function_call', call_id: 'c', namespace: 'mcp__weather', name: 'get', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'sunny' },
      { type: 'function_call', call_id: 'd', namespace: 'gone', name: 'get', arguments: '{}' },
      { type: 'function_call_output', call_id: 'd', output: '' },
    ];
    const { messages } = toChat({ input, tools: [weather] }) as { messages: { tool_calls?: unknown[] }[] };
    expect(messages.flatMap(({ tool_calls: calls }) => calls ?? [])).toMatchObject([
      { id: 'c', function: { name: 'mcp__weather__get' } },
      { id: 'd', function: { name: 'gone__get' } },
    ]);
  });

  it('have names that are unlike all others, in letters that all take, and no longer than they take', () => {
    const long = 'n'.repeat(70);
    const tools = [
      { ...get, name: 'a__get' },
      group('a', [get]),
      group(long, [get, { ...get, name: 'set' }]),
      group('what else?', [get]),
    ];
    const names = namesOf({ tools });
    expect(names).toEqual(['a__get', 'a__get_2', 'n'.repeat(64), `${'n'.repeat(62)}_2`, 'what_else___get']);
    const told = responses.renderReply(answerOf(`${'n'.repeat(62)}_2`), questionOf({ tools }));
    expect(JSON.parse(told)).toMatchObject({ output: [{ namespace: long, name: 'set' }] });
  });

  it('may take plain text', () => {
    const tools = [group('edit', [{ type: 'custom', name: 'patch' }])];
    const told = responses.renderReply(answerOf('edit__patch', '{"input":"*** Begin"}'), questionOf({ tools }));
    expect(JSON.parse(told)).toMatchObject({
      output: [{ type: 'custom_tool_call', namespace: 'edit', name: 'patch', input: '*** Begin' }],
    });
  });

  it('can be chosen, alone or by their group', () => {
    const tools = [get, weather];
    const choose = (choice: object): object => toChat({ tools, tool_choice: choice });
    expect(choose({ type: 'function', namespace: 'mcp__weather', name: 'get' })).toMatchObject({
      tool_choice: { type: 'function', function: { name: 'mcp__weather__get' } },
    });
    expect(choose({ type: 'function', name: 'set' })).toMatchObject({
      tool_choice: { function: { name: 'mcp__weather__set' } },
    });
    const allowed = (one: object) => ({ tools, tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [one] } });
    expect(namesOf(allowed({ type: 'namespace', name: 'mcp__weather' }))).toEqual(['mcp__weather__get', 'mcp__weather__set']); // prettier-ignore
    expect(namesOf(allowed({ type: 'function', name: 'get' }))).toEqual(['get', 'mcp__weather__get']);
  });

  it('may come in the middle of a conversation, and are offered once', () => {
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'additional_tools', role: 'developer', tools: [weather] },
      { type: 'tool_search_call', call_id: 's', arguments: {} },
      { type: 'tool_search_output', call_id: 's', tools: [weather] },
    ];
    expect(namesOf({ input })).toEqual(['mcp__weather__get', 'mcp__weather__set']);
    expect(questionOf({ input })).toMatchObject({ bound: [] });
  });

  it.each([
    [[{ type: 'namespace', tools: [get] }], 'tools[0].name'],
    [[{ type: 'namespace', name: 'a' }], 'tools[0].tools'],
    [[{ type: 'namespace', name: 'a', tools: [{ type: 'function' }] }], 'tools[0].tools[0].name'],
  ])('are refused where they are none: %j', (tools, param) => {
    expect(() => questionOf({ tools })).toThrow(expect.objectContaining({ param }));
  });

  it('are called by the same name after a stream of their own format was gone on with elsewhere', () => {
    const writer = responses.openWriter(questionOf({ tools: [weather] }));
    const head = { id: 'r', model: 'm', created: 1 };
    const passed = (json: object): void => writer.passed?.({ event: undefined, data: JSON.stringify(json), raw: '' } as never); // prettier-ignore
    passed({ type: 'response.created', sequence_number: 0, response: { id: 'r' } });
    passed({ type: 'response.output_item.added', sequence_number: 1, output_index: 0, item: { id: 'fc_r_0', type: 'function_call', call_id: 'c', namespace: 'mcp__weather', name: 'get', arguments: '' } }); // prettier-ignore
    const rest = writer.tool(head, { index: 0, arguments: '{}' });
    const end = writer.finish(head, 'tool_calls', { usage: null, freeway: {} } as never);
    expect(rest + end).toContain('"namespace":"mcp__weather"');
    expect(rest + end).not.toContain('mcp__weather__get');
  });
});
