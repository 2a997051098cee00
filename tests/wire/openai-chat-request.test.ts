import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Quirk } from '#shared/quirks.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import { findFields, joinParts } from '#lambda/wire/splice.ts';

const messages = [{ role: 'user', content: 'hi' }];

interface Options {
  readonly quirks?: readonly Quirk[];
  readonly stripped?: readonly string[];
  readonly wantUsage?: boolean;
  readonly model?: string;
}

function render(
  text: string,
  { quirks = [], stripped = [], wantUsage = false, model = 'vendor/m' }: Options = {},
): string {
  const body = JSON.parse(text) as Record<string, unknown>;
  const before = structuredClone(body);
  const question = openaiChat.parseQuestion(body);
  const target = { model, quirks, stripped, wantUsage, maxOutputTokens: null };
  const rendered = openaiChat.renderRequest(question, findFields(text), target);
  const written = joinParts(text, rendered.parts ?? []);
  expect(body, "the caller's body was changed").toEqual(before);
  expect(JSON.parse(rendered.text)).toEqual(JSON.parse(written));
  expect(JSON.parse(openaiChat.renderRequest(question, null, target).text)).toEqual(JSON.parse(written));
  return written;
}

function sent(body: Record<string, unknown>, options?: Options): Record<string, unknown> {
  const {
    model,
    messages: talk,
    ...rest
  } = JSON.parse(render(JSON.stringify({ messages, ...body }), options)) as Record<string, unknown>;
  expect(model).toBe(options?.model ?? 'vendor/m');
  return body['messages'] === undefined ? rest : { messages: talk, ...rest };
}

const calling = (...ids: string[]): object => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
});
const answering = (id: string): object => ({ role: 'tool', tool_call_id: id, content: 'x' });

