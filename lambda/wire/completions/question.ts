// Checks a request of OpenAI's text completions and tells it as a chat: the text as a message, a gap in it in words.
import { isRecord, type Json } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { parseQuestion as parsePivot } from '../openai-chat/question.ts';
import type { ChatQuestion, TextPiece } from '../types.ts';

/** What is to be completed. */
export interface Gap {
  readonly prompt: string;
  /** What stands behind what is asked for; empty: nothing. */
  readonly suffix: string;
  /** The prompt is repeated before the answer. */
  readonly echo: boolean;
}

/** Those who know no gaps are told of it in words. */
const instruction =
  'You fill a gap in a text. The text before the gap stands between <before> and </before>, the text after it between <after> and </after>. ' +
  'Answer with nothing but what belongs into the gap: your answer is put there as it stands, so repeat nothing of what is around it, keep the ' +
  'indentation, and add no quotes, no code fences and no remarks.';

const isTokens = (value: unknown): boolean => Array.isArray(value) && typeof value[0] === 'number';

function readPrompt(given: unknown): string {
  const only = Array.isArray(given) && given.length === 1 ? (given as readonly unknown[])[0] : given;
  if (typeof only === 'string') return only;
  if (isTokens(given) || isTokens(only))
    return fail('prompt', 'text, because token ids mean something else to each model', given);
  if (Array.isArray(given) && given.length > 1)
    return fail('prompt', 'one text, or several in a request that is not streamed', given);
  return fail('prompt', 'a string', given);
}

function readFlag(json: Json, name: string): boolean {
  const value = json[name] ?? false;
  return typeof value === 'boolean' ? value : failShowing(name, 'true or false', value);
}

/** What is to be completed, of a body that has been parsed. Throws CallerError `invalid_request`. */
export function readGap(json: Json): Gap {
  const given = json['suffix'] ?? '';
  const suffix = typeof given === 'string' ? given : fail('suffix', 'a string', given);
  const prompt = readPrompt(json['prompt']);
  if (prompt === '' && suffix === '') return fail('prompt', 'a text that is not empty', prompt);
  const echo = readFlag(json, 'echo');
  if (echo && suffix !== '') return failShowing('echo', 'false, where a suffix is given', echo);
  return { prompt, suffix, echo };
}

/** Fields with which a chat's answer would be no text. */
const chatFields = ['messages', 'tools', 'tool_choice', 'functions', 'function_call'] as const;

/** Checks a number that the answer can do without. True: it is left out. */
function isLeftOut(json: Json, name: string, least: number): boolean {
  const value = json[name] ?? null;
  if (value === null || value === false) return false;
  if (!Number.isInteger(value) || Number(value) < least) return failShowing(name, `an integer from ${least} on`, value);
  return name !== 'best_of' || value !== 1;
}

/** Fields that have no place in the chat, and that an answer can do without. */
function findDropped(json: Json, { suffix }: Gap): readonly string[] {
  return [
    ...chatFields.filter((name) => json[name] !== undefined),
    ...(isLeftOut(json, 'logprobs', 0) ? ['logprobs'] : []),
    ...(isLeftOut(json, 'best_of', 1) ? ['best_of'] : []),
    ...(suffix === '' ? [] : ['suffix']),
  ];
}

/** Fields that are told in another way, or not at all. */
const ownFields: ReadonlySet<string> = new Set(['prompt', 'suffix', 'echo', 'logprobs', 'best_of', ...chatFields]);

const toMessages = ({ prompt, suffix }: Gap): readonly Json[] =>
  suffix === ''
    ? [{ role: 'user', content: prompt }]
    : [
        { role: 'system', content: instruction },
        { role: 'user', content: `<before>${prompt}</before>\n<after>${suffix}</after>` },
      ];

/** As they stand in the body, where guards write them anew. */
const toTexts = ({ prompt, suffix }: Gap): readonly TextPiece[] => [
  { role: 'system', text: instruction },
  { role: 'user', text: prompt },
  { role: 'user', text: suffix },
];

/** Reads a request. Fields of the same name mean the same in both formats, and unknown ones go along. Throws CallerError `invalid_request`. */
export function parseQuestion(json: unknown): ChatQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  const gap = readGap(json);
  const alike = Object.fromEntries(Object.entries(json).filter(([name]) => !ownFields.has(name)));
  const pivot = { ...alike, messages: toMessages(gap) };
  const question = parsePivot(pivot);
  return {
    ...question,
    wire: 'openai-completions',
    texts: gap.suffix === '' ? question.texts : toTexts(gap),
    body: json,
    pivot,
    dropped: findDropped(json, gap),
  };
}
