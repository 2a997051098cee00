// Reads the requests of a batch from its file, from any place on, and looks the whole file through before it begins.
import type { BatchProblem, KeptBatch, LinePlace } from '#shared/batch.ts';
import { CallerError } from '#shared/failures.ts';
import type { FileBook } from '../ports-batches.ts';
import { isProblem, readLine, type BatchLine, type LineProblem } from '../wire/batch/line.ts';
import { MAX_BODY_BYTES } from './read-body.ts';

/** One line of a file that is not empty. */
export interface FileLine {
  /** Counted from 0, without empty lines. */
  readonly line: number;
  readonly text: string;
  /** Where the next one begins. */
  readonly after: LinePlace;
}

/** As many requests as OpenAI takes. */
export const MOST_LINES = 50_000;
/** Problems of a file that are told: whoever has made a mistake in every line need not read them all. */
const MOST_PROBLEMS = 100;

/** The error for a file that is no more. */
export const gone = (): CallerError =>
  new CallerError('not_found', 'The file of the batch is gone: it was deleted, or its time was over.');

/** The lines of a file from a place on. Throws CallerError `not_found` when the file is gone. */
export async function* readLines(
  files: FileBook,
  { fileId }: Pick<KeptBatch, 'fileId'>,
  { parts, from }: { readonly parts: number; readonly from: LinePlace },
): AsyncGenerator<FileLine> {
  let { line, offset } = from;
  let held = '';
  for (let part = from.part; part < parts; part++) {
    const text = await files.readPart({ id: fileId }, part);
    if (text === null) throw gone();
    for (;;) {
      const end = text.indexOf('\n', offset);
      if (end < 0) break;
      const whole = held + text.slice(offset, end);
      held = '';
      offset = end + 1;
      if (whole.trim() !== '') yield { line, text: whole, after: { line: ++line, part, offset } };
    }
    held += text.slice(offset);
    offset = 0;
  }
  if (held.trim() !== '') yield { line, text: held, after: { line: line + 1, part: parts, offset: 0 } };
}

/** What a file holds, once all of it was looked at. */
export interface LookedThrough {
  readonly total: number;
  /** The model that all requests ask for; null: none, or several. */
  readonly model: string | null;
  readonly problems: readonly BatchProblem[];
}

/** Reads a line as its request would be, which is bounded where it comes alone, too. */
function readBounded(text: string, endpoint: string): BatchLine | LineProblem {
  if (Buffer.byteLength(text) <= MAX_BODY_BYTES) return readLine(text, endpoint);
  return {
    code: 'too_large',
    message: `This line is longer than ${MAX_BODY_BYTES} bytes. Send less in it.`,
    param: null,
  };
}

/** What is wrong with a file as a whole. */
function toWhole(total: number): BatchProblem | null {
  const problem = { param: null, line: null };
  if (total === 0)
    return { ...problem, code: 'empty_file', message: 'The file holds no requests. Put one JSON object on each line.' };
  if (total <= MOST_LINES) return null;
  const message = `The file holds more than ${MOST_LINES} requests. Send them in several batches.`;
  return { ...problem, code: 'too_many_tasks', message };
}

/** Looks at every line of the file, so that nothing is asked for a batch that can not be carried out as it stands. */
export async function lookThrough(lines: AsyncIterable<FileLine>, endpoint: string): Promise<LookedThrough> {
  const problems: BatchProblem[] = [];
  const seen = new Map<string, number>();
  const models = new Set<unknown>();
  let total = 0;
  for await (const { line, text } of lines) {
    total++;
    if (total > MOST_LINES) break;
    const read = readBounded(text, endpoint);
    if (isProblem(read)) problems.push({ ...read, line: line + 1 });
    else {
      const before = seen.get(read.customId);
      if (before !== undefined) {
        const message = `This line has the same "custom_id" as line ${before + 1}. Each must have one of its own.`;
        problems.push({ code: 'duplicate_custom_id', message, param: 'custom_id', line: line + 1 });
      }
      seen.set(read.customId, line);
      models.add(read.body['model'] ?? 'auto');
    }
    if (problems.length >= MOST_PROBLEMS) break;
  }
  const whole = toWhole(total);
  const [model] = models;
  return {
    total,
    model: models.size === 1 && typeof model === 'string' ? model : null,
    problems: whole === null ? problems : [whole, ...problems],
  };
}
