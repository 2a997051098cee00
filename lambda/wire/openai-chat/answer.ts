// Reads a whole reply of the OpenAI chat format as an answer in our own words.
import { finishAfter } from '../facts.ts';
import type { Answer } from '../types.ts';
import { isRecord, parseJson, toList } from '../json.ts';
import { readCalls } from './calls.ts';
import { readText, toFinish } from './message.ts';
import { deltaOf, toHead } from './stream.ts';
import { parseUsage } from './usage.ts';

/** The answer in the text; null when it is no chat completion. */
export function toAnswer(text: string): Answer | null {
  const json = parseJson(text);
  if (!isRecord(json)) return null;
  const choice = toList(json['choices'])[0];
  if (!isRecord(choice)) return null;
  const message = deltaOf(choice);
  const { content, reasoning, refusal } = readText(message);
  const { calls: toolCalls } = readCalls(message, text);
  return {
    ...(toHead(json) ?? { id: '', model: '', created: 0 }),
    content,
    reasoning,
    refusal,
    toolCalls,
    finish: finishAfter(toFinish(choice['finish_reason']), toolCalls.length),
    usage: parseUsage(json),
  };
}
