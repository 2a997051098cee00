import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editFields, findFields, joinParts, spliceFields, UnwieldyError } from '#lambda/wire/splice.ts';

const edits = { model: '"m-2"', stream_options: '{"include_usage":true}', freeway: null, models: null };

/** What splicing must amount to. */
function expected(text: string): unknown {
  const { freeway: _freeway, models: _models, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return { ...rest, model: 'm-2', stream_options: { include_usage: true } };
}

// No name ends in a backslash: V8 13.6 parses {"a":1,"\\"":1} as {"a":1,"\\\\":1} once it has seen the latter, which is its fault.
const key = fc.oneof(
  fc.constantFrom('model', 'models', 'freeway', 'stream_options', 'messages', 'mod\\u0065l', 'a\\"b', '', '\\\\x'),
  fc
    .string()
    .filter((text) => !text.endsWith('\\'))
    .map((text) => JSON.stringify(text).slice(1, -1)),
);
const space = fc.constantFrom('', ' ', '\n  ', '\t', '\r\n');
const value = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    '{"model":"inner","models":["x"]}',
    '"\\\\"',
    '"a\\\\\\"model\\":1"',
    '[{"model":"deep"}]',
    '-1.5e+3',
    'null',
    '"\\ud83d\\ude00é"',
  ),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
);
const member = fc
  .tuple(space, key, space, space, value, space)
  .map(([before, name, mid, pre, json, after]) => `${before}"${name}"${mid}:${pre}${json}${after}`);
const objectText = fc
  .tuple(space, fc.array(member, { maxLength: 8 }), space)
  .map(([before, members, after]) => `${before}{${members.join(',')}}${after}`);

describe('spliceFields', () => {
  it('amounts to parse, set and stringify for any object', () => {
    fc.assert(
      fc.property(objectText, (text) => {
        const spliced = spliceFields(text, edits);
        expect(spliced).not.toBeNull();
        expect(JSON.parse(spliced ?? '')).toEqual(expected(text));
      }),
      { numRuns: 500 },
    );
  });

  it('answers what is untouched as ranges of the text, and the rest as new text', () => {
    const text = `{"model":"a","messages":"${'x'.repeat(50)}"}`;
    const parts = editFields(findFields(text) ?? [], { model: '"b"', stream: 'true' });
    expect(parts.filter((part) => typeof part === 'string').join('')).toBe('{"b","stream":true}');
    expect(joinParts(text, parts)).toBe(`{"model":"b","messages":"${'x'.repeat(50)}","stream":true}`);
    expect(joinParts('{}', editFields([], { model: null }))).toBe('{}');
  });

  it('keeps the text of untouched values, big numbers and escapes included', () => {
    const text = '{ "seed": 1395002666759424000, "model" : "a", "x":{"y": "\\u00e9" } }';
    expect(spliceFields(text, { model: '"b"' })).toBe(
      '{"seed": 1395002666759424000, "model" : "b", "x":{"y": "\\u00e9" }}',
    );
  });

  it('edits every occurrence of a duplicated field', () => {
    expect(spliceFields('{"model":"a","x":1,"model":"b"}', { model: '"c"' })).toBe('{"model":"c","x":1,"model":"c"}');
    expect(spliceFields('{"x":1,"x":2}', { x: null })).toBe('{}');
  });

  it.each(['', '[]', '"model"', '{"a"', '{"a":', '{"a":1', '{"a":"b', '{"a":1}x', '{a:1}', '{"a" 1}', '{"a":[1}'])(
    'gives up on %j',
    (text) => expect(spliceFields(text, { model: '"b"' })).toBeNull(),
  );
});

describe('what a text may be made of', () => {
  const fill = (part: string, count: number): string => Array.from({ length: count }, () => part).join(',');

  it.each([
    ['an object', '{}'],
    ['a list', '[]'],
    ['a list of one', '[0]'],
    ['an object of one', '{"a":0}'],
  ])('is no more than 50,000 parts as small as %s', (_, part) => {
    expect(() => findFields(`{"a":[${fill(part, 49_990)}]}`)).not.toThrow();
    for (const text of [`{"a":[${fill(part, 50_010)}]}`, `[${fill(part, 50_010)}]`, `{"a":[${fill(part, 50_010)}`])
      expect(() => findFields(text)).toThrow(UnwieldyError);
  });

  it('is no more than 50,000 small fields', () => {
    expect(findFields(`{${fill('"a":0', 49_990)}}`)).toHaveLength(49_990);
    expect(() => findFields(`{${fill('"a":0', 50_010)}}`)).toThrow(UnwieldyError);
  });

  it('is as much as anybody likes of what conversations are made of, of words and of numbers', () => {
    const message = '{"role":"user","content":[{"type":"text","text":"x"}]}';
    for (const part of [message, '"{}"', '0', '"[[],{}"', '"\\"{{{{"'])
      expect(findFields(`{"messages":[${fill(part, 200_000)}]}`)).toHaveLength(1);
  });
});
