// Nothing is lost in silence between formats: what has no place elsewhere is told in other words, noted, or asked only of those who know it.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import { converse } from '#lambda/wire/converse/index.ts';
import { lackOfPivot } from '#lambda/wire/pivot-lack.ts';
import type { ChatQuestion, ChatWire, RequestTarget, UpstreamWire } from '#lambda/wire/types.ts';

const { 'openai-chat': chat, 'openai-responses': responses, anthropic, gemini } = await loadChatWires();
const wires: readonly ChatWire[] = [chat, responses, anthropic, gemini];
const upstream: readonly UpstreamWire[] = [...wires, converse];
const target: RequestTarget = { model: 'm', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: 4_000 };
type Json = Readonly<Record<string, unknown>>;

const parse = (wire: WireId, body: Json): ReturnType<ChatWire['parseQuestion']> => {
  const found = wires.find(({ id }) => id === wire);
  if (found === undefined) throw new Error(`no wire ${wire}`);
  return found.parseQuestion({ model: 'm', ...(wire === 'anthropic' ? { max_tokens: 9 } : {}), ...body });
};
const others = (wire: WireId): UpstreamWire[] => upstream.filter(({ id }) => id !== wire);
const said = (content: unknown): Json => ({ messages: [{ role: 'user', content }] });
const contents = (...parts: Json[]): Json => ({ contents: [{ role: 'user', parts }] });
const hello = 'aGVsbG8=';

describe('what no answer makes sense without', () => {
  const search = { type: 'web_search_20250305', name: 'web_search' };
  const get = { name: 'get', input_schema: { type: 'object' } };
  it.each<readonly [string, WireId, Json, readonly string[]]>([
    [
      'a file that its provider keeps',
      'openai-chat',
      said([{ type: 'file', file: { file_id: 'file-1' } }]),
      ['messages[0].content[0].file'],
    ],
    [
      'sound as the answer',
      'openai-chat',
      { ...said('Sing.'), modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
      ['modalities'],
    ],
    [
      'a hosted tool that must be used',
      'anthropic',
      { ...said('News?'), tools: [search, get], tool_choice: { type: 'tool', name: 'web_search' } },
      ['tool_choice'],
    ],
    [
      'hosted tools of which one must be used',
      'anthropic',
      { ...said('News?'), tools: [search], tool_choice: { type: 'any' } },
      ['tool_choice'],
    ],
    [
      'the same of the Responses format',
      'openai-responses',
      { input: 'News?', tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } },
      ['tool_choice'],
    ],
    [
      'any of them',
      'openai-responses',
      { input: 'News?', tools: [{ type: 'web_search' }], tool_choice: 'required' },
      ['tool_choice'],
    ],
    [
      'one bare word of a list',
      'gemini',
      {
        ...contents({ text: 'Which?' }),
        generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a', 'b'] } },
      },
      ['generationConfig.responseMimeType'],
    ],
  ])('%s is asked only of those who speak %s', (_, wire, body, bound) => {
    expect(parse(wire, body).bound).toEqual(bound);
  });
  it.each<readonly [WireId, Json]>([
    ['anthropic', { ...said('Hi.'), tools: [search, get], tool_choice: { type: 'any' } }],
    ['anthropic', { ...said('Hi.'), tools: [search], tool_choice: { type: 'auto' } }],
    ['openai-responses', { input: 'Hi.', tools: [{ type: 'web_search' }] }],
    ['openai-chat', { ...said('Hi.'), modalities: ['text'] }],
    ['openai-chat', said([{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } }])],
  ])('what may be left out binds nobody: %s', (wire, body) => expect(parse(wire, body).bound).toEqual([]));
});

