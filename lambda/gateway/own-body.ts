// The caller's own body in bytes: where its fields stand, and how it is sent on with some of them edited.
import type { BodyPieces } from '../ports.ts';
import { findFields, type Field, type Part } from '../wire/splice.ts';
import type { RenderedRequest } from '../wire/types.ts';

/** Moves places in characters to places in the UTF-8 of the text; null when that is not as long as it should be, since something stood before the text. */
function toBytePlaces(text: string, fields: readonly Field[], byteLength: number): readonly Field[] | null {
  let at = 0;
  let place = 0;
  const toByte = (next: number): number => {
    place += Buffer.byteLength(text.slice(at, next));
    at = next;
    return place;
  };
  const placed = fields.map(({ name, start, valueStart, end }) => ({
    name,
    start: toByte(start),
    valueStart: toByte(valueStart),
    end: toByte(end),
  }));
  return toByte(text.length) === byteLength ? placed : null;
}

/** Where the top-level fields of a JSON object stand in its UTF-8, of `byteLength` bytes. Null when the text is not one object. */
export function locateFields(text: string, byteLength: number): readonly Field[] | null {
  const fields = findFields(text);
  // Where there are as many bytes as characters, each stands at the same place.
  return fields === null || text.length === byteLength ? fields : toBytePlaces(text, fields, byteLength);
}

/** Ranges of the caller's body stay where they lie. */
function toPieces(bytes: Uint8Array, parts: readonly Part[]): BodyPieces {
  let length = 0;
  const pieces = parts.map((part) => {
    if (typeof part === 'string') {
      length += Buffer.byteLength(part);
      return part;
    }
    length += part.end - part.from;
    return bytes.subarray(part.from, part.end);
  });
  return { pieces, length };
}

/** The request as it is sent; `bytes` are the caller's own body. */
export const toBody = (rendered: RenderedRequest, bytes: Uint8Array): string | BodyPieces =>
  rendered.parts === undefined ? rendered.text : toPieces(bytes, rendered.parts);

/** The same body in one piece. */
export const toWhole = <T>(body: T | BodyPieces): T | Uint8Array =>
  typeof body === 'object' && body !== null && 'pieces' in body
    ? Buffer.concat(body.pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
    : body;
