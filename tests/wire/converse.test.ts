// The Converse format: recorded event streams and replies read and told in every other format, requests written, faults understood.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Quirk } from '#shared/quirks.ts';
import { dialects, loadChatWires } from '#lambda/wire/index.ts';
import { converse } from '#lambda/wire/converse/index.ts';
import { checksum } from '#lambda/wire/converse/event-stream.ts';
import type { Answer, ChatWire, RequestTarget, SseFrame } from '#lambda/wire/types.ts';
import { toEvent, toException, toMessage } from '../fakes/event-stream.ts';
import { recorded } from './recorded.ts';
import { anyQuestion, collect, context, coreOf, factsOf, framesOf, writeAnswer, writeFacts } from './streams.ts';

const chatWires = await loadChatWires();

const callers: readonly ChatWire[] = [
  chatWires['openai-chat'],
  chatWires['openai-responses'],
  chatWires.anthropic,
  chatWires.gemini,
];
const mine = recorded.filter(({ url, reply }) => url.includes('/converse') && reply.status === 200);

interface Stream {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const chunks = new URL('../fixtures/wire-chunks/bedrock-converse/', import.meta.url);

function readChunks(name: string): Stream {
  const lines = readFileSync(new URL(name, chunks), 'utf8').trim().split('\n');
  const events = lines.flatMap((line) => Object.entries(JSON.parse(line) as Record<string, unknown>));
  return { name, bytes: Buffer.concat(events.map(([type, payload]) => toEvent(type, payload))) };
}

const streams: readonly Stream[] = [
  ...mine
    .filter(({ url }) => url.endsWith('-stream'))
    .map(({ name, reply }) => ({ name, bytes: Buffer.from(reply.body, 'base64') })),
  ...readdirSync(chunks).map(readChunks),
];
const replies = mine.filter(({ url }) => url.endsWith('/converse'));

/** The frames of the bytes, given in pieces. Throws where the stream must be given up. */
function cut(pieces: Iterable<Uint8Array>): SseFrame[] {
  const cutter = converse.framing?.open((bytes) => Buffer.from(bytes).toString('utf8'));
  if (!cutter) throw new Error('the wire has no framing');
  const frames: SseFrame[] = [];
  for (const piece of pieces) {
    const step = cutter.feed(piece);
    frames.push(...step.frames);
    if (step.failure) throw new Error(step.failure.message);
  }
  return [...frames, ...cutter.end()];
}

describe('recorded event streams', () => {
  it('are many', () => expect(streams.length).toBeGreaterThan(9));

  it.each(streams)('$name says the same whole and byte by byte', ({ bytes }) => {
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(cut(single)).toEqual(cut([bytes]));
  });

  it.each(streams)('$name cut after any event is a beginning of the whole answer', ({ bytes }) => {
    const frames = cut([bytes]);
    const whole = collect(converse, frames);
    const end = factsOf(converse, frames).findIndex(({ finish }) => finish !== null);
    for (let count = 0; count <= frames.length; count++) {
      const part = collect(converse, frames.slice(0, count));
      expect(whole.content.startsWith(part.content)).toBe(true);
      expect(whole.reasoning.startsWith(part.reasoning)).toBe(true);
      expect(part.finish === null).toBe(end < 0 || count <= end);
    }
  });

  it.each(streams)('$name is the same told in every format and read back', ({ bytes }) => {
    const facts = factsOf(converse, cut([bytes]));
    const answer = collect(converse, cut([bytes]));
    expect(answer.finish).not.toBeNull();
    for (const wire of callers)
      expect(coreOf(collect(wire, framesOf([writeFacts(wire, facts)])))).toEqual(coreOf(answer));
  });

  it.each<[string, Partial<Answer>]>([
    ['stream-plain-us.anthropic', { content: expect.stringMatching(/^Ruby/) as string, finish: 'stop' }],
    [
      'stream-schema-us.anthropic',
      { content: expect.stringMatching(/^\{"city":"Paris"/) as string, usage: { inputTokens: 210, outputTokens: 18 } },
    ],
    ['amazon-bedrock-reasoning', { reasoning: expect.stringMatching(/^Let me count/) as string, finish: 'stop' }],
    ['tool-no-args', { finish: 'tool_calls', toolCalls: [expect.objectContaining({ arguments: '{}' })] }],
    [
      'json-with-tools',
      {
        toolCalls: [
          expect.objectContaining({ name: 'tool-a', arguments: '{"a":"1"}' }),
          expect.objectContaining({ name: 'tool-b', arguments: '{"b":"2"}' }),
          expect.objectContaining({ name: 'json' }),
        ],
      },
    ],
  ] as readonly [string, Partial<Answer>][])('%s is read', (part, expected) => {
    const found = streams.find(({ name }) => name.includes(part));
    expect(found && collect(converse, cut([found.bytes]))).toMatchObject(expected);
  });
});

describe('recorded replies', () => {
  it('are several', () => expect(replies.length).toBeGreaterThan(3));

  it.each(replies)('$name is an answer, the same told in every format and read back', ({ reply }) => {
    const answer = converse.toAnswer(reply.body);
    if (answer === null) throw new Error('no answer');
    expect(converse.parseReply(reply.body, context)).toMatchObject({ facts: { usage: answer.usage }, failure: null });
    for (const wire of callers) {
      const again = wire.toAnswer(wire.renderReply(answer, anyQuestion));
      expect(again && coreOf(again)).toEqual(coreOf(answer));
      expect(coreOf(collect(wire, framesOf([writeAnswer(wire, answer)])))).toEqual(coreOf(answer));
    }
  });

  it('tells what was read from and written to a cache', () => {
    const usage = { inputTokens: 5, outputTokens: 3, cacheReadInputTokens: 40, cacheWriteInputTokens: 2 };
    const reply = { output: { message: { content: [{ text: 'x' }] } }, stopReason: 'end_turn', usage };
    expect(converse.toAnswer(JSON.stringify(reply))?.usage).toEqual({
      inputTokens: 47,
      outputTokens: 3,
      cachedInputTokens: 40,
      cacheWriteTokens: 2,
    });
  });

  it('tells what of it was written for an hour', () => {
    const usage = {
      inputTokens: 5,
      outputTokens: 3,
      cacheWriteInputTokens: 12,
      cacheDetails: [
        { ttl: '5m', inputTokens: 2 },
        { ttl: '1h', inputTokens: 10 },
      ],
    };
    const reply = { output: { message: { content: [{ text: 'x' }] } }, stopReason: 'end_turn', usage };
    expect(converse.toAnswer(JSON.stringify(reply))?.usage).toEqual({
      inputTokens: 17,
      outputTokens: 3,
      cacheWriteTokens: 12,
      longCacheWriteTokens: 10,
    });
  });

  it.each([
    '',
    '<html>',
    '[]',
    '{}',
    '{"message":"no"}',
    '{"output":{"message":{"content":[]}},"stopReason":"end_turn"}',
  ])('%s is none', (text) => expect(converse.parseReply(text, context).failure).not.toBeNull());

  it.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool_calls'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_tool_use', 'error'],
    ['something_new', 'other'],
  ])('an end by %s is %s', (stopReason, finish) => {
    const reply = { output: { message: { content: [{ text: 'x' }] } }, stopReason };
    expect(converse.toAnswer(JSON.stringify(reply))?.finish).toBe(finish);
  });
});

