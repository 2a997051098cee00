// The seam between two attempts: whatever way a model goes on, and however its text is cut into pieces, the caller reads it once.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  createCueAligner,
  createPrefillAligner,
  createRepeatAligner,
  toCue,
  type Aligner,
} from '#lambda/gateway/align.ts';
import { createCallAligner } from '#lambda/gateway/align-calls.ts';

/** Feeds the text in pieces of the given lengths. */
function read(aligner: Aligner, text: string, lengths: readonly number[]): string | null {
  let out = '';
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length] ?? 1);
    const piece = aligner.feed(text.slice(at, at + length));
    if (piece === null) return null;
    out += piece;
    at += length;
  }
  const rest = aligner.end();
  return rest === null ? null : out + rest;
}

const word = fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzäé') });
/** Numbered, so that no passage repeats another. */
const story = fc
  .array(word, { minLength: 12, maxLength: 60 })
  .map((words) => words.map((one, index) => `${one}${index}`).join(' '));
const cut = fc.tuple(story, fc.double({ min: 0, max: 1, noNaN: true }));
const lengths = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 8 });

const splitAt = ([text, share]: readonly [string, number], least: number): [string, string] => {
  const at = Math.max(least, Math.floor(text.length * share));
  return [text.slice(0, at), text.slice(at)];
};

describe('told again', () => {
  it('passes on exactly the unseen suffix', () => {
    fc.assert(
      fc.property(cut, lengths, (one, pieces) => {
        const [shown, unseen] = splitAt(one, 0);
        expect(read(createRepeatAligner(shown), shown + unseen, pieces)).toBe(unseen);
      }),
    );
  });
  it('finds the last words again behind a departure near the end', () => {
    const shown = 'It was a dark night, and the rain fell in torrents on the roofs of London.';
    const other = shown.replace('dark', 'stormy');
    for (const pieces of [[1], [5], [200]])
      expect(read(createRepeatAligner(shown), `${other} The end.`, pieces)).toBe(' The end.');
  });
  it.each([
    [
      'another story',
      'Quite another story that has nothing to do with it, and goes on and on for long enough.'.repeat(4),
    ],
    ['a shorter answer', 'It was a dark night'],
    ['nothing', ''],
  ])('does not fit: %s', (_, text) => {
    const shown = 'It was a dark night, and the rain fell in torrents on the roofs of London.';
    expect(read(createRepeatAligner(shown), text, [7])).toBeNull();
  });
  it('gives up at once when the departure is far from the end', () => {
    const shown = 'word '.repeat(400);
    expect(createRepeatAligner(shown).feed('other')).toBeNull();
  });
});

describe('given as a beginning', () => {
  const aligner = (shown: string): Aligner => createPrefillAligner(shown, shown.slice(shown.trimEnd().length));
  it('passes on a continuation as it is, less the white space it was not given', () => {
    fc.assert(
      fc.property(cut, lengths, (one, pieces) => {
        const [shown, unseen] = splitAt(one, 30);
        const given = shown.trimEnd();
        expect(read(aligner(shown), (shown + unseen).slice(given.length), pieces)).toBe(unseen);
      }),
    );
  });
  it('leaves out what is repeated: everything, or the last words', () => {
    fc.assert(
      fc.property(cut, lengths, fc.integer({ min: 24, max: 120 }), (one, pieces, repeated) => {
        const [shown, unseen] = splitAt(one, 30);
        expect(read(aligner(shown), shown + unseen, pieces)).toBe(unseen);
        expect(read(aligner(shown), shown.slice(-repeated) + unseen, pieces)).toBe(unseen);
      }),
    );
  });
  it('keeps rows that truly repeat', () => {
    const row = '| a long enough row | of a table | 42 |\n';
    const shown = `The table you asked for:\n\n${row.repeat(3)}`;
    expect(read(aligner(shown), `\n${row.repeat(2)}`, [3])).toBe(row.repeat(2));
    expect(read(aligner(shown.trimEnd()), `\n${row.repeat(2)}`, [3])).toBe(`\n${row.repeat(2)}`);
  });
  it('an answer that begins anew and ends too soon does not fit', () => {
    expect(
      read(aligner('Once upon a time there was a princess and a frog.'), 'Once upon a time there was', [4]),
    ).toBeNull();
  });
});

