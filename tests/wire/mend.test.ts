// Answers of weak models put right: tool calls written as text, JSON among words; and schemas for providers that refuse some words.
import { describe, expect, it } from 'vitest';
import type { Quirk } from '#shared/quirks.ts';
import { findJson } from '#lambda/wire/mend/json-text.ts';
import { toMendingWire } from '#lambda/wire/mend/index.ts';
import { bendSchemas, toPlainSchema } from '#lambda/wire/mend/schemas.ts';
import { findCalls } from '#lambda/wire/mend/tool-text.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import { collect, framesOf } from './streams.ts';

const offered = new Set(['get_weather', 'add']);
const oslo = { name: 'get_weather', arguments: '{"city":"Oslo"}' };

describe('calls written as text', () => {
  it.each<[string, string, { content?: string; calls: readonly unknown[] }]>([
    ['Hermes', '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>', { calls: [oslo] }],
    [
      'several, with words before',
      'Let me look.\n<tool_call>{"name":"get_weather","arguments":{"city":"Oslo"}}</tool_call>\n<tool_call>{"name":"add","arguments":{"a":1}}</tool_call>',
      { content: 'Let me look.', calls: [oslo, { name: 'add', arguments: '{"a":1}' }] },
    ],
    ['one that was not closed', '<tool_call>{"name":"get_weather","arguments":{"city":"Oslo"}}', { calls: [oslo] }],
    ['Llama', '<function=get_weather>{"city": "Oslo"}</function>', { calls: [oslo] }],
    ['Llama with a tag', '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Oslo"}}', { calls: [oslo] }],
    [
      'Qwen Coder',
      '<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>',
      { calls: [oslo] },
    ],
    ['Mistral', '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Oslo"}}]', { calls: [oslo] }],
    ['newer Mistral', '[TOOL_CALLS]get_weather[ARGS]{"city": "Oslo"}', { calls: [oslo] }],
    [
      'Kimi',
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Oslo"}<|tool_call_end|><|tool_calls_section_end|>',
      { calls: [oslo] },
    ],
    [
      'elements',
      '<function_calls>\n<invoke name="get_weather">\n<parameter name="city">Oslo</parameter>\n</invoke>\n</function_calls>',
      { calls: [oslo] },
    ],
    ['bare JSON', '{"name": "get_weather", "parameters": {"city": "Oslo"}}', { calls: [oslo] }],
    ['a list', '[{"name":"get_weather","arguments":{"city":"Oslo"}}]', { calls: [oslo] }],
    [
      'a fence',
      '```json\n{"function": {"name": "get_weather", "arguments": "{\\"city\\":\\"Oslo\\"}"}}\n```',
      { calls: [oslo] },
    ],
  ])('of %s are found', (_, text, expected) => {
    expect(findCalls(text, offered)).toEqual({ content: '', ...expected });
  });

  it.each([
    ['words', 'The weather in Oslo is fine.'],
    ['JSON that calls nothing', '{"city": "Oslo"}'],
    ['a tool that was not offered', '<tool_call>{"name":"rm","arguments":{}}</tool_call>'],
    ['an answer that looks like it', '{"name": "Ada", "age": 36}'],
    ['an explanation', 'Write {"name": "get_weather", "arguments": {}} to call it.'],
    ['broken JSON', '<tool_call>{"name":"get_weather","arguments":{"city":</tool_call>'],
  ])('are not seen in %s', (_, text) => {
    expect(findCalls(text, offered)).toBeNull();
  });
});

describe('JSON among words', () => {
  it.each([
    ['```json\n{"a": 1}\n```', '{"a": 1}'],
    ['Sure! Here it is: {"a": "}"} Anything else?', '{"a": "}"}'],
    ['{"a": [1, 2,], "b": "x,}",}', '{"a": [1, 2], "b": "x,}"}'],
    ['{"a": 1}', null],
    ['[1, 2]', null],
    ['no JSON at all', null],
    ['{"a": 1', null],
  ])('%s', (text, expected) => expect(findJson(text)).toBe(expected));
});

const quirks: readonly Quirk[] = [{ kind: 'mend', what: ['tool_calls', 'json'], models: ['weak-*'] }];
const tools = [...offered].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }));
const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] };

