// How hard to think, in the words of those who route between formats.
import type { Json } from './json.ts';
import { toRecord, toText } from './json.ts';

/** The body with the effort of a `reasoning` object under the name that all formats are told it by. */
export function toEffortBody(body: Json): Json {
  const { reasoning, ...rest } = body;
  const effort = toText(toRecord(reasoning)['effort']);
  return effort === null ? body : { reasoning_effort: effort, ...rest };
}
