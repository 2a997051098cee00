// Uploads of speech: finds the form fields and the length of the clip, and "hears" two fixed words a second.
import type { FakeRequest } from './spec.ts';

export interface Upload {
  readonly model: string;
  readonly format: string;
  readonly seconds: number;
  readonly bytes: Uint8Array;
  readonly fields: readonly string[];
}

/** Of anything but WAV: 16 kB are taken for one second. */
const bytesPerSecond = 16_000;

function secondsOf(file: Buffer): number {
  if (file.length < 44 || file.toString('latin1', 0, 4) !== 'RIFF') return file.length / bytesPerSecond;
  const rate = file.readUInt32LE(28);
  return rate > 0 ? (file.length - 44) / rate : 0;
}

/** Reads a multipart form with `file` and `model`; null when it is none. */
export function parseUpload(request: FakeRequest): Upload | null {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined || request.body === null) return null;
  const text = Buffer.from(request.body as Uint8Array).toString('latin1');
  const values = new Map<string, string>();
  for (const part of text.split(`--${boundary}`)) {
    const name = /name="([^"]+)"/.exec(part)?.[1];
    const at = part.indexOf('\r\n\r\n');
    if (name !== undefined && at >= 0) values.set(name, part.slice(at + 4).replace(/\r\n$/, ''));
  }
  const file = values.get('file');
  const model = values.get('model');
  if (file === undefined || model === undefined) return null;
  const format = values.get('response_format') ?? 'json';
  const bytes = Buffer.from(file, 'latin1');
  return { model, format, seconds: secondsOf(bytes), bytes, fields: [...values.keys()] };
}

/** A word as it was heard, in seconds from the beginning of the upload. */
export interface HeardWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Ways to understand an upload: words said over and over, or what an ear hears in it. */
export interface Hearing {
  readonly speech?: readonly string[];
  readonly hear?: ((upload: Uint8Array) => readonly HeardWord[]) | undefined;
}

function toHeard({ seconds, bytes }: Upload, { speech = [], hear }: Hearing): readonly HeardWord[] {
  if (hear) return hear(bytes);
  const count = Math.max(1, Math.ceil(seconds * 2));
  return Array.from({ length: count }, (_, index) => ({
    word: speech[index % speech.length] ?? `word${index + 1}`,
    start: index / 2,
    end: (index + 1) / 2,
  }));
}

/** The transcript: as it is heard, else two words for every second begun, from `speech` over and over, else `word1 word2 ...`. */
export function audioAnswer(upload: Upload, hearing: Hearing): { readonly text: string; readonly contentType: string } {
  const words = toHeard(upload, hearing);
  const text = words.map(({ word }) => word).join(' ');
  if (upload.format === 'text') return { text: `${text}\n`, contentType: 'text/plain; charset=utf-8' };
  if (upload.format !== 'verbose_json') return { text: JSON.stringify({ text }), contentType: 'application/json' };
  const body = {
    task: 'transcribe',
    language: 'english',
    duration: upload.seconds,
    text,
    segments: [{ id: 0, seek: 0, start: 0, end: upload.seconds, text, tokens: [] }],
    words,
  };
  return { text: JSON.stringify(body), contentType: 'application/json' };
}
