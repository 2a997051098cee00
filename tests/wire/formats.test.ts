// Recorded streams and replies of the Anthropic, Responses and Gemini formats: read whole, byte by byte and cut, and told in every other format and back.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFacts } from '#lambda/wire/facts.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { Answer, ChatWire, FrameFacts } from '#lambda/wire/types.ts';
import { recorded } from './recorded.ts';
import { createJudge } from './specs.ts';
import { anyQuestion, collect, context, coreOf, factsOf, framesOf, writeAnswer, writeFacts } from './streams.ts';

const chatWires = await loadChatWires();

const others = [chatWires['openai-responses'], chatWires.anthropic, chatWires.gemini] as const;
const wires: readonly ChatWire[] = [chatWires['openai-chat'], ...others];

interface Stream {
  readonly name: string;
  readonly wire: ChatWire;
  readonly text: string;
}

const chunks = new URL('../fixtures/wire-chunks/', import.meta.url);

/** Files that hold one event a line. */
function readChunks(wire: ChatWire): Stream[] {
  return readdirSync(new URL(`${wire.id}/`, chunks)).map((name) => {
    const lines = readFileSync(new URL(`${wire.id}/${name}`, chunks), 'utf8')
      .trim()
      .split('\n');
    const toFrame = (line: string): string => `event: ${/"type":"([a-z_.]+)"/.exec(line)?.[1]}\ndata: ${line}\n\n`;
    return { name, wire, text: lines.map(toFrame).join('') };
  });
}

const paths: Readonly<Record<string, RegExp>> = { anthropic: /\/v1\/messages/, gemini: /enerateContent/ };
const pathOf = (wire: ChatWire): RegExp => paths[wire.id] ?? /\/responses/;
const of = (wire: ChatWire, isStream: boolean): Stream[] =>
  recorded
    .filter(({ url, reply }) => pathOf(wire).test(url) && reply.status === 200)
    .filter(({ reply }) => /^(?:: |data: |event: )/.test(reply.body) === isStream)
    .map(({ name, reply }) => ({ name, wire, text: reply.body }));
const streams = others.flatMap((wire) => [...of(wire, true), ...(wire.id === 'gemini' ? [] : readChunks(wire))]);
const replies = others.flatMap((wire) => of(wire, false));

describe('recorded streams', () => {
  it('are many', () => expect(streams.length).toBeGreaterThan(20));

  it.each(streams)('$name says the same whole and character by character', ({ wire, text }) => {
    expect(factsOf(wire, framesOf(text))).toEqual(factsOf(wire, framesOf([text])));
  });

  it.each(streams)('$name cut after any frame is a beginning of the whole answer, without an end', ({ wire, text }) => {
    const frames = framesOf([text]);
    const whole = collect(wire, frames);
    const end = factsOf(wire, frames).findIndex(({ finish }) => finish !== null);
    for (let count = 0; count <= frames.length; count++) {
      const part = collect(wire, frames.slice(0, count));
      expect(whole.content.startsWith(part.content)).toBe(true);
      expect(whole.reasoning.startsWith(part.reasoning)).toBe(true);
      expect(part.finish === null).toBe(end < 0 || count <= end);
    }
  });

  it.each(streams)('$name is the same told in every format and read back', ({ wire, text }) => {
    const facts = factsOf(wire, framesOf([text]));
    const answer = collect(wire, framesOf([text]));
    if (answer.finish === null) return expect(facts.some(({ failure }) => failure !== null)).toBe(true);
    for (const other of wires) {
      const again = collect(other, framesOf([writeFacts(other, facts)]));
      expect(coreOf(again)).toEqual(coreOf(answer));
    }
  });

  it.each(streams)('$name, passed on up to any frame, goes on as one stream', ({ wire, text }) => {
    const frames = framesOf([text]);
    const facts = factsOf(wire, frames);
    const head = facts.find((one) => one.head !== null)?.head;
    const end = facts.findIndex(({ finish, failure, opaque }) => finish !== null || failure !== null || opaque);
    if (!head) throw new Error('no head');
    for (let count = 1; count <= (end < 0 ? 0 : end); count++) {
      const writer = wire.openWriter({ ...anyQuestion, wire: wire.id });
      const passed = frames.slice(0, count);
      for (const frame of passed) writer.passed?.(frame);
      const rest =
        writer.text(head, { kind: 'content', text: 'and so on' }) +
        writer.finish(head, 'stop', { usage: null, freeway: {} });
      const before = collect(wire, passed);
      const joined = collect(wire, framesOf([passed.map(({ raw }) => raw).join('') + rest]));
      expect(joined.content).toBe(`${before.content}and so on`);
      expect(joined.finish).toBe(before.toolCalls.length > 0 ? 'tool_calls' : 'stop');
    }
  });

  it.each<readonly [string, Partial<Answer>]>([
    ['anthropic-tool-no-args', { finish: 'tool_calls', toolCalls: [expect.objectContaining({ arguments: '{}' })] }],
    ['anthropic-refusal', { finish: 'content_filter', content: '' }],
    ['anthropic-message-delta-input-tokens', { content: 'pong', usage: { inputTokens: 61, outputTokens: 2 } }],
    [
      'anthropic/chat-stream-reason',
      { finish: 'stop', reasoning: expect.stringMatching(/^This is a question about/) as string },
    ],
    ['openai/responses-stream-tool+reason-gpt_5.4', { finish: 'tool_calls' }],
    ['xai/responses-stream-reason', { finish: 'stop' }],
    ['lmstudio-tool-call', { finish: 'tool_calls', toolCalls: [expect.objectContaining({ name: 'weather' })] }],
  ] as readonly (readonly [string, Partial<Answer>])[])('%s is read', (part, expected) => {
    const found = streams.find(({ name }) => name.includes(part));
    if (!found) throw new Error(`no stream ${part}`);
    expect(collect(found.wire, framesOf([found.text]))).toMatchObject(expected);
  });

  it('tells an error in the middle of a stream', () => {
    const found = streams.find(({ name }) => name.includes('openai-error'));
    const facts = found ? factsOf(found.wire, framesOf([found.text])) : [];
    expect(facts.some(({ failure }) => failure !== null)).toBe(true);
  });
});

