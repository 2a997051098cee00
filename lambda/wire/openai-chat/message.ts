// One message of an answer, whole or as a delta: reads its text and reasoning in every shape providers send, and why it ended.
import type { Finish } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toList, toText } from '../json.ts';

/** The text of a message. `irregular`: official clients would not understand the shape it came in. */
export interface MessageText {
  readonly content: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly irregular: boolean;
}

/** Reads the text of a message or delta: strings, arrays of parts, thinking blocks, and JSON that was not made a string. */
export function readText(message: Json): MessageText {
  const reasoning = toText(message['reasoning_content']) ?? toText(message['reasoning']) ?? '';
  const refusal = toText(message['refusal']) ?? '';
  const content = message['content'];
  if (typeof content === 'string') return { content, reasoning, refusal, irregular: false };
  if (content === null || content === undefined) return { content: '', reasoning, refusal, irregular: false };
  if (!Array.isArray(content)) return { content: JSON.stringify(content), reasoning, refusal, irregular: true };
  let text = '';
  let thinking = reasoning;
  for (const part of content) {
    if (!isRecord(part)) continue;
    if (part['type'] === 'thinking') thinking += partsText(part['thinking']);
    else text += partsText(part['text'] ?? part['refusal']);
  }
  return { content: text, reasoning: thinking, refusal, irregular: true };
}

function partsText(value: unknown): string {
  if (typeof value === 'string') return value;
  let text = '';
  for (const part of toList(value)) {
    if (isRecord(part) && typeof part['text'] === 'string') text += part['text'];
  }
  return text;
}

const finishes: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  tool_use: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  error: 'error',
  insufficient_system_resource: 'error',
};

/** The reason an answer ended, in our words; null while it goes on. */
export function toFinish(raw: unknown): Finish | null {
  const word = toText(raw);
  if (word === null) return null;
  const key = word.toLowerCase();
  return Object.hasOwn(finishes, key) ? (finishes[key] ?? 'other') : 'other';
}
