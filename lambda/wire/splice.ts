// Changes top-level fields of a JSON object inside its own text, so that the rest is never re-serialised.
import { parseJson } from './json.ts';

/** New JSON text for a field, or null to leave the field out. */
export type FieldEdits = Readonly<Record<string, string | null>>;

const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;

/** A part of a text that was edited: new text, or a range of the old one, from the first character to before the last. */
export type Part = string | { readonly from: number; readonly end: number };

/** The parts as one text; `text` is the old one. */
export function joinParts(text: string, parts: readonly Part[]): string {
  let joined = '';
  for (const part of parts) joined += typeof part === 'string' ? part : text.slice(part.from, part.end);
  return joined;
}

/**
 * Applies edits to the top-level fields of the object in `text`. Every occurrence of a duplicated key is edited, fields that
 * are absent are appended; white space is kept between fields that stay. Null when `text` is not one JSON object: valid JSON is
 * the caller's promise, and only what is needed to find the fields is checked here.
 */
export function spliceFields(text: string, edits: FieldEdits): string | null {
  const fields = findFields(text);
  return fields === null ? null : joinParts(text, editFields(fields, edits));
}

/** A top-level field of an object's text: its name, and where key, value and what follows begin. */
export interface Field {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** A text is JSON that nobody could work with. The message says what it is, to stand behind "is", and what to do. */
export class UnwieldyError extends Error {
  override readonly name = 'UnwieldyError';
}

/** Deeper values can be parsed, but not always be written again: how deep depends on what is on the stack. */
const MOST_LEVELS = 1_000;
/** Who sends so many objects, lists and fields, and fewer characters for each on average, is refused: `{}` takes 21 times its length once it is parsed. */
const MOST_FINE_PARTS = 50_000;
const FINE_CHARACTERS = 12;

/** Counts what a text is made of. */
interface Tally {
  readonly most: number;
  parts: number;
}

const toTally = ({ length }: string): Tally => ({
  most: Math.max(MOST_FINE_PARTS, length / FINE_CHARACTERS),
  parts: 0,
});

function addPart(tally: Tally): void {
  tally.parts += 1;
  if (tally.parts > tally.most)
    throw new UnwieldyError(
      `made of more than ${MOST_FINE_PARTS} objects, lists and fields of fewer than ${FINE_CHARACTERS} characters each on average. Send less of them, or as text`,
    );
}

/** The top-level fields of the object in `text`, in order, with places in characters. Null when it is not one JSON object. Throws UnwieldyError. */
export function findFields(text: string): readonly Field[] | null {
  const tally = toTally(text);
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) === openBracket) endOfNested(text, at, tally);
  if (text.charCodeAt(at) !== openBrace) return null;
  const fields: Field[] = [];
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) !== closeBrace) {
    addPart(tally);
    const field = readField(text, at, tally);
    if (field === null) return null;
    fields.push(field);
    at = skipSpace(text, field.end);
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
    else if (text.charCodeAt(at) !== closeBrace) return null;
  }
  return skipSpace(text, at + 1) === text.length ? fields : null;
}

/**
 * The edited object in parts, as few as there may be: what is left as it is stays one range, separators and all, so that what is long is not
 * copied. Its ranges are of whatever the places of the fields are of.
 */
export function editFields(fields: readonly Field[], edits: FieldEdits): readonly Part[] {
  // A list, since names that were just cut out of a text are slow to look up.
  const names = Object.keys(edits);
  const isMissing = names.map(() => true);
  const parts: Part[] = [];
  /** The range that is open: from where, and to the end of the last field in it; -1: none is. */
  let from = -1;
  let end = -1;
  const close = (): void => {
    if (from >= 0 && end > from) parts.push({ from, end });
    from = -1;
  };
  for (const field of fields) {
    const place = names.indexOf(field.name);
    const edit = place < 0 ? undefined : edits[names[place] as string];
    if (place >= 0) isMissing[place] = false;
    if (edit === null) {
      close();
      continue;
    }
    if (from < 0) {
      addText(parts, toOpener(parts));
      from = field.start;
    }
    ({ end } = field);
    if (edit === undefined) continue;
    parts.push({ from, end: field.valueStart }, edit);
    from = end;
  }
  close();
  names.forEach((name, place) => {
    const value = edits[name];
    if (isMissing[place] && typeof value === 'string')
      addText(parts, `${toOpener(parts)}${JSON.stringify(name)}:${value}`);
  });
  addText(parts, parts.length === 0 ? '{}' : '}');
  return parts;
}

/** What stands before the next field. */
const toOpener = (parts: readonly Part[]): string => (parts.length === 0 ? '{' : ',');

/** Texts that follow each other are one. */
function addText(parts: Part[], text: string): void {
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + text;
  else parts.push(text);
}

function readField(text: string, start: number, tally: Tally): Field | null {
  if (text.charCodeAt(start) !== quote) return null;
  const keyEnd = endOfString(text, start);
  const afterKey = skipSpace(text, keyEnd);
  if (keyEnd < 0 || text.charCodeAt(afterKey) !== colon) return null;
  const valueStart = skipSpace(text, afterKey + 1);
  const end = endOfValue(text, valueStart, tally);
  if (end < 0 || end === valueStart) return null;
  const raw = text.slice(start + 1, keyEnd - 1);
  // A key may be written with escapes and still name the same field.
  const name = raw.includes('\\') ? String(parseJson(`"${raw}"`) ?? raw) : raw;
  return { name, start, valueStart, end };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at += 1;
  }
}

/** Index after the closing quote of the string that opens at `start`; -1 when it never closes. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return -1;
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

/** Index after the value that starts at `start`; -1 when it never ends. */
function endOfValue(text: string, start: number, tally: Tally): number {
  const first = text.charCodeAt(start);
  if (first === quote) return endOfString(text, start);
  if (first === openBrace || first === openBracket) return endOfNested(text, start, tally);
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace || code <= 32) return at;
    at += 1;
  }
  return -1;
}

function endOfNested(text: string, start: number, tally: Tally): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (at < 0) return -1;
      continue;
    }
    if (code === openBrace || code === openBracket) {
      depth += 1;
      addPart(tally);
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) return at;
    if (depth > MOST_LEVELS) throw new UnwieldyError(`nested more than ${MOST_LEVELS} levels deep. Send it flatter`);
  }
  return -1;
}
