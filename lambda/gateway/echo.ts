// Keeps a caller's text and a credential's key out of error messages: providers like to quote what they did not like.
import type { Headers } from '../ports.ts';

/** Runs of the message at least this long that also stand in the request are taken for quotes. */
const SHORTEST_QUOTE = 16;
/** Texts are searched up to here; a quote comes from where the provider looked first. */
const SEARCHED_CHARACTERS = 200_000;

/** The message with everything it quotes from the texts left out. */
export function withoutQuotes(message: string, texts: readonly { readonly text: string }[]): string {
  let left = SEARCHED_CHARACTERS;
  const searched = texts.map(({ text }) => {
    const part = text.slice(0, Math.max(0, left));
    left -= part.length;
    return part;
  });
  const stands = (run: string): boolean => searched.some((text) => text.includes(run));
  let shown = '';
  for (let at = 0; at < message.length;) {
    let end = at + SHORTEST_QUOTE;
    if (end > message.length || !stands(message.slice(at, end))) {
      shown += message[at++];
      continue;
    }
    while (end < message.length && stands(message.slice(at, end + 1))) end++;
    shown += '[...]';
    at = end;
  }
  return shown;
}

/** Shorter ones can't be told from words. */
const SHORTEST_KEY = 6;
const MASK = '***';
const carrier = /auth|key|token|secret/i;

/** Keys as headers carry them: whole, and without the scheme before them; and as they would stand in a URL. */
function keysIn(headers: Headers, ownHeader: string | null): string[] {
  const values = Object.entries(headers)
    .filter(([name]) => name === ownHeader || carrier.test(name))
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)]);
  const long = values.filter(({ length }) => length >= SHORTEST_KEY);
  const bare = long.filter((key) => !key.includes(' '));
  return [...new Set([...long, ...bare.map(encodeURIComponent)])];
}

/** The message less the beginning of a key that it ends with, because it was cut there. With the scheme before it a key begins with words. */
function withoutCutKey(message: string, key: string): string {
  if (key.includes(' ')) return message;
  const end = message.endsWith('…') ? message.length - 1 : message.length;
  for (let length = Math.min(key.length, end); length >= SHORTEST_KEY; length--)
    if (message.startsWith(key.slice(0, length), end - length))
      return `${message.slice(0, end - length)}${MASK}${message.slice(end)}`;
  return message;
}

/**
 * The message without the keys that these headers carried, whatever they look like. `ownHeader`: the one in which the provider wants its key,
 * in lower case.
 */
export function withoutKeys(message: string, headers: Headers, ownHeader: string | null): string {
  let shown = message;
  for (const key of keysIn(headers, ownHeader))
    shown = withoutCutKey(
      shown.replaceAll(key, () => MASK),
      key,
    );
  return shown;
}