describe('told to go on', () => {
  it('goes on behind the last words, whatever is said before them', () => {
    fc.assert(
      fc.property(cut, lengths, fc.constantFrom('', 'Sure! ', 'Here it is:\n\n'), (one, pieces, preface) => {
        const [shown, unseen] = splitAt(one, 30);
        const cue = toCue(shown);
        expect(shown.endsWith(cue)).toBe(true);
        expect(read(createCueAligner(shown, cue), preface + cue + unseen, pieces)).toBe(unseen);
        expect(read(createCueAligner(shown, cue), shown + unseen, pieces)).toBe(unseen);
      }),
    );
  });
  it('puts in the space that messages do not begin with', () => {
    const shown = 'The quick brown fox jumps over the lazy';
    expect(read(createCueAligner(shown, toCue(shown)), 'dog, and that is the whole story.', [4])).toBe(
      ' dog, and that is the whole story.',
    );
  });
  it('another beginning of the same story does not fit', () => {
    const shown = 'Once upon a time there was a princess who lived in a castle by the sea.';
    const other =
      `${shown.slice(0, 30)} young queen in a tower far away, and she was not happy at all with her lot. `.repeat(5);
    expect(read(createCueAligner(shown, toCue(shown)), other, [6])).toBeNull();
  });
});

describe('tool calls', () => {
  const shown = new Map([[0, { name: 'look', arguments: '{"where":"be' }]]);
  const piece = (args: string, name: string | null = null, index = 0) => ({
    index,
    id: name && 'call_x',
    name,
    arguments: args,
  });
  it('go on exactly where they stopped, and new ones come whole', () => {
    const aligner = createCallAligner(shown);
    expect(aligner.feed(piece('{"wh', 'look'))).toEqual({ fits: true, tool: null });
    expect(aligner.complete()).toBe(false);
    expect(aligner.feed(piece('ere":"behind"}'))).toEqual({ fits: true, tool: { index: 0, arguments: 'hind"}' } });
    expect(aligner.complete()).toBe(true);
    const whole = { index: 1, id: 'call_x', name: 'listen', arguments: '{}' };
    expect(aligner.feed(piece('{}', 'listen', 1))).toEqual({ fits: true, tool: whole });
  });
  it.each([
    ['the new one has none', '{ "where": [1, "be h', '{"where":[1,"be hind"]}', 'ind"]}'],
    ['the new one has more', '{"where":[1,"be h', '{\n  "where": [ 1, "be hind" ]\n}', 'ind" ]\n}'],
    ['it stood last', '{"where": ', '{"where":"here"}', '"here"}'],
    ['it comes last', '{"where":', '{"where" : "here"}', ' "here"}'],
    ['quotes are escaped', '{"a":"\\" b", ', '{ "a" : "\\" b","c":1}', '"c":1}'],
  ])('fit whatever white space stands between words of JSON: %s', (_, before, now, rest) => {
    const aligner = createCallAligner(new Map([[0, { name: 'look', arguments: before }]]));
    const pieces = [...now].map((letter, at) => aligner.feed(piece(letter, at === 0 ? 'look' : null)));
    expect(pieces.every(({ fits }) => fits)).toBe(true);
    expect(pieces.map(({ tool }) => tool?.arguments ?? '').join('')).toBe(rest);
    expect(aligner.complete()).toBe(true);
  });
  it.each([
    ['white space inside a text', '{"where":"be hind', '{"where":"behind the door"}'],
    ['white space behind an escaped quote', '{"a":"\\" b', '{"a":"\\"b"}'],
    [
      'the same words behind others',
      '{"path":"/first","content":"so many words that are the same',
      '{"path":"/other","content":"so many words that are the same, and more"}',
    ],
  ])('do not fit: %s', (_, before, now) => {
    const aligner = createCallAligner(new Map([[0, { name: 'look', arguments: before }]]));
    expect(aligner.feed(piece(now, 'look')).fits).toBe(false);
  });
  it.each([
    ['another name', piece('{"where":"behind"}', 'listen')],
    ['other arguments', piece('{"what":"behind"}', 'look')],
  ])('do not fit: %s', (_, call) => {
    expect(createCallAligner(shown).feed(call).fits).toBe(false);
  });
});
