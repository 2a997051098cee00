// What a file is that can't be read here, by how it begins: whoever sent it learns more by that than by what it is not.

/** By their first bytes, as latin1 text. */
const kinds: readonly (readonly [what: string, begins: RegExp])[] = [
  ['AMR', /^#!AMR/],
  ['SILK, as messengers record it', /^.?#!SILK/s],
  ['Windows Media (wma, wmv)', /^0&\xb2u\x8ef\xcf/],
  ['AIFF', /^FORM....AIF/s],
  ['Core Audio (caf)', /^caff/],
  ['Sun audio (au)', /^\.snd/],
  ['Wave64 (w64)', /^riff\.\x91\xcf/],
  ['Flash video (flv)', /^FLV[^ -~]/],
  ['an MPEG programme stream (mpg, vob)', /^[^ -\xff]{3}\xba/],
  ['Monkey’s Audio (ape)', /^MAC /],
  ['WavPack (wv)', /^wvpk/],
  ['AVI', /^RIFF....AVI /s],
  ['MPEG layer 2 (mp2)', /^\xff[\xf4\xf5\xfc\xfd]/],
  ['an MPEG transport stream (ts)', /^G[\x40-\x5f]/],
  ['RealMedia (rm, ra)', /^\.(?:RMF|ra\xfd)/],
  ['a PDF', /^%PDF/],
  ['an archive (zip), or a document that is one', /^PK(?![\w ])/],
  ['a picture', /^(?:\xff\xd8\xff|\x89PNG|GIF8)/],
  ['a web page', /^\s*<(?:!doctype|html|\?xml)/i],
];

/** The kind of a file that begins so; null for one that nobody knows. */
export const findForeign = (head: Uint8Array): string | null =>
  kinds.find(([, begins]) => begins.test(Buffer.from(head).toString('latin1')))?.[0] ?? null;