describe('recorded replies', () => {
  it('are many', () => expect(replies.length).toBeGreaterThan(12));

  it.each(replies)('$name is an answer, the same told in every format and read back', ({ wire, text }) => {
    const parsed = wire.parseReply(text, context);
    const answer = wire.toAnswer(text);
    if (answer === null) throw new Error('no answer');
    expect(parsed.failure).toBeNull();
    expect(parsed.facts).toMatchObject({ usage: answer.usage, finish: answer.finish, normalise: null });
    expect(answer.usage?.inputTokens).toBeGreaterThan(0);
    for (const other of wires) {
      const again = other.toAnswer(other.renderReply(answer, anyQuestion));
      expect(again && coreOf(again)).toEqual(coreOf(answer));
      expect(again?.usage).toMatchObject({
        inputTokens: answer.usage?.inputTokens,
        outputTokens: answer.usage?.outputTokens,
      });
      expect(coreOf(collect(other, framesOf([writeAnswer(other, answer)])))).toEqual(coreOf(answer));
    }
  });

  it.each(others)('of $id that hold nothing are none', (wire) => {
    for (const text of [
      '',
      '<html>',
      '[]',
      '{}',
      '{"content":[]}',
      '{"output":[],"status":"completed"}',
      '{"error":{"message":"no"}}',
    ])
      expect(wire.parseReply(text, context).failure).not.toBeNull();
  });
});

const json = fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
  maxKeys: 4,
});
const words = fc.string({ unit: 'grapheme', maxLength: 60 });
const anyAnswer = fc
  .record({ content: words, reasoning: words, calls: fc.array(json, { maxLength: 3 }) })
  .filter(({ content, calls }) => content !== '' || calls.length > 0)
  .map(({ content, reasoning, calls }): Answer => ({
    id: 'r1',
    model: 'm',
    created: 7,
    content,
    reasoning,
    refusal: '',
    toolCalls: calls.map((given, index) => ({
      id: `call_${index}`,
      name: `tool_${index}`,
      arguments: JSON.stringify(given),
    })),
    finish: calls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 11, outputTokens: 5 },
  }));

