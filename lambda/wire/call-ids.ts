// Names tool calls that bear no id of their own: after the answer they stand in, since a conversation may hold many answers.

/** A number that the text gives. */
function toMark(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The id of the call at this place of an answer. `answer` tells it from all others: its id, or what it says. */
export const toCallName = (answer: string, index: number): string => `call_${toMark(answer)}_${index}`;