describe('broken event streams', () => {
  const good = toEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'é' } });
  const spoiled = (at: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

  it('are noticed wherever a bit is wrong', () => {
    for (let at = 0; at < good.length; at++) expect(() => cut([spoiled(at), good])).toThrow(/broken event stream/);
  });

  it('a message that was cut is left out', () => {
    for (let end = 0; end < good.length; end++) expect(cut([good, good.subarray(0, end)])).toHaveLength(1);
  });

  it('headers of other types are passed over', () => {
    const text = good.subarray(12, 12 + good.readUInt32BE(4));
    const others = Buffer.concat([
      Buffer.from([1, 0x61, 0]),
      Buffer.from([1, 0x62, 4, 0, 0, 0, 7]),
      Buffer.from([1, 0x63, 6, 0, 2, 1, 2]),
      Buffer.from([1, 0x64, 9, ...Array.from({ length: 16 }, () => 1)]),
    ]);
    const head = Buffer.concat([others, text]);
    const payload = good.subarray(12 + text.length, -4);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(16 + head.length + payload.length);
    lengths.writeUInt32BE(head.length, 4);
    const withSum = (bytes: Buffer): Buffer => {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(checksum(bytes));
      return Buffer.concat([bytes, sum]);
    };
    const message = withSum(Buffer.concat([withSum(lengths), head, payload]));
    expect(cut([message])).toEqual(cut([good]));
  });

  it('messages beyond all measure are not waited for', () => {
    const lengths = Buffer.alloc(12);
    lengths.writeUInt32BE(0x7fffffff);
    lengths.writeUInt32BE(checksum(lengths.subarray(0, 8)), 8);
    expect(() => cut([lengths])).toThrow(/2147483647 bytes/);
  });

  it.each([
    ['throttlingException', 'rate_limited'],
    ['serviceUnavailableException', 'overloaded'],
    ['internalServerException', 'overloaded'],
    ['modelStreamErrorException', 'overloaded'],
    ['modelTimeoutException', 'timeout'],
    ['accessDeniedException', 'not_entitled'],
    ['resourceNotFoundException', 'model_missing'],
    ['validationException', 'rejected'],
  ])('%s in the middle is %s', (type, kind) => {
    const frames = cut([toException(type, 'It did not work.')]);
    const [facts] = factsOf(converse, frames, { dialect: dialects.bedrock, nowMs: 0 });
    expect(facts?.failure).toMatchObject({ kind });
    expect(facts?.failure?.message).toContain('It did not work');
  });

  it('errors without a kind of their own are told, too', () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'Oh no.' };
    const [facts] = factsOf(converse, cut([toMessage(headers, '')]));
    expect(facts?.failure?.message).toContain('Oh no.');
  });
});

