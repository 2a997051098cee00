// Calls whose name comes with every piece: where one ends and the next begins is seen by parsing what is whole, and nothing else.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { seatCalls, type Seats } from '#lambda/wire/openai-chat/calls.ts';

const take = (seats: Seats, text: string): void => {
  const target = { name: 'f', arguments: text };
  seatCalls({ tool_calls: [{ index: 0, type: 'function', function: target }] }, seats, 'answer');
};

/** The arguments of each call that the pieces make. */
function toArguments(pieces: readonly string[]): string[] {
  const seats: Seats = { taken: [], last: -1 };
  for (const piece of pieces) take(seats, piece);
  return seats.taken.map((seat) => seat.arguments);
}

describe('calls whose name comes with every piece', () => {
  it('begin anew exactly behind a whole object, wherever the one before was cut', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.nat()), (object, cuts) => {
        const text = JSON.stringify(object);
        const places = [0, ...cuts.map((cut) => cut % text.length).toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
        expect(toArguments([...pieces, '{"b":1}'])).toEqual([text, '{"b":1}']);
      }),
    );
  });

  it.each(['', ' ', '[]', 'null', '"{}"', 'x{}', '{}}', '{]', '{"a":"}"', '{"a":"\\"}'])(
    'go on behind %j, which is no object',
    (text) => {
      expect(toArguments([text, 'x', '{}'])).toEqual([`${text}x{}`]);
    },
  );

  it('are parsed once for each that is whole, however many pieces there are', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const calls = toArguments(['{"a":"', ...Array.from({ length: 500 }, () => '} text '), '"}', '{"b":1}']);
    const asked = parse.mock.calls.length;
    parse.mockRestore();
    expect([calls.length, asked]).toEqual([2, 1]);
  });
});
