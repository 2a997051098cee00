// Finds the JSON in what a model wrote around it: fences, words before and behind, commas too many.
import { parseJson } from '../json.ts';

/** Where the value that begins at `from` ends; -1 when it does not. */
export function endOfJson(text: string, from: number): number {
  let depth = 0;
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    const sign = text[at];
    if (isQuoted) {
      if (sign === '\\') at++;
      else if (sign === '"') isQuoted = false;
    } else if (sign === '"') isQuoted = true;
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Commas before a closing bracket, outside of quotes. */
const withoutTrailingCommas = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found === ',' ? '' : found));

/** The text of the one JSON value in it, if the whole is none; null when it is one as it stands, or holds none. */
export function findJson(text: string): string | null {
  if (parseJson(text) !== undefined) return null;
  const from = text.search(/[{[]/);
  const end = from < 0 ? -1 : endOfJson(text, from);
  if (end < 0) return null;
  const found = text.slice(from, end);
  const mended = parseJson(found) === undefined ? withoutTrailingCommas(found) : found;
  return parseJson(mended) === undefined ? null : mended;
}