/** The answer in pieces of any size; calls grow side by side, and text among them, when they are told to. */
function toPieces({ content, reasoning, toolCalls, finish }: Answer, size: number, sideBySide: boolean): FrameFacts[] {
  const cut = (text: string): string[] => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  const text = (kind: 'content' | 'reasoning') => (piece: string) =>
    toFacts({
      id: 'r1',
      model: 'm',
      created: 7,
      content: '',
      reasoning: '',
      refusal: '',
      toolCalls: [],
      finish: null,
      usage: null,
      [kind]: piece,
    });
  const calls = toolCalls.map((call, index) => {
    const first = { index, id: call.id, name: call.name, arguments: '' };
    return [first, ...cut(call.arguments).map((piece) => ({ index, id: null, name: null, arguments: piece }))];
  });
  const longest = Math.max(0, ...calls.map(({ length }) => length));
  const woven = sideBySide
    ? Array.from({ length: longest }, (_, at) => calls.flatMap((pieces) => pieces.slice(at, at + 1))).flat()
    : calls.flat();
  const base = toFacts({
    id: 'r1',
    model: 'm',
    created: 7,
    content: '',
    reasoning: '',
    refusal: '',
    toolCalls: [],
    finish: null,
    usage: null,
  });
  const said = cut(content).map(text('content'));
  const called = woven.map((call) => ({ ...base, content: true, toolCall: true, calls: [call] }));
  const both = sideBySide
    ? Array.from({ length: Math.max(said.length, called.length) }, (_, at) =>
        [called[at], said[at]].flatMap((one) => one ?? []),
      )
    : [said, called];
  return [...cut(reasoning).map(text('reasoning')), ...both.flat(), { ...base, finish }];
}

