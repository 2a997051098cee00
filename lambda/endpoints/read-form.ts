// Reads a request body as a form with one file, as OpenAI's audio endpoints take it: fields into memory, the file to where uploads are laid down.
import type { BusboyConstructor, BusboyInstance as Parser } from '@fastify/busboy';
import { CallerError } from '#shared/failures.ts';
import type { Exchange, Spool, Spooled } from '../ports.ts';
import type { FormFields } from '../wire/transcription/question.ts';

/** A form with its file, which must be dropped when it is no longer needed. */
export interface UploadForm {
  readonly fields: FormFields;
  readonly file: { readonly name: string; readonly content: Spooled };
}

/** Far more than any form that makes sense holds. */
const limits = {
  fieldNameSize: 100,
  fieldSize: 64 * 1024,
  fields: 64,
  files: 1,
  parts: 65,
  headerPairs: 20,
  headerSize: 8 * 1024,
} as const;
/** Room for the fields beside the file. */
const FIELDS_BYTES = 1024 * 1024;
/** File names are only told back. */
const MAX_NAME = 200;

const wrong = (message: string, param = 'file'): CallerError => new CallerError('invalid_request', message, { param });

const unreadable = (): CallerError =>
  wrong('The form can not be read: its parts do not fit the boundary named in the content type, or it breaks off.');

/** The body piece by piece, or as one piece where it is at hand as a whole. */
async function* readPieces(exchange: Exchange, limitBytes: number): AsyncGenerator<Uint8Array> {
  if (exchange.chunks) yield* exchange.chunks(limitBytes);
  else yield await exchange.body(limitBytes);
}

/** Feeds the parser, at its own pace. */
async function feed(parser: Parser, pieces: AsyncIterable<Uint8Array>, isOver: () => boolean): Promise<void> {
  let goOn = (): void => undefined;
  parser.on('drain', () => goOn()).on('close', () => goOn());
  for await (const piece of pieces) {
    if (isOver()) return;
    if (parser.write(piece)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    goOn = resolve;
    if (!isOver()) await promise;
  }
  parser.end();
}

interface GatheredFile {
  readonly name: string;
  readonly content: Promise<Spooled>;
  /** Stops taking it in; what is kept of it is dropped. */
  readonly forget: () => void;
}

interface Gathered {
  readonly fields: Record<string, string[]>;
  readonly files: GatheredFile[];
  /** Resolves when all parts have been told; rejects with CallerError for a form that is wrong. */
  readonly done: Promise<void>;
}

/** Listens to the parts of the form. */
function gather(parser: Parser, spool: Spool): Gathered {
  const fields: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const files: Gathered['files'] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const tooMany = (): void => reject(wrong(`The form has more than ${limits.fields} fields, or more than one file.`));
  parser.on('field', (name: string, value: string, ...cuts: readonly unknown[]) => {
    if (cuts[0] === true || cuts[1] === true)
      return reject(
        wrong(`The field "${name.slice(0, 40)}" is longer than ${limits.fieldSize} bytes.`, name.slice(0, 40)),
      );
    (fields[name] ??= []).push(value);
  });
  parser.on('file', (field, stream, name) => {
    // Whoever reads it hears of its end; the parser tells of it once more, after that.
    stream.on('error', () => undefined);
    if (field !== 'file') return void stream.resume();
    const content = spool.keep(stream as AsyncIterable<Uint8Array>);
    content.catch((error: unknown) => reject(error === stream.errored ? unreadable() : error));
    const forget = (): void => {
      stream.destroy();
      void content.then((kept) => kept.drop()).catch(() => undefined);
    };
    files.push({ name: (name || 'audio').slice(0, MAX_NAME), content, forget });
  });
  parser.on('partsLimit', tooMany).on('fieldsLimit', tooMany).on('filesLimit', tooMany);
  parser.on('error', () => reject(unreadable()));
  parser.on('finish', resolve);
  return { fields, files, done };
}

/** What a form is to hold, as its sender is told where it does not. */
export interface WantedForm {
  readonly what: string;
  readonly fields: readonly [string, string];
}

const audioForm: WantedForm = { what: 'the audio', fields: ['file', 'model'] };

/** Rejects with CallerError `invalid_request` or `too_large`, and then keeps nothing. */
export async function readUploadForm(exchange: Exchange, spool: Spool, wanted = audioForm): Promise<UploadForm> {
  const type = exchange.headers['content-type'] ?? '';
  const { what, fields: names } = wanted;
  if (!/^multipart\/form-data\b/i.test(type))
    throw wrong(`Send ${what} as a form (multipart/form-data) with the fields "${names.join('" and "')}".`);
  const pieces = readPieces(exchange, spool.maxBytes + FIELDS_BYTES);
  // Bundled, it has no other name than this, of which not every reader of types knows what it is.
  const Busboy = (await import('@fastify/busboy')).default as unknown as BusboyConstructor;
  let parser: Parser;
  try {
    parser = new Busboy({ headers: { 'content-type': type }, limits });
  } catch {
    throw unreadable();
  }
  const { fields, files, done } = gather(parser, spool);
  let over = false;
  try {
    await Promise.all([feed(parser, pieces, () => over), done]);
    const [file] = files;
    if (file === undefined) throw wrong(`The form has no file: put ${what} into the field "file".`);
    return { fields, file: { name: file.name, content: await file.content } };
  } catch (error) {
    over = true;
    for (const { forget } of files) forget();
    parser.destroy();
    throw error;
  }
}
