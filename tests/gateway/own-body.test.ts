// The caller's own body, edited in bytes: the same as edited as text, whatever signs it is made of.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { locateFields, toBody, toWhole } from '#lambda/gateway/own-body.ts';
import { editFields, spliceFields } from '#lambda/wire/splice.ts';

const edits = { model: '"modèle 2"', stream: 'true', freeway: null };

function edit(text: string, bytes: Uint8Array = Buffer.from(text)): string | null {
  const fields = locateFields(text, bytes.length);
  if (fields === null) return null;
  const whole = toWhole(toBody({ text: '', dropped: [], parts: editFields(fields, edits) }, bytes));
  return Buffer.from(whole).toString();
}

it('comes to the same as editing the text', () => {
  const text = fc
    .dictionary(fc.oneof(fc.constantFrom('model', 'freeway', 'messages', 'größe'), fc.string()), fc.jsonValue())
    .map((body) => JSON.stringify(body));
  fc.assert(
    fc.property(text, (one) => {
      expect(edit(one)).toBe(spliceFields(one, edits));
    }),
  );
});

it('keeps bytes of one to four to a sign', () => {
  const text = '{ "größe": "é漢😀", "model": "a", "freeway": {"x":"ü"}, "messages": ["Straße 😀"] }';
  expect(edit(text)).toBe('{"größe": "é漢😀", "model": "modèle 2","messages": ["Straße 😀"],"stream":true}');
});

it('is written anew where something stands before the text', () => {
  const bytes = Buffer.from('\ufeff{"model":"a","x":"é"}');
  expect(edit('{"model":"a","x":"é"}', bytes)).toBeNull();
  expect(edit('{"model":"a","x":"e"}', Buffer.from('\ufeff{"model":"a","x":"e"}'))).toBeNull();
  expect(toBody({ text: '{}', dropped: [] }, bytes)).toBe('{}');
});

it('is none where the text is no object', () => expect(locateFields('["é"]', 6)).toBeNull());

it('is not copied where it is long', () => {
  const long = 'ü'.repeat(20_000);
  const text = `{"messages":["${long}"],"model":"a","tools":["${long}"],"user":"é"}`;
  expect(edit(text)).toBe(spliceFields(text, edits));
  const bytes = Buffer.from(text);
  const body = toBody(
    { text: '', dropped: [], parts: editFields(locateFields(text, bytes.length) ?? [], edits) },
    bytes,
  );
  if (typeof body === 'string' || !('pieces' in body)) throw new Error('it was copied');
  expect(body.pieces).toHaveLength(5);
  const ranges = body.pieces.filter((piece) => typeof piece !== 'string' && piece.buffer === bytes.buffer);
  expect(ranges.map(({ length }) => length > 40_000)).toEqual([true, true]);
  expect(body.length).toBe(toWhole(body).length);
});
