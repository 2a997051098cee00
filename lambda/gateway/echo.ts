// Keeps a caller's text out of error messages: providers like to quote what they did not like.

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
