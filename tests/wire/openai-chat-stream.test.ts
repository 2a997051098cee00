import { describe, expect, it } from 'vitest';
import { dialects } from '#lambda/wire/index.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import type { Answer, FrameFacts, SseFrame } from '#lambda/wire/types.ts';
import type { Recorded } from './recorded.ts';
import { chatStreams, recording } from './recorded.ts';
import { collect, context, factsOf as factsOfFrames, framesOf } from './streams.ts';

const inspect = (frame: SseFrame, dialect: Recorded['dialect'] = 'generic'): FrameFacts =>
  openaiChat.openReader().read(frame, { dialect: dialects[dialect], nowMs: 0 });
const factsOf = ({ dialect, reply }: Recorded, pieces: Iterable<string> = [reply.body]): FrameFacts[] =>
  factsOfFrames(openaiChat, framesOf(pieces), { dialect: dialects[dialect], nowMs: 0 });
/** Facts that can be compared. */
const toPlain = ({ normalise, ...facts }: FrameFacts): object => ({ ...facts, normal: normalise?.() });
const data = (json: unknown): SseFrame => ({
  raw: '',
  event: null,
  data: typeof json === 'string' ? json : JSON.stringify(json),
});
const delta = (part: object, rest: object = {}): SseFrame =>
  data({
    id: 'i',
    object: 'chat.completion.chunk',
    model: 'm',
    created: 1,
    choices: [{ index: 0, delta: part, finish_reason: null, ...rest }],
  });

