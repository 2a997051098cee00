// What vectors are for: read in whatever words a caller has, and told to each provider in its own.
import type { Purpose, Quirk } from '#shared/quirks.ts';
import type { Json } from '../json.ts';
import { fail } from '../openai-chat/fields.ts';
import { appliesTo } from '../openai-chat/quirks.ts';
import type { RequestTarget } from '../types.ts';

interface ToldPurpose {
  readonly field: string;
  readonly word: string;
  /** It stood so in a body of OpenAI's format, and may go along as it stands. */
  readonly isUsual: boolean;
}

/** As the caller has said it; `field` is what the caller's format calls it, for telling that it was left out. */
export interface Aim {
  readonly purpose: ToldPurpose | null;
  /** A title for each input; null where it has none. */
  readonly titles: { readonly field: string; readonly of: readonly (string | null)[] } | null;
}

export const noAim: Aim = { purpose: null, titles: null };

/** Names of the field in OpenAI's format, by which other providers and gateways know it. */
const fields = ['input_type', 'task_type', 'taskType', 'task'] as const;
/** What is never passed on as it stands. */
export const aimFields: ReadonlySet<string> = new Set([...fields, 'title']);

/** The words of all providers, in small letters and without dots and dashes. */
const meanings: Readonly<Record<string, Purpose>> = {
  query: 'query',
  search_query: 'query',
  retrieval_query: 'query',
  document: 'document',
  passage: 'document',
  search_document: 'document',
  retrieval_document: 'document',
  retrieval_passage: 'document',
  classification: 'classification',
  clustering: 'clustering',
  similarity: 'similarity',
  semantic_similarity: 'similarity',
  text_matching: 'similarity',
  question_answering: 'question',
  fact_verification: 'verification',
  code_retrieval_query: 'code',
  code_query: 'code',
  nl2code_query: 'code',
};
/** Questions of a kind, which those who know no kinds take for what they are. */
const questions: ReadonlySet<Purpose> = new Set<Purpose>(['question', 'verification', 'code']);

const toMeaning = (word: string): Purpose | null => meanings[word.toLowerCase().replace(/[.-]/g, '_')] ?? null;

/** The text of a field; null when it says nothing. Throws CallerError `invalid_request`. */
export function readWord(value: unknown, path: string): string | null {
  if (value === undefined || value === null || value === '' || value === 'TASK_TYPE_UNSPECIFIED') return null;
  return typeof value === 'string' ? value : fail(path, 'a string', value);
}

/** Reads it from a body in OpenAI's format, for so many inputs. Throws CallerError `invalid_request`. */
export function readAim(body: Json, inputs: number): Aim {
  const words = fields.flatMap((field) => {
    const word = readWord(body[field], field);
    return word === null ? [] : [{ field, word, isUsual: true }];
  });
  const title = readWord(body['title'], 'title');
  if (words.length === 0 && title === null) return noAim;
  const titles = title === null ? null : { field: 'title', of: Array.from({ length: inputs }, () => title) };
  return { purpose: words[0] ?? null, titles };
}

type Telling = Extract<Quirk, { kind: 'purpose' }>;

const findTelling = ({ quirks, model }: Pick<RequestTarget, 'quirks' | 'model'>): Telling | undefined =>
  quirks.find((quirk): quirk is Telling => quirk.kind === 'purpose' && appliesTo(quirk, model));

/** The purpose as a field of the target; empty: it has no word for it. What nobody here knows goes along as it stands. */
function toFields({ word, field, isUsual }: ToldPurpose, { field: name, words }: Telling): Json {
  if (name === undefined || words === undefined) return isUsual ? { [field]: word } : {};
  const meaning = toMeaning(word);
  if (meaning === null) return { [name]: word };
  const known = words[meaning] ?? (questions.has(meaning) ? words.query : undefined);
  return known === undefined ? {} : { [name]: known };
}

/** What a target is told. */
export interface ToldAim {
  /** Fields of its body. */
  readonly fields: Json;
  /** A title for each input; null where it is told none. */
  readonly titles: readonly (string | null)[] | null;
  /** Fields of the caller that it is not told. */
  readonly left: readonly string[];
}

/** What this target is told of it. */
export function tellAim({ purpose, titles }: Aim, target: Pick<RequestTarget, 'quirks' | 'model'>): ToldAim {
  const telling = findTelling(target);
  const fields = purpose === null || telling === undefined ? {} : toFields(purpose, telling);
  const isTold = Object.keys(fields).length > 0;
  // A title belongs to what is looked for, not to what looks for it.
  const isTitled = telling?.titles === true && purpose !== null && toMeaning(purpose.word) === 'document';
  return {
    fields,
    titles: isTitled ? (titles?.of ?? null) : null,
    left: [
      ...(purpose === null || isTold ? [] : [purpose.field]),
      ...(titles === null || isTitled ? [] : [titles.field]),
    ],
  };
}
