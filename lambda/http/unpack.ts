// Undoes the content encoding of request bodies, never further than a body may be long.
import { pipeline } from 'node:stream/promises';
import { CallerError } from '#shared/failures.ts';
import { tooLarge } from './body.ts';
import { findDecoder } from './decode.ts';

export interface UnpackBounds {
  readonly encoding: string;
  /** Of what is unpacked. */
  readonly limitBytes: number;
  /** Told how much has been unpacked, before more than that is kept. May throw CallerError. */
  readonly onSize?: (bytes: number) => void;
}

const unknown = (encoding: string): CallerError =>
  new CallerError(
    'invalid_request',
    `The Content-Encoding "${encoding.slice(0, 40)}" is not read here. Send the body as gzip, deflate, br or zstd, or as it is.`,
  );

const broken = (encoding: string): CallerError =>
  new CallerError(
    'invalid_request',
    `The body is not what its Content-Encoding says, or a part of it is missing: it can't be unpacked as ${encoding}.`,
  );

type Source = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The source from its first bytes on, which are looked at; null: it has none. */
async function lookAhead(source: Source): Promise<{ first: Uint8Array; all: AsyncIterable<Uint8Array> } | null> {
  const pieces = (async function* () {
    yield* source;
  })();
  const { value: first, done } = await pieces.next();
  if (done === true || first === undefined) return null;
  const all = (async function* () {
    yield first;
    yield* pieces;
  })();
  return { first, all };
}

/** What is unpacked, as it comes. Throws CallerError for what can't be, for what becomes too long, and what the source throws. */
export async function* unpackPieces(source: Source, bounds: UnpackBounds): AsyncGenerator<Uint8Array> {
  const { encoding, limitBytes, onSize } = bounds;
  const makeDecoder = findDecoder(encoding);
  if (makeDecoder === null) throw unknown(encoding);
  const begun = await lookAhead(source);
  if (begun === null) return;
  const decoder = makeDecoder(begun.first);
  // Its failure is that of the decoder, too, from where it is told. Its end is not waited for: the source may be waiting for its next piece.
  void pipeline(begun.all, decoder).catch(() => undefined);
  let size = 0;
  try {
    for await (const piece of decoder as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      onSize?.(size);
      yield piece;
    }
  } catch (error) {
    throw error instanceof CallerError ? error : broken(encoding);
  } finally {
    decoder.destroy();
  }
}

/** A whole body, unpacked. Rejects as `unpackPieces` does. */
export const unpack = async (body: Uint8Array, bounds: UnpackBounds): Promise<Uint8Array> =>
  Buffer.concat(await Array.fromAsync(unpackPieces([body], bounds)));