describe('any answer', () => {
  it.each(wires)('streams through $id in any pieces', (wire) => {
    fc.assert(
      fc.property(anyAnswer, fc.integer({ min: 1, max: 9 }), fc.boolean(), (answer, size, sideBySide) => {
        const text = writeFacts(wire, toPieces(answer, size, sideBySide));
        expect(coreOf(collect(wire, framesOf([text])))).toEqual(coreOf(answer));
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is written', () => {
  const judge = createJudge('openai-2.3.0.schema.json');
  const judgeOpen = createJudge('openresponses-2026-04-24.schema.json');
  const answer: Answer = {
    id: 'r1',
    model: 'm',
    created: 7,
    content: 'Hello.',
    reasoning: 'Hm.',
    refusal: '',
    toolCalls: [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }],
    finish: 'tool_calls',
    usage: { inputTokens: 11, outputTokens: 5, cachedInputTokens: 2, reasoningTokens: 1 },
  };
  const question = chatWires['openai-responses'].parseQuestion({
    model: 'm',
    input: 'hi',
    stream: true,
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
  });
  const cases = [
    answer,
    { ...answer, toolCalls: [], finish: 'length' as const },
    { ...answer, content: '', reasoning: '', toolCalls: [], refusal: 'No.', finish: 'stop' as const },
  ];

  it.each(cases)('is a chat completion, whole and streamed: $finish', (one) => {
    const wire = chatWires['openai-chat'];
    expect(judge('CreateChatCompletionResponse', JSON.parse(wire.renderReply(one, anyQuestion)))).toEqual([]);
    for (const { data } of framesOf([writeAnswer(wire, one)]))
      if (data !== '[DONE]') expect(judge('CreateChatCompletionStreamResponse', JSON.parse(data ?? ''))).toEqual([]);
  });

  it.each(cases)('is a response, whole and streamed: $finish', (one) => {
    const wire = chatWires['openai-responses'];
    const whole: unknown = JSON.parse(wire.renderReply(one, question));
    expect(judge('Response', whole)).toEqual([]);
    expect(judgeOpen('ResponseResource', whole)).toEqual([]);
    for (const { data } of framesOf([writeAnswer(wire, one, question)]))
      expect(judge('ResponseStreamEvent', JSON.parse(data ?? ''))).toEqual([]);
  });
});

describe('tokens read from a prompt cache and written to one', () => {
  const usage = { inputTokens: 100, outputTokens: 5, cachedInputTokens: 60, cacheWriteTokens: 30 };
  const answer: Answer = {
    id: 'r1',
    model: 'm',
    created: 7,
    content: 'Hello.',
    reasoning: '',
    refusal: '',
    toolCalls: [],
    finish: 'stop',
    usage,
  };

  it.each([
    ['openai-chat', { prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } }],
    ['openai-responses', { input_tokens: 100, input_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } }],
    ['anthropic', { input_tokens: 10, cache_creation_input_tokens: 30, cache_read_input_tokens: 60 }],
  ] as const)('are told apart in replies of %s, and read from them', (id, told) => {
    const wire = chatWires[id];
    const whole = wire.renderReply(answer, anyQuestion);
    expect((JSON.parse(whole) as { usage: unknown }).usage).toMatchObject(told);
    expect(wire.toAnswer(whole)?.usage).toMatchObject(usage);
    expect(collect(wire, framesOf([writeAnswer(wire, answer)])).usage).toMatchObject(usage);
  });

  it('are told apart by how long the Anthropic format keeps them', () => {
    const { anthropic } = chatWires;
    const long = { ...usage, longCacheWriteTokens: 20 };
    const whole = anthropic.renderReply({ ...answer, usage: long }, anyQuestion);
    const { cache_creation: told } = (JSON.parse(whole) as { usage: { cache_creation?: unknown } }).usage;
    expect(told).toEqual({ ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 });
    expect(anthropic.toAnswer(whole)?.usage).toEqual(long);
    expect(collect(anthropic, framesOf([writeAnswer(anthropic, { ...answer, usage: long })])).usage).toEqual(long);
    expect(anthropic.renderReply(answer, anyQuestion)).not.toContain('ephemeral');
  });

  it('are left out where nobody knows', () => {
    const { cacheWriteTokens: _, ...known } = usage;
    const text = chatWires['openai-chat'].renderReply({ ...answer, usage: known }, anyQuestion);
    expect(text).toContain('"prompt_tokens_details":{"cached_tokens":60}');
  });
});

describe('calls of a Gemini provider that gives no ids', () => {
  const { gemini } = chatWires;
  const part = { functionCall: { name: 'f', args: {} } };
  const reply = (responseId?: string): string =>
    JSON.stringify({ candidates: [{ content: { parts: [part, part] }, finishReason: 'STOP' }], responseId });
  const idsOf = (answer: Answer | null): string[] => answer?.toolCalls.map(({ id }) => id) ?? [];

  it('are named differently in every answer, since callers tell them apart by that for a whole conversation', () => {
    const whole = ['one', 'two'].flatMap((id) => idsOf(gemini.toAnswer(reply(id))));
    const streamed = ['one', 'two'].flatMap((id) => idsOf(collect(gemini, framesOf([`data: ${reply(id)}\n\n`]))));
    expect(new Set(whole).size).toBe(4);
    expect(streamed).toEqual(whole);
    const later = (nowMs: number): string[] =>
      idsOf(collect(gemini, framesOf([`data: ${reply()}\n\n`]), { ...context, nowMs }));
    expect(new Set([...later(1), ...later(2)]).size).toBe(4);
  });

  it('and no id of its own keep one name from chunk to chunk, and are named by the gateway when whole', () => {
    const reader = gemini.openReader();
    const frame = { raw: '', event: null, data: reply() };
    expect([1, 2].map((nowMs) => reader.read(frame, { ...context, nowMs }).head?.id)).toEqual(['gen-1', 'gen-1']);
    expect(gemini.toAnswer(reply())?.id).toBe('');
  });
});

describe('a call that nobody can carry out', () => {
  const call = (text: string): object => ({ type: 'function_call', call_id: 'a', name: 'f', arguments: text });
  const reply = (text: string, more: object = { status: 'completed' }): string =>
    JSON.stringify({ id: 'r', model: 'm', output: [call(text)], ...more });
  const { 'openai-responses': responses } = chatWires;

  it('is no answer, unless the bound of the answer has cut it short', () => {
    expect(responses.parseReply(reply('{"a": '), context).failure).toMatchObject({ kind: 'bad_reply', status: 200 });
    expect(responses.parseReply(reply(''), context).failure).toBeNull();
    const cut = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(responses.parseReply(reply('{"a": ', cut), context).failure).toBeNull();
  });
});

describe('a stream of the Anthropic format whose events bear no names', () => {
  it('gets them, since official clients go by them', () => {
    const answer: Answer = {
      id: 'r1', model: 'm', created: 7, content: 'Hello.', reasoning: '', refusal: '', toolCalls: [], finish: 'stop', usage: null,
    }; // prettier-ignore
    const { anthropic } = chatWires;
    const text = writeAnswer(anthropic, answer);
    const bare = framesOf([text.replaceAll(/event: .*\n/g, '')]);
    expect(
      factsOf(anthropic, bare)
        .map(({ normalise }) => normalise?.())
        .join(''),
    ).toBe(text);
    expect(factsOf(anthropic, framesOf([text])).every(({ normalise }) => normalise === null)).toBe(true);
  });
});

describe('a picture among the result of a tool', () => {
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } };
  const question = chatWires['openai-chat'].parseQuestion({
    messages: [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'See:' }, picture] },
    ],
  });
  const target = { model: 'm', quirks: [], stripped: [], wantUsage: false, maxOutputTokens: null };

  it.each([
    ['anthropic', '{"type":"base64","media_type":"image/png","data":"QUJD"}'],
    ['gemini', '{"inlineData":{"mimeType":"image/png","data":"QUJD"}}'],
    ['openai-responses', '{"type":"input_image","image_url":"data:image/png;base64,QUJD","detail":"auto"}'],
    ['bedrock-converse', '{"image":{"format":"png","source":{"bytes":"QUJD"}}}'],
  ] as const)('reaches providers of %s, beside its words', (id, told) => {
    const { text, dropped } = (chatWires[id] ?? chatWires.gemini).renderRequest(question, null, target);
    expect(text).toContain(told);
    expect(text).toContain('"See:"');
    expect(dropped).toEqual([]);
  });
});

