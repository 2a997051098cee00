// Undoes content encodings that a provider uses although it was asked not to.
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
} from 'node:zlib';

export type Decoder = BrotliDecompress | Gunzip | Inflate;

/** A stream that decodes the given `content-encoding`; null when there is nothing to undo. */
export function createDecoder(encoding: string | undefined): Decoder | null {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return null;
  }
}