describe('recorded streams', () => {
  it('are many', () => expect(chatStreams.length).toBeGreaterThan(20));

  it.each(chatStreams)('$name says the same whole and character by character', (one) => {
    expect(factsOf(one, one.reply.body).map(toPlain)).toEqual(factsOf(one).map(toPlain));
  });

  it.each(chatStreams)('$name holds content, an end and nothing broken', (one) => {
    const facts = factsOf(one);
    const failed = one.name.includes('midstream-error');
    expect(facts.some(({ content }) => content)).toBe(true);
    expect(facts.some(({ malformed }) => malformed)).toBe(false);
    expect(facts.some(({ failure }) => failure !== null)).toBe(failed);
    expect(facts.some(({ finish }) => finish !== null)).toBe(!failed);
    expect(facts.find(({ head }) => head !== null)?.head?.id).not.toBe('');
    expect(facts.some(({ toolCall }) => toolCall)).toBe(/chat-stream-tool/.test(one.name));
  });

  it.each(chatStreams)('$name cut after any frame is a beginning of the whole answer, without an end', (one) => {
    const frames = framesOf([one.reply.body]);
    const whole = collect(openaiChat, frames);
    const end = frames.findIndex((frame) => inspect(frame).finish !== null);
    for (let count = 0; count <= frames.length; count += 1) {
      const part = collect(openaiChat, frames.slice(0, count));
      expect(whole.content.startsWith(part.content)).toBe(true);
      expect(whole.reasoning.startsWith(part.reasoning)).toBe(true);
      expect(part.finish === null).toBe(end < 0 || count <= end);
    }
  });

  it.each(chatStreams)('$name, made readable, reads the same and needs no more of it', (one) => {
    const frames = framesOf([one.reply.body]);
    const facts = factsOfFrames(openaiChat, frames);
    const normal = framesOf(frames.map(({ raw }, at) => facts[at]?.normalise?.() ?? raw));
    expect(factsOfFrames(openaiChat, normal).some(({ normalise }) => normalise !== null)).toBe(false);
    expect(collect(openaiChat, normal)).toEqual(collect(openaiChat, frames));
  });

  it.each<readonly [string, Partial<Answer>]>([
    [
      'mistral/quirk-content-array-cc6325',
      { content: '144', finish: 'stop', usage: { inputTokens: 31, outputTokens: 66, cachedInputTokens: 0 } },
    ],
    [
      'openai/chat-stream-tool-gpt_5.4',
      {
        content: '',
        finish: 'tool_calls',
        toolCalls: [expect.objectContaining({ id: expect.stringMatching(/^call_/) as string })],
      },
    ],
    [
      'openrouter/chat-stream-tool-openai_gpt_4o_mini',
      {
        finish: 'tool_calls',
        toolCalls: [{ id: 'call_q1N9SHfpem9UaAXphuRACH4i', name: 'get_date', arguments: '{}' }],
        usage: {
          inputTokens: 123,
          outputTokens: 10,
          cachedInputTokens: 0,
          reasoningTokens: 0,
          reportedCostUsd: 0.00002445,
        },
      },
    ],
    [
      'openrouter/chat-stream-tool+reason',
      {
        finish: 'tool_calls',
        reasoning: expect.stringMatching(/^The user is asking/) as string,
        toolCalls: [expect.objectContaining({ arguments: '{"city": "Berlin"}' })],
      },
    ],
    ['groq/chat-stream-plain-llama3_8b', { finish: 'stop', usage: { inputTokens: 18, outputTokens: 73 } }],
    [
      'huggingface/quirk-no-done',
      { finish: 'stop', usage: { inputTokens: 62, outputTokens: 8, cachedInputTokens: 0 } },
    ],
    ['together/chat-stream', { finish: 'stop', usage: { inputTokens: 41, outputTokens: 15, cachedInputTokens: 0 } }],
    ['perplexity/chat-stream', { content: '1 2 3', finish: 'stop' }],
    ['openai/quirk-length', { finish: 'length', usage: null }],
    ['groq/quirk-midstream-error', { finish: null, toolCalls: [] }],
  ])('%s is collected', (part, expected) => {
    expect(collect(openaiChat, framesOf([recording(part).reply.body]))).toMatchObject(expected);
  });

  it('begins without content where a filter reports first', () => {
    const [first, second] = factsOf(recording('azure/quirk-first-chunk-filter'));
    expect(first).toMatchObject({ content: false, usageOnly: false, head: null, failure: null });
    expect(second).toMatchObject({ content: false, head: { model: 'gpt-35-turbo' } });
  });

  it('tells an error in the middle of a good stream', () => {
    const last = factsOf(recording('groq/quirk-midstream-error')).at(-1);
    expect(last?.failure).toMatchObject({ kind: 'bad_reply', status: 400 });
    expect(last?.failure?.message).toMatch(/^Tool call validation failed/);
  });
});

describe('broken JSON', () => {
  const after = (begun: SseFrame | null, text: string): FrameFacts => {
    const reader = openaiChat.openReader();
    if (begun !== null) reader.read(begun, context);
    return reader.read(data(text), context);
  };
  it.each<readonly [string, SseFrame | null, string]>([
    ['under the id of the answer', delta({}), '{"id":"i","object":"chat.comp'],
    ['that ends before its id does', delta({}, {}), '{"id":"'],
    ['before anything else', null, '{"choices":[{"delta":{"cont'],
  ])('%s is a piece that is lost', (_, begun, text) => {
    expect(after(begun, text).failure).toMatchObject({ kind: 'bad_reply' });
  });
  it('under another id is left out', () => {
    expect(after(delta({}), '{"id":"other","choices":[{"del')).toMatchObject({ malformed: true, failure: null });
  });
});