describe('renderRequest', () => {
  it('changes nothing but the model in the text of the caller', () => {
    const text =
      '{"model":"auto", "messages":[{"role":"user","content":"\\u00e9 \\"model\\": 1"}], "seed":12345678901234567890, "x": {"model": "y"}}';
    expect(render(text)).toBe(text.replace('"auto"', '"vendor/m"'));
  });

  it('drops what is meant for Freeway and keeps unknown fields', () => {
    expect(sent({ model: 'a', models: ['b'], freeway: { tier: 'free' }, custom: [1] })).toEqual({ custom: [1] });
  });

  it('asks for usage in streams only', () => {
    const usage = { stream_options: { include_usage: true } };
    expect(sent({ stream: true }, { wantUsage: true })).toEqual({ stream: true, ...usage });
    expect(sent({ stream: true, stream_options: { x: 1 } }, { wantUsage: true })).toEqual({
      stream: true,
      stream_options: { x: 1, include_usage: true },
    });
    expect(sent({ stream: true, stream_options: { include_usage: false } }, { wantUsage: true })).toEqual({
      stream: true,
      ...usage,
    });
    expect(sent({}, { wantUsage: true })).toEqual({});
    expect(sent({ stream: true })).toEqual({ stream: true });
    expect(sent({ stream: true }, { wantUsage: true, stripped: ['stream_options'] })).toEqual({ stream: true });
  });

  const cases: readonly (readonly [string, Quirk, Record<string, unknown>, Record<string, unknown>])[] = [
    ['drop', { kind: 'drop', fields: ['store', 'logit_bias'] }, { store: true, top_p: 1 }, { top_p: 1 }],
    [
      'rename',
      { kind: 'rename', from: 'max_completion_tokens', to: 'max_tokens' },
      { max_completion_tokens: 9 },
      { max_tokens: 9 },
    ],
    ['rename of nothing', { kind: 'rename', from: 'seed', to: 'random_seed' }, {}, {}],
    [
      'clamp below',
      { kind: 'clamp', field: 'temperature', min: 0.01, max: 0.99 },
      { temperature: 0 },
      { temperature: 0.01 },
    ],
    ['clamp above', { kind: 'clamp', field: 'temperature', max: 1 }, { temperature: 2 }, { temperature: 1 }],
    ['clamp of nothing', { kind: 'clamp', field: 'temperature', max: 1 }, {}, {}],
    ['set', { kind: 'set', field: 'max_tokens', value: 4096 }, {}, { max_tokens: 4096 }],
    ['set against the caller', { kind: 'set', field: 'max_tokens', value: 4096 }, { max_tokens: 5 }, { max_tokens: 5 }],
    [
      'map',
      { kind: 'map', field: 'tool_choice', from: 'required', to: 'any' },
      { tool_choice: 'required' },
      { tool_choice: 'any' },
    ],
    [
      'map to nothing',
      { kind: 'map', field: 'reasoning_effort', from: 'minimal', to: null },
      { reasoning_effort: 'minimal' },
      {},
    ],
    [
      'map of another value',
      { kind: 'map', field: 'tool_choice', from: 'required', to: 'any' },
      { tool_choice: 'auto' },
      { tool_choice: 'auto' },
    ],
    [
      'map of an object',
      { kind: 'map', field: 'response_format', from: { type: 'text' }, to: null },
      { response_format: { type: 'text' } },
      {},
    ],
    [
      'exclusive',
      { kind: 'exclusive', field: 'tools', drops: ['response_format'] },
      { tools: [{ type: 'x' }], response_format: { type: 'json_object' } },
      { tools: [{ type: 'x' }] },
    ],
    [
      'exclusive without it',
      { kind: 'exclusive', field: 'tools', drops: ['response_format'] },
      { tools: [], response_format: { type: 'json_object' } },
      { tools: [], response_format: { type: 'json_object' } },
    ],
    [
      'dropNulls',
      { kind: 'dropNulls' },
      { seed: null, messages: [{ role: 'user', content: 'a', name: null }] },
      { messages: [{ role: 'user', content: 'a' }] },
    ],
    [
      'systemRole',
      { kind: 'systemRole', role: 'system' },
      { messages: [{ role: 'developer', content: 'a' }, ...messages] },
      { messages: [{ role: 'system', content: 'a' }, ...messages] },
    ],
    [
      'callIds to what fits',
      { kind: 'callIds', length: 9 },
      { messages: [...messages, calling('Caf7Pyrd8'), answering('Caf7Pyrd8')] },
      { messages: [...messages, calling('Caf7Pyrd8'), answering('Caf7Pyrd8')] },
    ],
    [
      'dropMessageFields',
      { kind: 'dropMessageFields', fields: ['name'] },
      { messages: [{ role: 'user', content: 'a', name: 'n' }] },
      { messages: [{ role: 'user', content: 'a' }] },
    ],
    [
      'prefill to a beginning of the answer',
      { kind: 'prefill', field: 'prefix' },
      { messages: [...messages, { role: 'assistant', content: 'Once' }] },
      { messages: [...messages, { role: 'assistant', content: 'Once', prefix: true }] },
    ],
    ['prefill to nothing else', { kind: 'prefill', field: 'prefix' }, { top_p: 1 }, { top_p: 1 }],
    ['requireHeader', { kind: 'requireHeader', header: 'x-a', value: 'b' }, { top_p: 1 }, { top_p: 1 }],
  ];
  it.each(cases)('applies %s', (_, quirk, body, expected) => {
    expect(sent(body, { quirks: [quirk] })).toEqual(expected);
  });

  it('tells ids of calls and of their results by the same names where a provider is strict about them', () => {
    const ids = ['call_1', 'toolu_01A09q90qw90lq917835lq9', 'functions.bash:0', 'call_2'];
    const given = [...messages, calling(...ids), ...ids.map(answering)];
    const { messages: told } = sent({ messages: given }, { quirks: [{ kind: 'callIds', length: 9 }] }) as {
      messages: { tool_call_id?: string; tool_calls?: { id: string }[] }[];
    };
    const made = told[1]?.tool_calls?.map(({ id }) => id) ?? [];
    expect(new Set(made).size).toBe(ids.length);
    for (const id of made) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(told.slice(2).map(({ tool_call_id: id }) => id)).toEqual(made);
  });

  it.each([
    ['m', true],
    ['m*', true],
    ['*m-2', true],
    ['a/*-2', false],
    ['m-*-2', false],
    ['*', true],
    ['n*', false],
  ])('narrows a quirk by the pattern %s', (pattern, applies) => {
    const model = pattern === 'm' ? 'm' : 'm-2';
    expect(sent({ store: true }, { model, quirks: [{ kind: 'drop', fields: ['store'], models: [pattern] }] })).toEqual(
      applies ? {} : { store: true },
    );
  });

  it('leaves out learned fields, and keeps a bound on the reply under its other name', () => {
    expect(sent({ store: true, top_p: 1 }, { stripped: ['store'] })).toEqual({ top_p: 1 });
    expect(sent({ max_tokens: 5 }, { stripped: ['max_tokens'] })).toEqual({ max_completion_tokens: 5 });
    expect(sent({ max_tokens: 5 }, { stripped: ['max_tokens', 'max_completion_tokens'] })).toEqual({});
    const talk = [{ role: 'assistant', content: 'a', reasoning_content: 'b' }];
    expect(sent({ messages: talk }, { stripped: ['messages[].reasoning_content'] })).toEqual({
      messages: [{ role: 'assistant', content: 'a' }],
    });
  });

  it('tells the headers that quirks demand', () => {
    const quirks: Quirk[] = [{ kind: 'requireHeader', header: 'x-a', value: 'b', models: ['m*'] }];
    expect(
      openaiChat.requiredHeaders({ model: 'm1', quirks, stripped: [], wantUsage: false, maxOutputTokens: null }),
    ).toEqual({ 'x-a': 'b' });
    expect(
      openaiChat.requiredHeaders({ model: 'n', quirks, stripped: [], wantUsage: false, maxOutputTokens: null }),
    ).toEqual({});
  });

  it('writes for any body what parse, set and stringify would', () => {
    const extra = fc.dictionary(
      fc.string().filter((name) => /^[^a-z]/.test(name)),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(extra, fc.constantFrom(undefined, 1, 2), (more, indent) => {
        const body: Record<string, unknown> = { ...more, messages, freeway: { a: 1 } };
        const written = render(JSON.stringify(body, null, indent));
        const { freeway: _freeway, ...rest } = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
        expect(JSON.parse(written)).toEqual({ ...rest, model: 'vendor/m' });
      }),
    );
  });
});