const target: RequestTarget = {
  model: 'm',
  quirks: [],
  stripped: [],
  wantUsage: true,
  maxOutputTokens: 20_000,
};
const openai = chatWires['openai-chat'];
function render(body: Record<string, unknown>, quirks: readonly Quirk[] = []) {
  const question = openai.parseQuestion({ model: 'm', messages: [{ role: 'user', content: 'hello' }], ...body });
  const { text, dropped } = converse.renderRequest(question, null, { ...target, quirks });
  return { body: JSON.parse(text) as Record<string, unknown>, dropped };
}
const f = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const spec = { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } };
const png = 'data:image/png;base64,AAAA';
const said = (...content: unknown[]): unknown => ({ messages: [{ role: 'user', content }] });

describe('a Converse request', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    [
      'the system, sampling and bounds',
      {
        messages: [
          { role: 'developer', content: 'Be kind.' },
          { role: 'user', content: 'hello' },
        ],
        temperature: 1.5,
        max_completion_tokens: 90_000,
        stop: ['x', ' '],
      },
      {
        messages: [{ role: 'user', content: [{ text: 'hello' }] }],
        system: [{ text: 'Be kind.' }],
        inferenceConfig: { maxTokens: 20_000, temperature: 1, stopSequences: ['x'] },
      },
    ],
    [
      'calls and their results, in turns',
      {
        messages: [
          { role: 'user', content: 'go' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'a.1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'b', type: 'function', function: { name: 'f', arguments: '' } },
            ],
          },
          { role: 'tool', tool_call_id: 'a.1', content: 'one' },
          { role: 'tool', tool_call_id: 'b', content: 'two' },
          { role: 'user', content: 'and?' },
        ],
        tools: [f],
        tool_choice: 'required',
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'go' }] },
          {
            role: 'assistant',
            content: [
              { toolUse: { toolUseId: 'a_1', name: 'f', input: { x: 1 } } },
              { toolUse: { toolUseId: 'b', name: 'f', input: {} } },
            ],
          },
          {
            role: 'user',
            content: [
              { toolResult: { toolUseId: 'a_1', content: [{ text: 'one' }] } },
              { toolResult: { toolUseId: 'b', content: [{ text: 'two' }] } },
              { text: 'and?' },
            ],
          },
        ],
        toolConfig: { tools: [{ toolSpec: spec }], toolChoice: { any: {} } },
      },
    ],
    [
      'a tool insisted on',
      { tools: [f], tool_choice: { type: 'function', function: { name: 'f' } } },
      { toolConfig: { tools: [{ toolSpec: spec }], toolChoice: { tool: { name: 'f' } } } },
    ],
    [
      'pictures',
      said({ type: 'text', text: 'this' }, { type: 'image_url', image_url: { url: png } }) as Record<string, unknown>,
      {
        messages: [
          { role: 'user', content: [{ text: 'this' }, { image: { format: 'png', source: { bytes: 'AAAA' } } }] },
        ],
      },
    ],
    [
      'documents, each by a name',
      said(
        { type: 'file', file: { filename: 'a_b.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
        { type: 'file', file: { filename: 'a b.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
      ) as Record<string, unknown>,
      {
        messages: [
          {
            role: 'user',
            content: [
              { document: { format: 'pdf', name: 'a b', source: { bytes: 'AAAA' } } },
              { document: { format: 'pdf', name: 'a b (2)', source: { bytes: 'BBBB' } } },
              { text: 'See the document.' },
            ],
          },
        ],
      },
    ],
    [
      'an answer by a schema',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'out', schema: { type: 'object' }, strict: true },
        },
      },
      {
        outputConfig: {
          textFormat: {
            type: 'json_schema',
            structure: { jsonSchema: { name: 'out', schema: '{"type":"object","additionalProperties":false}' } },
          },
        },
      },
    ],
    [
      'an answer that was begun',
      {
        messages: [
          { role: 'user', content: 'go' },
          { role: 'assistant', content: 'Once upon ' },
        ],
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'go' }] },
          { role: 'assistant', content: [{ text: 'Once upon' }] },
        ],
      },
    ],
  ])('tells %s', (_, given, expected) => {
    const { body, dropped } = render(given);
    expect(body).toMatchObject(expected as object);
    expect(dropped).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 8_192 } }],
    ['reasoningConfig', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
    ['reasoning_effort', { reasoning_effort: 'medium' }],
  ])('tells how hard to think as %s', (as, expected) => {
    const quirk = { kind: 'effort', as } as Quirk;
    const { body, dropped } = render({ reasoning_effort: 'medium', temperature: 0.5 }, [quirk]);
    expect(body['additionalModelRequestFields']).toEqual(expected);
    expect(body['inferenceConfig']).toBeUndefined();
    expect(dropped).toEqual(['temperature']);
  });

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['an effort nobody can be told', { reasoning_effort: 'high' }, ['reasoning_effort']],
    ['JSON without a schema', { response_format: { type: 'json_object' } }, ['response_format']],
    ['one call at a time', { tools: [f], parallel_tool_calls: false }, ['parallel_tool_calls']],
    ['other fields', { seed: 3, user: 'u' }, ['seed', 'user']],
    ['a second way to sample', { temperature: 0.5, top_p: 0.9 }, ['top_p']],
    [
      'pictures that lie elsewhere',
      said({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }) as Record<string, unknown>,
      ['messages.content.image_url'],
    ],
    [
      'sound',
      said({ type: 'text', text: 'x' }, { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }) as Record<
        string,
        unknown
      >,
      ['messages.content.input_audio'],
    ],
  ])('lists what it can not carry: %s', (_, given, expected) => {
    expect(render(given).dropped).toEqual(expected);
  });

  it('offers no tools where none may be called', () => {
    expect(render({ tools: [f], tool_choice: 'none' }).body).not.toHaveProperty('toolConfig');
  });

  it('names the tools of earlier calls even where none are offered', () => {
    const messages = [
      { role: 'user', content: 'go' },
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a', content: 'one' },
    ];
    expect(render({ messages }).body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  it.each([
    ['us.amazon.nova-lite-v1:0', '/model/us.amazon.nova-lite-v1%3A0/converse-stream'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse-stream',
    ],
    [
      'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/xyz',
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model%2Fxyz/converse-stream',
    ],
  ])('of %s goes to %s', (model, path) => {
    expect(converse.requestPath({ ...anyQuestion, stream: true }, { ...target, model })).toBe(path);
  });
});
