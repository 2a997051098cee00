// Marks of what is worth keeping in a prompt cache, as a Messages request bears them and as some providers of the OpenAI chat format take them.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord } from '../json.ts';
import type { Pivot } from './question.ts';

/** The mark of a block, to be laid on what it is told as; empty where it has none, or none is to be told. */
export function markOf({ marks }: Pick<Pivot, 'marks'>, { cache_control: mark }: Json): Json {
  if (!isRecord(mark)) return {};
  marks.found = true;
  return marks.told ? { cache_control: mark } : {};
}

/** Whether something bears a mark. */
export const isMarked = (part: Json): boolean => part['cache_control'] !== undefined;

/** Whether some part of a pivot's messages does. */
export const bearsMarks = ({ messages }: Json): boolean =>
  toList(messages).some((message) => toList(toRecord(message)['content']).map(toRecord).some(isMarked));

/** The parts a block is told as, the last of which bears its mark. */
export function withMark(pivot: Pick<Pivot, 'marks'>, block: Json, parts: readonly Json[]): readonly Json[] {
  const last = parts.at(-1);
  const mark = markOf(pivot, block);
  return last === undefined || !isMarked(mark) ? parts : [...parts.slice(0, -1), { ...last, ...mark }];
}