describe('tools of a chat request in other formats', () => {
  const tool = (name: string): object => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
  const ask = (body: object): ReturnType<ChatWire['parseQuestion']> =>
    chatWires['openai-chat'].parseQuestion({ messages: [{ role: 'user', content: 'hi' }], ...body });
  const target = { model: 'm', quirks: [], stripped: [], wantUsage: false, maxOutputTokens: null };
  const formats = ['anthropic', 'gemini', 'openai-responses', 'bedrock-converse'] as const;
  const render = (id: (typeof formats)[number], body: object): ReturnType<ChatWire['renderRequest']> =>
    (chatWires[id] ?? chatWires.gemini).renderRequest(ask(body), null, target);

  it.each(formats)('are those that may be called: %s', (id) => {
    const among = { mode: 'required', tools: [tool('second_one')] };
    const choice = {
      tools: [tool('first_one'), tool('second_one')],
      tool_choice: { type: 'allowed_tools', allowed_tools: among },
    };
    const { text } = render(id, choice);
    expect(text).toContain('"second_one"');
    expect(text).not.toContain('"first_one"');
    expect(text).toBe(render(id, { tools: [tool('second_one')], tool_choice: 'required' }).text);
  });

  it.each([
    ['openai-responses', []],
    ['anthropic', ['tools.function.strict']],
    ['gemini', ['tools.function.strict']],
    ['bedrock-converse', ['tools.function.strict']],
  ] as const)(
    'whose calls were to follow their schemas strictly are told of, or that is told as dropped: %s',
    (id, expected) => {
      const offer = (strict: boolean): object => ({
        tools: [{ type: 'function', function: { name: 'first_one', parameters: { type: 'object' }, strict } }],
      });
      const { text, dropped } = render(id, offer(true));
      expect(dropped).toEqual(expected);
      expect(text.includes('"strict":true')).toBe(expected.length === 0);
      expect(render(id, offer(false)).dropped).toEqual([]);
    },
  );

  it.each(formats)('are told as dropped where nobody there knows them: %s', (id) => {
    const { text, dropped } = render(id, { tools: [{ type: 'web_search' }, tool('first_one')] });
    expect(text).toContain('"first_one"');
    expect(dropped).toEqual(['tools.web_search']);
  });

  it('bind the request where they take plain text, as do calls of them', () => {
    const call = { id: 'a', type: 'custom', custom: { name: 'shell', input: 'ls' } };
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ];
    expect(ask({ messages, tools: [{ type: 'custom', custom: { name: 'shell' } }] }).bound).toEqual([
      'messages[1].tool_calls[0]',
      'tools[0]',
    ]);
    expect(ask({ tools: [tool('first_one')] }).bound).toEqual([]);
  });
});

it.each(Object.values(await loadChatWires()).filter((wire) => typeof wire === 'object'))(
  'a provider of the format $id is told what a model has refused before',
  (wire) => {
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: null, refusal: 'Never ever.' },
      { role: 'user', content: 'why?' },
    ];
    const question = chatWires['openai-chat'].parseQuestion({ model: 'm', messages });
    const target = { model: 'm', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: null };
    expect(wire.renderRequest(question, null, target).text).toContain('Never ever.');
  },
);
