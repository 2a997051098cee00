import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSse, endSse, feedSse } from '#lambda/wire/sse.ts';
import type { SseFrame } from '#lambda/wire/types.ts';

function readPieces(pieces: readonly string[]): SseFrame[] {
  let state = createSse();
  const frames: SseFrame[] = [];
  for (const piece of pieces) {
    const step = feedSse(state, piece);
    expect(step.failure).toBeNull();
    frames.push(...step.frames);
    state = step.state;
  }
  return [...frames, ...endSse(state)];
}

const told = (frames: readonly SseFrame[]): unknown[] =>
  frames.filter(({ data }) => data !== null).map(({ event, data }) => [event, data]);

describe('feedSse', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['mixed', 'data: a\r\n\ndata: b\n\r\n'],
    ['no space', 'data:a\n\ndata:b\n\n'],
    ['byte order mark', '\uFEFFdata: a\n\ndata: b\n\n'],
    ['comments and blank lines', ': hi\n\n\n\ndata: a\n: mid\n\n: PROCESSING\n\ndata: b\n\n'],
    ['other fields', 'id: 1\nretry: 5\ndata: a\n\ndata: b\nid\n\n'],
    ['no line end at the close', 'data: a\n\ndata: b'],
    ['one line end at the close', 'data: a\n\ndata: b\n'],
  ])('reads %s, whole and character by character', (_, text) => {
    const frames = [
      [null, 'a'],
      [null, 'b'],
    ];
    expect(told(readPieces([text]))).toEqual(frames);
    expect(told(readPieces([...text]))).toEqual(frames);
  });

  it('joins data lines and names the event', () => {
    expect(told(readPieces(['event: error\ndata: a\ndata:  b\ndata\n\n']))).toEqual([['error', 'a\n b\n']]);
  });

  it('gives the same frames however the text is cut, and their raw text is the text', () => {
    const line = fc.constantFrom('data: x', 'data: {"a":1}', ': c', 'event: e', 'data', '', '');
    const text = fc.array(
      fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')).map((pair) => pair.join('')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(text, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (lines, sizes) => {
        const whole = lines.join('');
        const pieces: string[] = [];
        for (let rest = whole; rest !== '';) {
          const size = sizes.next().value as number;
          pieces.push(rest.slice(0, size));
          rest = rest.slice(size);
        }
        const frames = readPieces(pieces);
        expect(frames).toEqual(readPieces([whole]));
        const raw = frames.map((frame) => frame.raw).join('');
        expect(raw.startsWith(whole.trimEnd())).toBe(true);
      }),
    );
  });

  it('refuses a frame beyond the bound, and keeps what was complete', () => {
    const step = feedSse(createSse(20), 'data: a\n\ndata: aaaaaaaaaaaaaaaaaaaaaaa');
    expect(told(step.frames)).toEqual([[null, 'a']]);
    expect(step.failure).toMatchObject({ kind: 'bad_reply' });
  });
});
