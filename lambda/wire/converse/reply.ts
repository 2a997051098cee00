// Reads whole replies of the Converse format.
import type { ProviderFailure } from '#shared/failures.ts';
import { findFault, finishAfter } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import type { Answer, ParsedReply, ReplyContext } from '../types.ts';
import { toFinish, toUsage } from './words.ts';

/** Blocks that are told in words, or mean nothing beside them. */
const told: ReadonlySet<string> = new Set(['text', 'toolUse', 'reasoningContent', 'citationsContent']);

const textsOf = (content: unknown): string =>
  toList(content)
    .map((part) => toText(toRecord(part)['text']) ?? '')
    .join('');

function readBlocks(blocks: readonly Json[]): Pick<Answer, 'content' | 'reasoning' | 'toolCalls'> {
  const calls = blocks.filter((block) => isRecord(block['toolUse'])).map((block) => toRecord(block['toolUse']));
  return {
    content: blocks
      .map((block) => toText(block['text']) ?? textsOf(toRecord(block['citationsContent'])['content']))
      .join(''),
    reasoning: blocks
      .map((block) => toText(toRecord(toRecord(block['reasoningContent'])['reasoningText'])['text']) ?? '')
      .join(''),
    toolCalls: calls.map(({ toolUseId, name, input }) => ({
      id: toText(toolUseId) ?? '',
      name: toText(name) ?? '',
      arguments: JSON.stringify(input ?? {}),
    })),
  };
}

function readAnswer(json: unknown): (Answer & { readonly others: number }) | null {
  const message = toRecord(toRecord(isRecord(json) ? json['output'] : null)['message']);
  if (!isRecord(json) || !Array.isArray(message['content'])) return null;
  const blocks = message['content'].filter(isRecord);
  const said = readBlocks(blocks);
  return {
    // The format names neither its answers nor who gave them.
    id: '',
    model: '',
    created: 0,
    ...said,
    refusal: '',
    finish: finishAfter(toFinish(json['stopReason']), said.toolCalls.length),
    usage: toUsage(json),
    others: blocks.filter((block) => !Object.keys(block).some((name) => told.has(name))).length,
  };
}

const refuse = (message: string): ParsedReply => ({
  facts: null,
  failure: { kind: 'bad_reply', message, status: 200 },
});

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse('The provider answered with a body that is not valid JSON.');
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  const answer = readAnswer(json);
  if (answer === null) return refuse('The provider answered with JSON that holds no message.');
  const fault: ProviderFailure | null = answer.others > 0 ? null : findFault(answer);
  if (fault !== null) return { facts: null, failure: { ...fault, status: 200 } };
  const { usage, finish, content, reasoning, toolCalls, others } = answer;
  const length = toolCalls.reduce((sum, call) => sum + call.arguments.length, content.length + reasoning.length);
  return {
    facts: {
      usage,
      finish,
      model: null,
      contentLength: length + others,
      toolCalls: toolCalls.length,
      normalise: null,
    },
    failure: null,
  };
}

/** A whole reply as an answer; null when the text is none. */
export function toAnswer(text: string): Answer | null {
  const read = readAnswer(parseJson(text));
  if (read === null) return null;
  const { others: _, ...answer } = read;
  return answer;
}