describe('a frame', () => {
  it.each<readonly [string, SseFrame, Partial<FrameFacts>]>([
    ['the closing mark', data('[DONE]'), { done: true }],
    ['a comment', { raw: ': x\n\n', event: null, data: null }, { done: false, malformed: false }],
    ['what is no JSON', data('keep-alive'), { malformed: true, failure: null }],
    ['JSON that is no object', data('5'), { malformed: true }],
    [
      'a role',
      delta({ role: 'assistant', content: '' }),
      { content: false, head: { id: 'i', model: 'm', created: 1 } },
    ],
    ['content', delta({ content: 'a' }), { content: true, toolCall: false }],
    ['reasoning', delta({ reasoning_content: 'a' }), { content: true }],
    ['a refusal', delta({ refusal: 'a' }), { content: true }],
    [
      'a tool call',
      delta({
        role: 'assistant',
        tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      { content: true, toolCall: true, normalise: null },
    ],
    [
      'a tool call without index',
      delta({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }),
      { normalise: expect.any(Function) as () => string },
    ],
    ['an end', delta({}, { finish_reason: 'model_length' }), { finish: 'length' }],
    ['an end of nothing', delta({ content: 'a' }, { finish_reason: '' }), { finish: null }],
    ['usage alone', data({ choices: [], usage: { prompt_tokens: 1 } }), { usageOnly: true, usage: { inputTokens: 1 } }],
    [
      'usage beside a choice',
      data({ choices: [{ delta: {} }], usage: { prompt_tokens: 1 } }),
      { usageOnly: false, usage: { inputTokens: 1 } },
    ],
    ['null usage', data({ choices: [{ delta: { content: 'x' } }], usage: null }), { usage: null, content: true }],
    [
      'text that only looks like more',
      delta({ content: '{"error":{"code":429},"usage":{"prompt_tokens":5}} [DONE]' }),
      { content: true, usage: null, failure: null, done: false },
    ],
    [
      'an ending by error',
      delta({}, { finish_reason: 'error' }),
      { finish: 'error', failure: expect.objectContaining({ kind: 'bad_reply' }) as null },
    ],
    [
      'an error with a number',
      data({ error: { code: 502, message: 'a' }, choices: [{ delta: {} }] }),
      { failure: expect.objectContaining({ kind: 'overloaded', status: 502 }) as null },
    ],
    [
      'an error with a word',
      data({ error: { code: 'rate_limit_exceeded', message: 'b' } }),
      { failure: expect.objectContaining({ kind: 'rate_limited' }) as null },
    ],
    [
      'an error without envelope',
      data({ object: 'error', message: 'c', code: 400 }),
      { failure: expect.objectContaining({ kind: 'rejected' }) as null },
    ],
    [
      'an error by name of the event',
      { raw: '', event: 'error', data: 'out of memory' },
      { failure: expect.objectContaining({ kind: 'bad_reply', message: 'out of memory' }) as null },
    ],
  ])('understands %s', (_, frame, expected) => {
    expect(inspect(frame)).toMatchObject(expected);
  });
});

type Piece = readonly [index: number | undefined, id: string | undefined, name: string | undefined, text: string];
const call = ([index, id, name, text]: Piece): object => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id, type: 'function' }),
  function: { ...(name === undefined ? {} : { name }), arguments: text },
});

