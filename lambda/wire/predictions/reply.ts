// Reads predictions that came whole.
import { findFault as findEmptiness } from '../facts.ts';
import type { Json } from '../json.ts';
import { parseJson, toRecord, toText } from '../json.ts';
import type { Answer, ParsedReply, ReplyContext } from '../types.ts';
import { findFault, toFinish, toOutput, toUsage } from './words.ts';

function readAnswer(prediction: Json): Answer | null {
  const content = toOutput(prediction);
  if (content === null) return null;
  return {
    id: toText(prediction['id']) ?? '',
    // Official models are named by what stands behind them.
    model: '',
    created: 0,
    content,
    reasoning: '',
    refusal: '',
    toolCalls: [],
    finish: toFinish(prediction),
    usage: toUsage(prediction),
  };
}

/** Reads the body of a good reply. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const prediction = toRecord(parseJson(text));
  const fault = findFault(prediction, context);
  if (fault !== null) return { facts: null, failure: fault };
  const answer = readAnswer(prediction);
  if (answer === null)
    return {
      facts: null,
      failure: { kind: 'bad_reply', message: 'The model answered with something else than text.' },
    };
  const emptiness = findEmptiness(answer);
  if (emptiness !== null) return { facts: null, failure: emptiness };
  const { usage, finish, content } = answer;
  return {
    facts: { usage, finish, model: null, contentLength: content.length, toolCalls: 0, normalise: null },
    failure: null,
  };
}

/** A whole prediction as an answer; null when it is none. */
export const toAnswer = (text: string): Answer | null => readAnswer(toRecord(parseJson(text)));