describe('a document that lies elsewhere', () => {
  const pdf = 'https://x.test/a.pdf?v=1';
  const asked: readonly (readonly [WireId, Json])[] = [
    ['anthropic', said([{ type: 'document', source: { type: 'url', url: pdf } }])],
    ['openai-responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_url: pdf }] }] }],
    ['gemini', contents({ fileData: { mimeType: 'application/pdf', fileUri: pdf } })],
  ];
  const told: Readonly<Record<string, string>> = {
    anthropic: `{"type":"document","source":{"type":"url","url":"${pdf}"}`,
    'openai-responses': `{"type":"input_file","file_url":"${pdf}"}`,
    gemini: `{"fileData":{"mimeType":"application/pdf","fileUri":"${pdf}"}}`,
  };
  const takers = upstream.filter(({ id }) => told[id] !== undefined);
  const lackOf = ({ lacks }: UpstreamWire, question: ChatQuestion): string | null => (lacks ?? lackOfPivot)(question);

  it.each(asked)('is told by its address, to whom takes one, where %s asks', (from, body) => {
    const question = parse(from, body);
    expect(question.bound).toEqual([]);
    expect(question.needs.documents).toBe(true);
    for (const wire of takers.filter(({ id }) => id !== from)) {
      expect([wire.id, lackOf(wire, question)]).toEqual([wire.id, null]);
      const { text, dropped } = wire.renderRequest(question, null, target);
      expect(text).toContain(told[wire.id]);
      expect(dropped).toEqual([]);
    }
  });

  it.each(asked)('is not asked of others, where %s asks', (from, body) => {
    const question = parse(from, body);
    const others = upstream.filter(({ id }) => told[id] === undefined);
    expect(others.map(({ id }) => id)).toEqual(['openai-chat', 'bedrock-converse']);
    for (const wire of others) expect([wire.id, lackOf(wire, question)]).toEqual([wire.id, 'messages.content.file']);
  });

  it.each([
    ['https://x.test/a.docx', ['anthropic', 'gemini']],
    ['https://x.test/a.csv', ['anthropic']],
    ['https://x.test/papers/2401.00001', []],
  ])('%s is not asked of %j, who do not take its kind', (file_url, expected) => {
    const question = parse('openai-responses', {
      input: [{ role: 'user', content: [{ type: 'input_file', file_url }] }],
    });
    const lacking = takers.filter((wire) => lackOf(wire, question) !== null).map(({ id }) => id);
    expect(lacking.toSorted()).toEqual(expected);
  });

  it('that came with its data lies nowhere else', () => {
    const file = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' };
    expect(lackOfPivot(parse('openai-chat', said([{ type: 'file', file }])))).toBeNull();
  });
});

describe('what an answer can do without is noted', () => {
  it.each<readonly [string, WireId, Json, string]>([
    [
      'citations',
      'anthropic',
      said([{ type: 'document', citations: { enabled: true }, source: { type: 'text', data: 'x' } }]),
      'messages.content.citations',
    ],
    [
      'an effort without thinking',
      'anthropic',
      { ...said('Hi.'), output_config: { effort: 'low' } },
      'output_config.effort',
    ],
    ['further output', 'openai-responses', { input: 'Hi.', include: ['message.output_text.logprobs'] }, 'include'],
    ['more work on it', 'openai-responses', { input: 'Hi.', reasoning: { mode: 'pro' } }, 'reasoning.mode'],
    [
      'the thoughts of one turn',
      'openai-responses',
      { input: 'Hi.', reasoning: { context: 'current_turn' } },
      'reasoning.context',
    ],
  ])('%s', (_, wire, body, name) => expect(parse(wire, body).dropped).toEqual([name]));
  it('one call at a time', () => {
    const tools = [{ type: 'function', function: { name: 'get' } }];
    const question = parse('openai-chat', { ...said('Hi.'), tools, parallel_tool_calls: false });
    expect(gemini.renderRequest(question, null, target).dropped).toEqual(['parallel_tool_calls']);
    expect(gemini.renderRequest(parse('openai-chat', { ...said('Hi.'), tools }), null, target).dropped).toEqual([]);
  });
  it('what changes nothing here is not', () => {
    const reasoning = { mode: 'standard', context: 'auto', summary: 'auto' };
    const plain = { input: 'Hi.', reasoning, include: ['reasoning.encrypted_content'], truncation: 'disabled' };
    expect(parse('openai-responses', plain).dropped).toEqual([]);
    expect(
      parse(
        'anthropic',
        said([{ type: 'document', citations: { enabled: false }, source: { type: 'text', data: 'x' } }]),
      ).dropped,
    ).toEqual([]);
  });
});

describe('what can be told in other words is', () => {
  it('a text among the parts of Gemini’s format, to everybody', () => {
    const part = { inlineData: { mimeType: 'text/markdown', data: hello } };
    const question = parse('gemini', contents(part, { text: 'What is it?' }));
    expect(question.bound).toEqual([]);
    for (const wire of others('gemini')) expect(wire.renderRequest(question, null, target).text).toContain('"hello"');
  });
  it('a tool that was found by searching for it', () => {
    const content = [{ type: 'tool_reference', tool_name: 'get_weather' }];
    const question = parse('anthropic', {
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'search', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content }] },
      ],
    });
    expect(question.bound).toEqual([]);
    expect(question.pivot['messages']).toContainEqual(
      expect.objectContaining({ role: 'tool', content: expect.stringContaining('get_weather') as string }),
    );
  });
  it('title and context of a document in pieces', () => {
    const source = { type: 'content', content: [{ type: 'text', text: 'Piece.' }] };
    const question = parse('anthropic', said([{ type: 'document', title: 'T', context: 'C', source }]));
    expect(JSON.stringify(question.pivot['messages'])).toContain('T\\nC');
  });
  it.each(['anthropic', 'gemini', 'bedrock-converse'])(
    'a file whose data names no type goes by its name, to %s',
    (id) => {
      const wire = upstream.find((one) => one.id === id);
      const file = { filename: 'a.pdf', file_data: 'JVBERi0xLjQK' };
      const sent = wire?.renderRequest(parse('openai-chat', said([{ type: 'file', file }])), null, target);
      expect(sent?.dropped).toEqual([]);
      expect(sent?.text).toContain('JVBERi0xLjQK');
      expect(sent?.text).toContain('pdf"');
    },
  );
  it.each(['anthropic', 'bedrock-converse'])('JSON without a schema, to %s, which has no mode for it', (id) => {
    const wire = upstream.find((one) => one.id === id);
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Who? Answer in JSON.' },
    ];
    const question = parse('openai-chat', { messages, response_format: { type: 'json_object' } });
    const sent = wire?.renderRequest(question, null, target);
    const body = JSON.parse(sent?.text ?? '') as { readonly system: unknown; readonly messages: readonly unknown[] };
    expect(JSON.stringify(body.system)).toMatch(/Be brief\.\\n\\n.*one JSON object/);
    expect(body.messages).toHaveLength(1);
    // Asked for in words, it is not certain.
    expect(sent?.dropped).toEqual(['response_format']);
  });
  it('an effort in the words of OpenRouter', () => {
    const question = parse('openai-chat', { ...said('Hi.'), reasoning: { effort: 'high' } });
    for (const wire of others('openai-chat')) {
      const { text, dropped } = wire.renderRequest(question, null, {
        ...target,
        maxOutputTokens: 60_000,
        quirks: [{ kind: 'effort', as: 'reasoning_effort' }],
      });
      expect(dropped).toEqual([]);
      expect(text).toMatch(/"effort":"high"|reasoning_effort":"high"|budget_tokens|thinkingBudget/);
    }
  });

  it.each([
    ['reasoning_effort', { reasoning_effort: 'max' }],
    ['a budget of OpenRouter’s', { reasoning: { max_tokens: 30_000 } }],
    ['a budget as LiteLLM takes it', { thinking: { type: 'enabled', budget_tokens: 30_000 } }],
  ])('much thought, told by %s, is much thought in every format', (_, body) => {
    const question = parse('openai-chat', { ...said('Hi.'), ...body });
    for (const wire of others('openai-chat')) {
      const { text, dropped } = wire.renderRequest(question, null, {
        ...target,
        maxOutputTokens: 60_000,
        quirks: [{ kind: 'effort', as: 'thinking' }],
      });
      expect([wire.id, dropped]).toEqual([wire.id, []]);
      expect(text).toMatch(/"effort":"(?:high|max)"|"(?:budget_tokens|thinkingBudget)":(?:24576|32768)/);
    }
  });
  it.each(['anthropic', 'gemini', 'bedrock-converse'])('an effort that nobody knows is listed, to %s', (id) => {
    const question = parse('openai-chat', { ...said('Hi.'), reasoning_effort: 'heroic' });
    const wire = upstream.find((one) => one.id === id);
    const quirks = [{ kind: 'effort' as const, as: 'thinking' as const }];
    expect(wire?.renderRequest(question, null, { ...target, quirks }).dropped).toEqual(['reasoning_effort']);
  });
  it('a tier of service that others do not have is listed, unless it is the usual one', () => {
    const dropped = (tier: string): readonly string[] =>
      parse('openai-responses', { input: 'Hi.', service_tier: tier }).dropped;
    expect([dropped('priority'), dropped('auto'), dropped('default')]).toEqual([['service_tier'], [], []]);
  });
});