describe('tool calls that come in odd pieces', () => {
  const two = [
    { name: 'f', arguments: '{"n":1}' },
    { name: 'f', arguments: '{"n":2}' },
  ];
  it.each<readonly [string, readonly (readonly Piece[])[]]>([
    ['without numbers', [[[undefined, 'a', 'f', '{"n":1}']], [[undefined, 'b', 'f', '{"n":2}']]]],
    [
      'without numbers, in pieces',
      [[[undefined, 'a', 'f', '{"n"']], [[undefined, undefined, undefined, ':1}']], [[undefined, 'b', 'f', '{"n":2}']]],
    ],
    ['without numbers and ids', [[[undefined, undefined, 'f', '{"n":1}']], [[undefined, undefined, 'f', '{"n":2}']]]],
    [
      'without numbers and ids, at once',
      [
        [
          [undefined, '', 'f', '{"n":1}'],
          [undefined, '', 'f', '{"n":2}'],
        ],
      ],
    ],
    ['all of one number', [[[0, 'a', 'f', '{"n":1}']], [[0, 'b', 'f', '{"n":2}']]]],
    [
      'all of one number, in pieces',
      [
        [[0, 'a', 'f', '']],
        [[0, undefined, undefined, '{"n":1}']],
        [[0, 'b', 'f', '']],
        [[0, undefined, undefined, '{"n":2}']],
      ],
    ],
    ['all of one number, without ids', [[[0, '', 'f', '{"n":1}']], [[0, '', 'f', '{"n":2}']]]],
    ['numbered from 1', [[[1, 'a', 'f', '{"n":1}']], [[2, 'b', 'f', '{"n":2}']]]],
    ['all of one id', [[[0, 'a', 'f', '{"n":1}']], [[1, 'a', 'f', '{"n":2}']]]],
    [
      'with another id in each piece',
      [[[0, 'a', 'f', '{"n"']], [[0, 'x', undefined, ':1}']], [[1, 'b', 'f', '{"n":2}']]],
    ],
    ['with name and id in each piece', [[[0, 'a', 'f', '{"n"']], [[0, 'a', 'f', ':1}']], [[1, 'b', 'f', '{"n":2}']]]],
    [
      'with the name in each piece',
      [[[0, undefined, 'f', '{"n"']], [[0, undefined, 'f', ':1}']], [[1, undefined, 'f', '{"n":2}']]],
    ],
    [
      'side by side',
      [
        [
          [0, 'a', 'f', ''],
          [1, 'b', 'f', '{"n"'],
        ],
        [
          [1, undefined, undefined, ':2}'],
          [0, undefined, undefined, '{"n":1}'],
        ],
      ],
    ],
  ])('%s', (_, deltas) => {
    const frames = deltas.map((pieces) => delta({ tool_calls: pieces.map(call) }));
    const facts = factsOfFrames(openaiChat, frames);
    const { toolCalls } = collect(openaiChat, frames);
    expect(toolCalls.map(({ name, arguments: given }) => ({ name, arguments: given }))).toEqual(two);
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2);
    expect(toolCalls.every(({ id }) => id !== '')).toBe(true);
    const normal = framesOf(facts.map(({ normalise }, at) => normalise?.() ?? `data: ${frames[at]?.data}\n\n`));
    expect(collect(openaiChat, normal).toolCalls).toEqual(toolCalls);
    // Official clients go by the numbers alone.
    const numbers = normal.flatMap(({ data: text }) => {
      const { choices } = JSON.parse(text ?? '') as { choices: { delta: { tool_calls: { index: number }[] } }[] };
      return choices[0]?.delta.tool_calls.map(({ index }) => index) ?? [];
    });
    expect([...new Set(numbers)].toSorted()).toEqual([0, 1]);
  });

  it('are named differently in every answer', () => {
    const frame = (id: string): SseFrame =>
      data({ id, model: 'm', created: 1, choices: [{ delta: { tool_calls: [call([0, '', 'f', '{}'])] } }] });
    const [first, second] = ['one', 'two'].map((id) => collect(openaiChat, [frame(id)]).toolCalls[0]?.id);
    expect(first).toMatch(/^call_\w{1,20}$/);
    expect(first).not.toBe(second);
  });
});

describe('a stream of bare chunks', () => {
  it('is completed, under one name', () => {
    const frames = [
      data({ choices: [{ delta: { content: 'a' } }] }),
      data({ choices: [{ delta: {}, finish_reason: 'stop' }] }),
    ];
    const chunks = factsOfFrames(openaiChat, frames).map(
      ({ normalise }) => JSON.parse(normalise?.().slice(6) ?? 'null') as object,
    );
    for (const chunk of chunks)
      expect(chunk).toMatchObject({
        id: 'gen-0',
        object: 'chat.completion.chunk',
        created: 0,
        model: '',
        choices: [{ index: 0 }],
      });
    expect(chunks).toMatchObject([
      { choices: [{ delta: { role: 'assistant', content: 'a' } }] },
      { choices: [{ delta: {} }] },
    ]);
    expect(chunks[1]).not.toHaveProperty('choices[0].delta.role');
  });
});