function mend(given: Record<string, unknown>, model = 'weak-7b') {
  const mended: string[] = [];
  const question = openaiChat.parseQuestion({ ...body, ...given });
  const wire = toMendingWire(openaiChat, question, { target: { model, quirks }, onMend: (what) => mended.push(what) });
  return { wire, mended };
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'i', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** The text as a stream, in pieces of this size. */
function streamOf(text: string, size: number): string {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  return [...pieces.map((content) => chunk({ content })), chunk({}, 'stop'), 'data: [DONE]\n\n'].join('');
}

describe('a stream', () => {
  const call = '<tool_call>{"name":"get_weather","arguments":{"city":"Oslo"}}</tool_call>';

  it.each([1, 3, 7, 50])('with a call in its text, in pieces of %i', (size) => {
    const { wire, mended } = mend({ tools });
    const answer = collect(wire, framesOf([streamOf(`I look: ${call}`, size)]));
    expect(answer).toMatchObject({ content: 'I look: ', finish: 'tool_calls', toolCalls: [oslo] });
    expect(mended).toEqual(['tool_calls']);
  });

  it('passes words on as they come, up to where a call may begin', () => {
    const { wire } = mend({ tools });
    const reader = wire.openReader();
    const context = { dialect: undefined as never, nowMs: 0 };
    const told = framesOf([chunk({ content: 'a < b, a <' }), chunk({ content: 'tool box' })]).map((frame) =>
      reader.read(frame, context),
    );
    expect(told.map(({ text, content }) => [text?.content, content])).toEqual([
      ['a < b, a ', true],
      ['<tool box', true],
    ]);
  });

  it.each([1, 5])('of JSON in a fence, in pieces of %i', (size) => {
    const { wire, mended } = mend({ response_format: { type: 'json_object' } });
    const answer = collect(wire, framesOf([streamOf('```json\n{"a": 1}\n```', size)]));
    expect([answer.content, answer.finish, mended]).toEqual(['{"a": 1}', 'stop', ['json']]);
  });

  it.each(['{"city": "Oslo"} is what I was told.', 'Nothing to see here.', '`code`'])(
    'of %s is what it was',
    (text) => {
      const { wire, mended } = mend({ tools });
      expect(collect(wire, framesOf([streamOf(text, 4)]))).toMatchObject({
        content: text,
        toolCalls: [],
        finish: 'stop',
      });
      expect(mended).toEqual([]);
    },
  );

  it('with proper calls is what it was', () => {
    const { wire, mended } = mend({ tools });
    const piece = { index: 0, id: 'a', type: 'function', function: { name: 'add', arguments: '{}' } };
    const text = chunk({ content: '{' }) + chunk({ tool_calls: [piece] }) + chunk({}, 'tool_calls');
    expect(collect(wire, framesOf([text]))).toMatchObject({ content: '{', toolCalls: [{ id: 'a', name: 'add' }] });
    expect(mended).toEqual([]);
  });
});

it.each([
  ['a model that is not marked', { tools }, 'strong-70b'],
  ['a question without tools', {}, 'weak-7b'],
])('%s keeps its wire', (_, given, model) => {
  expect(mend(given, model).wire).toBe(openaiChat);
});

describe('schemas', () => {
  const without = ['$schema', '$ref', '$defs', 'additionalProperties', 'const', 'oneOf', 'allOf', 'exclusiveMinimum'];
  it.each<[string, unknown, unknown]>([
    ['words that mean little', { $schema: 'x', type: 'object', additionalProperties: false }, { type: 'object' }],
    [
      'properties that bear such names',
      { type: 'object', properties: { const: { const: 'a' }, $ref: { type: 'string' } } },
      { type: 'object', properties: { const: { enum: ['a'] }, $ref: { type: 'string' } } },
    ],
    [
      'references',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/A', description: 'mine' } },
        $defs: { A: { type: 'string' } },
      },
      { type: 'object', properties: { a: { type: 'string', description: 'mine' } } },
    ],
    [
      'choices and bounds',
      { type: 'array', items: { oneOf: [{ const: 1 }, { type: 'integer', exclusiveMinimum: 3 }] } },
      { type: 'array', items: { anyOf: [{ enum: [1] }, { type: 'integer', minimum: 3 }] } },
    ],
    [
      'parts that must all hold',
      {
        allOf: [
          { type: 'object', properties: { a: {} }, required: ['a'] },
          { properties: { b: {} }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] },
    ],
  ])('%s', (_, schema, expected) => expect(toPlainSchema(schema, without)).toEqual(expected));

  it('that contain themselves come to an end', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } };
    const plain = JSON.stringify(toPlainSchema({ $ref: '#/$defs/Node', $defs: { Node: node } }, without));
    expect(plain).not.toMatch(/\$ref|\$defs/);
    expect(plain.length).toBeLessThan(1_000);
  });

  it('without such words are the very same', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(toPlainSchema(schema, without)).toBe(schema);
  });

  it('that contain themselves in many places stay small, and so do many of them', () => {
    const $ref = '#/$defs/Node';
    const places = Array.from({ length: 30 }, (_, at) => [`place${at}`, { $ref }]);
    const schema = { $ref, $defs: { Node: { type: 'object', properties: Object.fromEntries(places) } } };
    const plain = JSON.stringify(toPlainSchema(schema, without));
    expect(plain).not.toMatch(/\$ref|\$defs/);
    expect(plain).toContain('"place29"');
    expect(plain.length).toBeLessThan(1_000_000);
    const tools = Array.from({ length: 500 }, (_, at) => ({
      type: 'function',
      function: { name: `tool${at}`, parameters: schema },
    }));
    const draft = { tools };
    expect(bendSchemas(draft, { without })).toBe(true);
    expect(JSON.stringify(draft).length).toBeLessThan(JSON.stringify({ tools }).length);
  });

  it('whose references are no text lead nowhere', () => {
    expect(toPlainSchema({ $ref: '#/%E0%A4%A', description: 'any' }, without)).toEqual({ description: 'any' });
  });

  it('whose parts must all hold are laid over each other, however many they are', () => {
    const allOf = Array.from({ length: 20_000 }, (_, at) => ({ properties: { [`p${at}`]: {} }, required: [`p${at}`] }));
    const { properties, required } = toPlainSchema({ allOf }, without) as { properties: object; required: string[] };
    expect([Object.keys(properties).length, required.length]).toEqual([20_000, 20_000]);
  }, 5_000);

  it('are told so in the request, and nothing else of it is touched', () => {
    const schema = { type: 'object', additionalProperties: false };
    const question = openaiChat.parseQuestion({
      ...body,
      tools: [{ type: 'function', function: { name: 'f', parameters: schema } }],
      response_format: { type: 'json_schema', json_schema: { name: 'out', schema, strict: true } },
      temperature: 0.5,
    });
    const target = { model: 'm', stripped: [], wantUsage: false, maxOutputTokens: null, bendSchemas };
    const { text } = openaiChat.renderRequest(question, null, { ...target, quirks: [{ kind: 'schemas', without }] });
    expect(JSON.parse(text)).toMatchObject({
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      response_format: { type: 'json_schema', json_schema: { name: 'out', schema: { type: 'object' }, strict: true } },
      temperature: 0.5,
    });
    expect(text).not.toContain('additionalProperties');
  });
});
