// Undoes content encodings that a provider uses although it was asked not to.
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
  type InflateRaw,
  type ZstdDecompress,
} from 'node:zlib';

export type Decoder = BrotliDecompress | Gunzip | Inflate | InflateRaw | ZstdDecompress;

/** Some servers leave out the zlib header that `deflate` asks for; its low four bits are always 8. */
const inflateFor = (first: Uint8Array): Decoder =>
  ((first[0] ?? 8) & 15) === 8 ? createInflate() : createInflateRaw();

/** What makes the decoder of a `content-encoding`, given the first bytes of the body; null when there is nothing to undo. */
export function findDecoder(encoding: string | undefined): ((first: Uint8Array) => Decoder) | null {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return () => createGunzip();
    case 'deflate':
      return inflateFor;
    case 'br':
      return () => createBrotliDecompress();
    case 'zstd':
      return () => createZstdDecompress();
    default:
      return null;
  }
}
