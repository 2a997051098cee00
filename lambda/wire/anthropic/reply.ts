// Reads a whole reply of the Anthropic format: what the gateway must know of it, or why it is none.
import type { ProviderFailure } from '#shared/failures.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Answer, ParsedReply, ReplyContext, ToolCall } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toText } from '../json.ts';
import { findFault } from '../facts.ts';
import { withSignature } from '../signatures.ts';
import { keepThoughts, toThought, type Thought } from './kept.ts';
import { addCounts, toFinish, toUsage } from './words.ts';

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse('The provider answered with a body that is not valid JSON.');
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  const answer = readMessage(json);
  if (answer === null || !isRecord(json)) return refuse('The provider answered with JSON that is no message.');
  // Blocks that can't be told in words (server tools) make an answer, too.
  const others = toList(json['content']).filter((block) => !isRecord(block) || !told.has(String(block['type']))).length;
  const fault = others > 0 ? null : findFault(answer);
  if (fault !== null) return { facts: null, failure: { ...fault, status: 200 } };
  const { usage, finish, content, reasoning, toolCalls } = answer;
  const length = toolCalls.reduce((sum, call) => sum + call.arguments.length, content.length + reasoning.length);
  return {
    facts: {
      usage,
      finish,
      model: toText(json['model']),
      contentLength: length + others,
      toolCalls: toolCalls.length,
      normalise: null,
    },
    failure: null,
  };
}

const told: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

function refuse(message: string): ParsedReply {
  const failure: ProviderFailure = { kind: 'bad_reply', message, status: 200 };
  return { facts: null, failure };
}

/** A whole reply as an answer; null when the text is no message. */
export function toAnswer(text: string): Answer | null {
  return readMessage(parseJson(text));
}

function readMessage(json: unknown): Answer | null {
  if (!isRecord(json) || !Array.isArray(json['content'])) return null;
  const blocks = json['content'].filter(isRecord);
  return {
    id: toText(json['id']) ?? '',
    model: toText(json['model']) ?? '',
    created: 0,
    content: join(blocks, 'text'),
    reasoning: join(blocks, 'thinking'),
    refusal: '',
    toolCalls: readCalls(blocks),
    finish: toFinish(json['stop_reason']),
    usage: toUsage(addCounts({}, json['usage'])),
  };
}

/** The calls, each signed with the thoughts since the one before. */
function readCalls(blocks: readonly Json[]): ToolCall[] {
  const calls: ToolCall[] = [];
  let thoughts: Thought[] = [];
  for (const block of blocks) {
    const { type, id, name, input } = block;
    const thought = toThought(block);
    if (thought !== null) thoughts.push(thought);
    if (type !== 'tool_use') continue;
    calls.push({
      id: toText(id) ?? '',
      name: toText(name) ?? '',
      arguments: JSON.stringify(input ?? {}),
      ...withSignature(keepThoughts(thoughts)),
    });
    thoughts = [];
  }
  return calls;
}

function join(blocks: readonly Json[], type: 'text' | 'thinking'): string {
  return blocks.map((block) => (block['type'] === type ? (toText(block[type]) ?? '') : '')).join('');
}
