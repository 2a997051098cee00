// Names tool calls that bear no id of their own, after the answer they stand in, since a conversation may hold many; and fits ids to those who are strict about them.

/** A number that the text gives. */
function toMark(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The id of the call at this place of an answer. `answer` tells it from all others: its id, or what it says. */
export const toCallName = (answer: string, index: number): string => `call_${toMark(answer)}_${index}`;

const letters = /^[a-zA-Z0-9]*$/;

/** An id of exactly so many letters and digits: the given one, or one that it alone leads to. */
export function toFixedId(id: string, length: number): string {
  if (id.length === length && letters.test(id)) return id;
  let made = '';
  for (let round = 0; made.length < length; round++) made += toMark(`${round}${id}`);
  return made.slice(0, length);
}
