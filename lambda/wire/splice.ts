// Changes top-level fields of a JSON object inside its own text, so that the rest is never re-serialised.

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

/**
 * Applies edits to the top-level fields of the object in `text`. Every occurrence of a duplicated key is edited, fields that
 * are absent are appended, and white space between fields is not kept. Null when `text` is not one JSON object: valid JSON is
 * the caller's promise, and only what is needed to find the fields is checked here.
 */
export function spliceFields(text: string, edits: FieldEdits): string | null {
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) return null;
  const found = new Set<string>();
  const kept: string[] = [];
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) !== closeBrace) {
    const field = readField(text, at);
    if (field === null) return null;
    const piece = editField(text, field, edits);
    if (piece !== null) kept.push(piece);
    if (Object.hasOwn(edits, field.name)) found.add(field.name);
    at = skipSpace(text, field.end);
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
    else if (text.charCodeAt(at) !== closeBrace) return null;
  }
  if (skipSpace(text, at + 1) !== text.length) return null;
  for (const name of Object.keys(edits)) {
    const value = edits[name];
    if (typeof value === 'string' && !found.has(name)) kept.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${kept.join(',')}}`;
}

interface Field {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

function editField(text: string, field: Field, edits: FieldEdits): string | null {
  const edit = Object.hasOwn(edits, field.name) ? edits[field.name] : undefined;
  if (edit === undefined) return text.slice(field.start, field.end);
  return edit === null ? null : text.slice(field.start, field.valueStart) + edit;
}

function readField(text: string, start: number): Field | null {
  if (text.charCodeAt(start) !== quote) return null;
  const keyEnd = endOfString(text, start);
  const afterKey = skipSpace(text, keyEnd);
  if (keyEnd < 0 || text.charCodeAt(afterKey) !== colon) return null;
  const valueStart = skipSpace(text, afterKey + 1);
  const end = endOfValue(text, valueStart);
  if (end < 0 || end === valueStart) return null;
  const raw = text.slice(start + 1, keyEnd - 1);
  // A key may be written with escapes and still name the same field.
  const name = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
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
function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === quote) return endOfString(text, start);
  if (first === openBrace || first === openBracket) return endOfNested(text, start);
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace || code <= 32) return at;
    at += 1;
  }
  return -1;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (at < 0) return -1;
      continue;
    }
    if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return -1;
}
